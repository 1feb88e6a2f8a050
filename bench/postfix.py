"""Postfix as a peer: a private instance with its own folders and ports, tuned for throughput.

The tuning is what its own documents and lists recommend for a relay that must be fast: no artificial flow
delay, no reverse look-ups, many processes, connections kept and reused. Its queue is on the disk under test
and every message is fsynced, as Postfix always does.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.machine import NotPossibleHere, free_port, program, wait_for_port
from bench.procfs import cpu_seconds, resident_bytes

TUNING = {
    "in_flow_delay": "0",
    "default_process_limit": "200",
    "smtpd_peername_lookup": "no",
    "smtp_connection_cache_on_demand": "yes",
    "smtp_connection_reuse_count_limit": "1000",
    "default_destination_concurrency_limit": "50",
    "initial_destination_concurrency": "50",
    "qmgr_message_active_limit": "100000",
    "qmgr_message_recipient_limit": "100000",
}

_SERVICES = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """One private Postfix with three doors: hold, relay, and relay through a milter."""

    def __init__(
        self,
        folder: Path,
        *,
        sink_port: int,
        milter: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`settings` are more lines of main.cf."""
        if os.geteuid() != 0:
            raise NotPossibleHere("Postfix only starts as root: run `sudo make bench`")
        self.folder = folder
        self._postfix = program("postfix")
        self.hold_port, self.relay_port, self.milter_port = (free_port() for _ in range(3))
        self._configure(sink_port, milter, settings or {})

    def _configure(self, sink_port: int, milter: str | None, more: Mapping[str, str]) -> None:
        for name in ("etc", "queue", "lib"):
            (self.folder / name).mkdir(parents=True)
        subprocess.run(["chown", "postfix", str(self.folder / "lib")], check=True)
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": self.folder / "queue",
            "data_directory": self.folder / "lib",
            "command_directory": "/usr/sbin",
            "daemon_directory": "/usr/lib/postfix/sbin",
            "myhostname": "postfix.example.org",
            "mydestination": "",
            "local_recipient_maps": "",
            "alias_maps": "",
            "alias_database": "",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "smtp_dns_support_level": "disabled",
            "relayhost": f"[127.0.0.1]:{sink_port}",
            **TUNING,
            **more,
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self.folder / "etc" / "main.cf").write_text(lines)
        (self.folder / "etc" / "master.cf").write_text(self._doors(milter) + _SERVICES)

    def _doors(self, milter: str | None) -> str:
        hold = " -o smtpd_client_restrictions=check_client_access,static:HOLD"
        signed = f" -o smtpd_milters={milter}" if milter else ""
        return "".join(
            f"127.0.0.1:{port} inet n - n - - smtpd{options}\n"
            for port, options in (
                (self.hold_port, hold),
                (self.relay_port, ""),
                (self.milter_port, signed),
            )
        )

    def start(self) -> None:
        """Start it and wait for its greeting."""
        self._command("start")
        wait_for_port(self.relay_port)

    def stop(self) -> None:
        """End it, by the pid in its own folder."""
        self._command("stop")

    @property
    def pid(self) -> int:
        """Its master process."""
        return int((self.folder / "queue" / "pid" / "master.pid").read_text())

    def cpu_seconds(self) -> float:
        """User and system time of all its processes so far."""
        return cpu_seconds(self.pid)

    def resident_bytes(self) -> int:
        """Resident memory of all its processes."""
        return resident_bytes(self.pid)

    def forget_held(self) -> None:
        """Empty the hold queue, so that every run finds the same folder."""
        for held in (self.folder / "queue" / "hold").rglob("*"):
            if held.is_file():
                held.unlink()

    def _command(self, verb: str) -> None:
        done = subprocess.run(
            [self._postfix, "-c", str(self.folder / "etc"), verb],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotPossibleHere(f"postfix {verb} failed: {done.stderr.strip()}")
