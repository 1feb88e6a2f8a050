"""A process that has imported the service once, and forks each new life of it.

Importing takes longer than all the rest of a short life. A life that is forked runs the same `main` as the
program, as a process of its own with its own signals; only the imports are behind it. Between the warm
process and each life stands a guardian, which waits for the life's end and tells its exit code:

    test ── socket ──► warm process ── fork ──► guardian ── fork ──► the service
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NoReturn, Self

from tests.crash import launcher
from tests.system.service import Launcher, Process


class WarmStart:
    """The warm process, seen from the tests; use it as a context."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.crash.warm_start"]
        environment = os.environ | {"PYTHONPATH": "."}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def run(self, arguments: Sequence[str]) -> str:
        """Run a command to its end and give what it printed."""
        with (
            NamedTemporaryFile("r") as output,
            socket.create_connection(("127.0.0.1", self._port)) as wire,
        ):
            wire.sendall(_order(arguments, output.name))
            _, code = wire.makefile().read().split()
            printed = output.read()
        assert code == "0", printed
        return printed

    def launcher(self, *options: str) -> Launcher:
        """Give what starts a life, with a trap, a sabotage or a sick disk (tests/crash/launcher.py)."""

        async def start(arguments: Sequence[str], log: Path) -> Process:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(_order((*options, *arguments), str(log)))
            return _Life(int(await reader.readline()), reader, writer)

        return start


class _Life:
    """One life; implements `Process`."""

    def __init__(
        self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.returncode: int | None = None
        self._pid = pid
        self._writer = writer
        self._ending = asyncio.ensure_future(self._end(reader))

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it is over."""
        if self.returncode is None:
            os.kill(self._pid, number)

    async def wait(self) -> int:
        """Wait for its end and give the exit code."""
        return await asyncio.shield(self._ending)

    async def _end(self, reader: asyncio.StreamReader) -> int:
        self.returncode = code = int(await reader.readline())
        self._writer.close()
        return code


def _order(arguments: Sequence[str], log: str) -> bytes:
    return json.dumps({"arguments": arguments, "log": log}).encode() + b"\n"


# -- the other side ----------------------------------------------------------------------------------


def _serve() -> NoReturn:
    """Fork a guardian for every caller."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for guardians
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            caller, _ = listening.accept()
            if os.fork() == 0:
                break
            caller.close()
    _guard(caller)


def _guard(caller: socket.socket) -> NoReturn:
    """Start one life and tell its pid, then its exit code; the life goes on below `main`."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    order = json.loads(caller.makefile().readline())
    pid = os.fork()
    if pid == 0:
        caller.close()
        _live(order["arguments"], order["log"])
    caller.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    caller.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _live(arguments: list[str], log: str) -> NoReturn:
    """Be the service, in a session of its own: else a guardian's end would wake a stopped life."""
    os.setsid()
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    launcher.main(arguments)
    sys.exit(0)


if __name__ == "__main__":
    _serve()
