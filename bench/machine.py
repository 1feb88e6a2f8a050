"""Where a bench runs: a folder on the disk under test, free ports, and what the machine is."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

ROOT = Path(__file__).resolve().parent.parent


class NotPossibleHere(Exception):
    """The machine lacks something; the text says what to do."""


def workplace() -> Path:
    """Make an empty folder that every peer can reach, all of them on the same disk."""
    folder = ROOT / ".run" / "bench"
    if not _others_can_enter(folder.parent):
        folder = Path("/var/tmp") / f"sztafeta-bench-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o755)
    return folder


def _others_can_enter(folder: Path) -> bool:
    """Postfix runs as its own user: every folder above its queue must let it through."""
    folder.mkdir(parents=True, exist_ok=True)
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


def free_port() -> int:
    """Ask the system for a loopback port that nobody holds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """Find a program, also where only root looks."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise NotPossibleHere(f"{name} is not installed: run tools/peers.sh, which installs it")
    return found


def wait_for_port(port: int, *, seconds: float = 15.0) -> None:
    """Wait until something greets at a loopback port."""
    _wait(port, seconds, lambda peer: bool(peer.recv(4)))


def wait_for_web_port(port: int, *, seconds: float = 15.0) -> None:
    """Wait until something listens at a loopback port, and lets the other side speak first."""
    _wait(port, seconds, lambda peer: True)


def _wait(port: int, seconds: float, is_there: Callable[[socket.socket], bool]) -> None:
    end = monotonic() + seconds
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=seconds) as peer:
                if is_there(peer):
                    return
        except OSError:
            if monotonic() > end:
                raise TimeoutError(f"nothing is at port {port}") from None
        sleep(0.02)


def description() -> dict[str, str]:
    """Say what the numbers were measured on, without naming the machine."""
    return {
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "file system": _output("stat", "-f", "-c", "%T", str(ROOT)),
        "load before the run": f"{os.getloadavg()[0]:.1f} (a quiet machine has less than 0.5)",
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": f"{platform.python_version()} in {sys.base_prefix}",
        "Postfix": _output(program("postconf"), "-dh", "mail_version"),
        "OpenDKIM": _opendkim_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _opendkim_version() -> str:
    first = _output(program("opendkim"), "-V").splitlines()[0]
    return first.rpartition("v")[2]


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip()
