"""`sztafeta demo`: the whole service on this machine, with a catch-all receiver and an inbox page.

Nothing is played: mail goes through the queue, the signer and the dialler of production. Only the route
differs (every domain leads to the catch-all), and the dialler refuses every other address.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sztafeta.cli.demo_lock import alone_in
from sztafeta.cli.demo_ports import Remembered, choose_ports, remember
from sztafeta.cli.output import Json, Output, UserFault, complain
from sztafeta.cli.run import run

if TYPE_CHECKING:
    from sztafeta.cli.demo_surroundings import Demo
    from sztafeta.inbox.letterbox import Arrived

WELCOME_SECONDS = 20
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def demo(
    data: Annotated[
        Path, typer.Option("--data", metavar="FOLDER", help="Where the demo keeps its data.")
    ] = Path("data/demo"),
    ephemeral: Annotated[
        bool,
        typer.Option(
            "--ephemeral", help="Keep data in a temporary folder and delete it at the end."
        ),
    ] = False,
    port: Annotated[
        int,
        typer.Option(
            "--port", min=0, max=65000, help="The first SMTP port; 0: the system chooses all."
        ),
    ] = 2525,
    as_json: Json = False,
) -> None:
    """Start the service with a catch-all receiver and an inbox page; nothing leaves this machine.

    Prints host, ports, logins, passwords and ready command lines, sends one message through its own front
    door and shows it arrive. A second start finds the data of the first. Ctrl-C ends it.
    """
    with _folder(data, is_ephemeral=ephemeral) as folder:
        run(_alone(folder, port, Output(as_json=as_json), is_ephemeral=ephemeral))


@contextmanager
def _folder(data: Path, *, is_ephemeral: bool) -> Iterator[Path]:
    if not is_ephemeral:
        data.mkdir(parents=True, exist_ok=True)
        yield data.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="sztafeta-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _alone(folder: Path, first_port: int, output: Output, *, is_ephemeral: bool) -> None:
    with alone_in(folder):
        await _demo(folder, first_port, output, is_ephemeral=is_ephemeral)


async def _demo(folder: Path, first_port: int, output: Output, *, is_ephemeral: bool) -> None:
    # The whole service: no other command waits for it.
    from sztafeta.cli.demo_surroundings import Demo

    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, told.set)
    output.line("Sztafeta demo · nothing leaves this machine", style="bold")
    remembered = remember(folder)
    ports, notes = choose_ports(remembered.ports, first_port)
    remembered = Remembered(secrets=remembered.secrets, ports=ports)
    remembered.write(folder)
    for note in notes:
        output.line(f"  {note}", style="yellow")
    async with Demo(folder, remembered, accept_unsafe_storage=is_ephemeral) as running:
        _introduce(output, running)
        await _welcome(output, running)
        settings_file = _from_here(running.settings_file)
        output.line(f"\nHistory: {_program()} message list --config {settings_file}")
        output.line(f"Data and log are in {_from_here(folder)}. Ctrl-C ends it.", style="dim")
        running.on_arrival = lambda arrived: _tell(output, arrived)
        running.on_sms = lambda number, text: output.line(f"SMS {number}: {text}", style="cyan")
        await told.wait()
        output.line("\nStopping …", style="dim")
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


def _program() -> str:
    """Name this program as it can be typed here."""
    if shutil.which("sztafeta"):
        return "sztafeta"
    started = Path(sys.argv[0])
    return str(_from_here(started)) if started.stem == "sztafeta" else "python -m sztafeta"


def _from_here(path: Path) -> Path:
    """Name a path as briefly as it can be typed here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _introduce(output: Output, running: Demo) -> None:
    """Say how to reach the service."""
    if output.is_json:
        output.value(running.as_value())
        return
    output.line("")
    output.facts(dict(running.facts()) | {"Inbox": running.inbox_url})
    output.line("\nSend something:\n")
    for _, command in running.commands():
        output.line(f"  {command}\n")


async def _welcome(output: Output, running: Demo) -> None:
    """Send a message through the front door and wait until it is in the inbox."""
    from sztafeta.cli.demo_welcome import send_welcome

    try:
        seconds = await send_welcome(running, patience=WELCOME_SECONDS)
    except (OSError, UserFault) as fault:
        complain(f"the first message did not arrive: {fault}; {running.log_path} says more")
        return
    output.line(
        f"✓ A first message came in on port {running.ports.smtp}, was signed, delivered and is in the"
        f" inbox after {seconds * 1000:.0f} ms.",
        style="green",
    )


def _tell(output: Output, arrived: Arrived) -> None:
    sender = arrived.reverse_path or "<>"
    people = ", ".join(arrived.recipients)
    at = arrived.at.astimezone().strftime("%H:%M:%S")
    output.line(f"{at}  {sender} → {people}  {arrived.subject or '(no subject)'}")
