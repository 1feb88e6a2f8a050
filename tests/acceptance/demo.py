"""A demo that runs as a newcomer starts it, for tests that look at it."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
START_SECONDS = 60


@dataclass(slots=True)
class Demo:
    """A demo that runs, and what it printed until its first message was there."""

    process: asyncio.subprocess.Process
    printed: str

    def fact(self, name: str) -> str:
        """Give what stands behind a name."""
        found = re.search(rf"^\s*{name}\s+(.+)$", self.printed, re.MULTILINE)
        assert found, f"{name} is not in:\n{self.printed}"
        return found[1].strip()

    @property
    def inbox(self) -> str:
        """The address of the inbox page."""
        found = re.search(r"http://\S+", self.fact("Inbox"))
        assert found
        return found[0]

    async def stop(self) -> str:
        """Press Ctrl-C and give the rest of what it printed."""
        self.process.send_signal(signal.SIGINT)
        output, _ = await asyncio.wait_for(self.process.communicate(), 35)
        assert self.process.returncode == 0, output.decode()
        return output.decode()


@asynccontextmanager
async def running_demo(data: Path, *options: str) -> AsyncIterator[Demo]:
    """Start it and read until it says that the first message is there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sztafeta", "demo", "--data", str(data), *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    printed = ""
    try:
        async with asyncio.timeout(START_SECONDS):
            while "Ctrl-C" not in printed and (line := await process.stdout.readline()):
                printed += line.decode()
        yield Demo(process, printed)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
