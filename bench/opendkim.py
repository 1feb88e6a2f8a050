"""OpenDKIM as the milter of the Postfix peer: RSA-2048, relaxed/relaxed, signing only."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.machine import free_port, program
from bench.procfs import cpu_seconds


class OpenDkim:
    """One private OpenDKIM."""

    def __init__(self, folder: Path, *, domain: str = "example.com") -> None:
        folder.mkdir(parents=True)
        key = folder / "key.pem"
        make = ["openssl", "genrsa", "-traditional", "-out", str(key), "2048"]
        subprocess.run(make, check=True, capture_output=True)
        key.chmod(0o600)
        self.milter = f"inet:127.0.0.1:{(port := free_port())}"
        self._conf = folder / "opendkim.conf"
        self._conf.write_text(
            f"Socket inet:{port}@127.0.0.1\nMode s\nDomain {domain}\nSelector bench\n"
            f"KeyFile {key}\nCanonicalization relaxed/relaxed\nOversignHeaders From\n"
            "RequireSafeKeys no\nSyslog no\nBackground no\nInternalHosts 127.0.0.1\nUMask 007\n"
        )

    def start(self) -> None:
        """Start it."""
        self.process = subprocess.Popen([program("opendkim"), "-f", "-x", str(self._conf)])

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        return cpu_seconds(self.process.pid)
