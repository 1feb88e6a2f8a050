"""The whole service as a process of its own, on loopback ports that were free a moment ago.

A `House` is a data folder with one customer, one SMTP account and one sending domain in it; it outlives the
processes that run on it, which is what crash tests need. `house_template` is furnished once through the
command line, as an operator would, and copied for each test.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from tests.system.client import Client

LOGIN = "1.shop.smtp"
SENDING_DOMAIN = "example.com"
START_SECONDS = 60
END_SECONDS = 60
"""Longer than the service may take by its own clock: the machine may be busy."""


def _own_share() -> list[int]:
    """Give this process's ports of those that outgoing connections are not given, in no order."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ports = range(10_000 + number, 32_000, processes)
    return random.sample(ports, len(ports))


_undrawn = _own_share()


def free_port() -> int:
    """Draw a loopback port that nobody holds and that this run has given to nobody else."""
    while True:
        port = _undrawn.pop()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def cold_run(arguments: Sequence[str]) -> str:
    """Run the command line as an operator does, and give what it prints."""
    command = [*sztafeta(), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(slots=True, kw_only=True)
class House:
    """A data folder, its settings file, and what is needed to log in."""

    folder: Path
    password: str
    smtp_port: int = field(default_factory=free_port)
    other_port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    api_port: int = field(default_factory=free_port)
    routes: Mapping[str, int] = field(default_factory=dict)
    """Domain → port of its receiver on loopback."""
    settings: str = ""
    """More TOML: tables only."""
    database_url: str = ""
    """Empty: SQLite in the data folder."""
    node_name: str = "relay"
    accept_unsafe_storage: bool = True
    """Temporary folders lie in memory on some machines."""
    run: Callable[[Sequence[str]], str] = cold_run
    """Runs the command line."""

    @property
    def data(self) -> Path:
        """Where the service keeps everything."""
        return self.folder / "data"

    @property
    def settings_file(self) -> Path:
        """The TOML file, as the service reads it."""
        return self.folder / "sztafeta.toml"

    def write_settings(self) -> None:
        """Write the settings anew, with the present routes and ports."""
        routes = "".join(
            f'[[routes]]\ndomains = ["{domain}"]\nhost = "127.0.0.1"\nport = {port}\n'
            for domain, port in self.routes.items()
        )
        database = f'database_url = "{self.database_url}"\n' if self.database_url else ""
        self.settings_file.write_text(
            f'hostname = "relay.example.org"\ndata_directory = "{self.data}"\n'
            f'node_name = "{self.node_name}"\n{database}'
            f"accept_unsafe_storage = {str(self.accept_unsafe_storage).lower()}\n"
            f'[[listeners]]\nname = "submission"\naddress = "127.0.0.1"\nport = {self.smtp_port}\n'
            f'[[listeners]]\nname = "relay"\naddress = "127.0.0.1"\nport = {self.other_port}\n'
            f'[[listeners]]\nname = "submissions"\naddress = "127.0.0.1"\nport = {self.tls_port}\n'
            f'tls = "implicit"\n[http]\nport = {self.http_port}\n'
            f"[api]\nport = {self.api_port}\n{self.settings}\n{routes}"
        )

    def client(self) -> Client:
        """Give a client that will log in."""
        return Client(self.smtp_port, login=LOGIN, password=self.password)

    def command(self, *arguments: str) -> str:
        """Run the command line and give what it prints."""
        return self.run((*arguments, "--config", str(self.settings_file)))

    def ask(self, *arguments: str) -> Any:
        """Run the command line and give its JSON."""
        return json.loads(self.command(*arguments, "--json"))


def sztafeta() -> list[str]:
    """Give the command that every process is started with."""
    return [sys.executable, "-m", "sztafeta"]


def furnish(folder: Path, run: Callable[[Sequence[str]], str], *, database_url: str = "") -> str:
    """Create customer, SMTP account and sending domain; give the account's password."""
    folder.mkdir()
    house = House(folder=folder, password="", run=run, database_url=database_url)
    house.write_settings()
    house.command("migrate")
    house.command("account", "add-customer", "shop")
    house.command("domain", "add", SENDING_DOMAIN, "--customer", "shop")
    arguments = ("account", "add", LOGIN, "--customer", "shop", "--allow-cleartext")
    password = str(house.ask(*arguments)["password"])
    (folder / "password").write_text(password)
    return password


def house_template(folder: Path, run: Callable[[Sequence[str]], str] = cold_run) -> Path:
    """Furnish a house once a test session."""
    if not (folder / "password").exists():
        shutil.rmtree(folder, ignore_errors=True)
        furnish(folder, run)
    return folder


def move_in(
    template: Path, folder: Path, *, routes: Mapping[str, int], settings: str = "", **more: str
) -> House:
    """Copy a furnished house for one test."""
    shutil.copytree(template, folder)
    password = (folder / "password").read_text()
    house = House(folder=folder, password=password, routes=routes, settings=settings, **more)
    house.write_settings()
    return house


class Process(Protocol):
    """What a test needs of a process."""

    @property
    def returncode(self) -> int | None:
        """Give the exit code; None while it runs."""

    def send_signal(self, number: int) -> None:
        """Send a signal."""

    async def wait(self) -> int:
        """Wait for its end and give the exit code."""


Launcher = Callable[[Sequence[str], Path], Awaitable[Process]]
"""Starts the program with arguments, its output appended to a file."""


async def cold_start(arguments: Sequence[str], log: Path, *, before: Sequence[str] = ()) -> Process:
    """Start the program as an operator does; `before` stands before the command."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *before,
            *sztafeta(),
            *arguments,
            stdout=output,
            stderr=output,
            cwd=Path.cwd(),
            env=os.environ | {"PYTHONPATH": "."},
        )


@dataclass(slots=True)
class Service:
    """One life of the process."""

    house: House
    launcher: Launcher = cold_start
    process: Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.is_running:
            self.kill()
        await self.ended()

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self.process is not None and self.process.returncode is None

    @property
    def log(self) -> Path:
        """What all lives wrote to standard error."""
        return self.house.folder / "log"

    async def start(self) -> None:
        """Start and wait for the greeting."""
        arguments = ("serve", "--config", str(self.house.settings_file))
        self.process = await self.launcher(arguments, self.log)
        async with asyncio.timeout(START_SECONDS):
            while not await self._greets():
                assert self.is_running, f"the service ended: {self.tail()}"

    async def _greets(self) -> bool:
        """Try once; a refused connection is tried again when the loop comes round."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.house.smtp_port)
        except ConnectionError:
            await asyncio.sleep(0.05)  # waits for another process: there is no event to wait for
            return False
        greeting = await reader.readline()
        writer.close()
        return greeting.startswith(b"220")

    def kill(self) -> None:
        """`kill -9`."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to drain and end."""
        self.send_signal(signal.SIGTERM)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        assert self.process is not None
        if self.is_running:
            self.process.send_signal(number)

    async def ended(self, *, seconds: float = END_SECONDS) -> int:
        """Wait for the end and give the exit code."""
        assert self.process is not None
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    def tail(self) -> str:
        """Give the end of the log, for messages."""
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
