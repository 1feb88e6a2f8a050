"""R-23: the system lets the process open few files: who is one too many hears a 421, and it passes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from tests.system.conftest import Staged
from tests.system.receiver import Receiver
from tests.system.scene import PATIENCE
from tests.system.service import Process, cold_start

FILES = 300
CLIENTS = 200
SETTINGS = "[limits]\nconnections_per_address = 1000\nunauthenticated_per_address = 1000\n"
"""The service wants 2,000 connections in and 500 out."""


async def start_with_few(arguments: Sequence[str], log: Path, *, files: int = FILES) -> Process:
    """Start the program with a limit that it may not raise."""
    limited = ("sh", "-c", f'ulimit -n {files}; exec "$@"', "sh")
    return await cold_start(arguments, log, before=limited)


async def greeting(stack: AsyncExitStack, port: int) -> str:
    """Connect, stay, and give what is said first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    return (await reader.readline()).decode()


async def test_who_is_one_too_many_hears_a_421_and_it_passes(stage: Staged) -> None:
    scene = await stage(SETTINGS, launcher=start_with_few, ok=(ok := Receiver()))
    async with AsyncExitStack() as stack:
        port = scene.house.smtp_port
        heard = [await greeting(stack, port) for _ in range(CLIENTS)]
        codes = [one[:3] for one in heard]
        assert set(codes) == {"220", "421"}, codes
        assert codes == sorted(codes), "the first are in, all others are told"
        assert "4.3.2" in heard[-1]
        assert codes.count("220") > FILES // 4
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        while not (await greeting(stack, port)).startswith("220"):
            await stack.aclose()
    await scene.send("a@ok.example.net")
    await ok.wait_for(1)
    assert f"lets this process open {FILES} files" in scene.service.log.read_text()


async def test_with_far_too_few_it_does_not_start_and_says_what_to_change(stage: Staged) -> None:
    scene = await stage()
    scene.service.terminate()
    await scene.service.ended()
    log = scene.house.folder / "second"
    process = await start_with_few(
        ("serve", "--config", str(scene.house.settings_file)), log, files=100
    )
    assert await process.wait() != 0
    assert "it needs 256 at least" in log.read_text()
    assert "Traceback" not in log.read_text()
