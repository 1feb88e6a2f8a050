"""Sztafeta as the system under test: the shipped program with its default settings, everything switched on.

It authenticates, signs with RSA-2048 (and with Ed25519, which OpenDKIM does not do), writes events, attempts
and its log. All mail is routed to one port: the sink's, or one that refuses connections, so that mail waits.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.machine import ROOT, free_port, wait_for_port
from bench.procfs import cpu_seconds, resident_bytes

LOGIN = "1.bench.smtp"
SENDING_DOMAIN = "example.com"


class Sztafeta:
    """One private instance with its own data folder."""

    def __init__(self, folder: Path, *, hop_port: int, launcher: list[str] | None = None) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.port, self._http_port, self.api_port = free_port(), free_port(), free_port()
        self._launcher = launcher or [sys.executable, "-m", "sztafeta"]
        self.settings_file = folder / "sztafeta.toml"
        self.settings_file.write_text(
            f'hostname = "relay.example.org"\ndata_directory = "{folder / "data"}"\n'
            f'[[listeners]]\nname = "bench"\naddress = "127.0.0.1"\nport = {self.port}\n'
            f"[http]\nport = {self._http_port}\n[api]\nport = {self.api_port}\n"
            "[panel]\nrequire_second_step = false\n"
            "[limits]\nconnections_per_address = 1000\n"
            "unauthenticated_per_address = 1000\nconnections_per_account = 1000\n"
            f'[[routes]]\ndomains = ["*"]\nhost = "127.0.0.1"\nport = {hop_port}\n'
        )
        self.password = self._furnish()

    def _furnish(self) -> str:
        """Create what is needed to log in and sign, as an operator would."""
        self._command("migrate")
        self._command("account", "add-customer", "bench")
        self._command("domain", "add", SENDING_DOMAIN, "--customer", "bench")
        account = ("account", "add", LOGIN, "--customer", "bench", "--allow-cleartext", "--json")
        return str(json.loads(self._command(*account))["password"])

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    def start(self) -> None:
        """Start it and wait for its greeting."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._launcher, "serve", "--config", str(self.settings_file)],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=os.environ,
            )
        wait_for_port(self.port, seconds=60)

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.terminate()
        self.process.wait(60)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        return cpu_seconds(self.process.pid)

    def resident_bytes(self) -> int:
        """Resident memory now."""
        return resident_bytes(self.process.pid)

    def peak_resident_bytes(self) -> int:
        """The most resident memory since it started."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
        return 0

    def command_json(self, *arguments: str) -> Any:
        """Run the command line and give its JSON."""
        return json.loads(self._command(*arguments, "--json"))

    def _command(self, *arguments: str) -> str:
        command = [
            sys.executable,
            "-m",
            "sztafeta",
            *arguments,
            "--config",
            str(self.settings_file),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout
