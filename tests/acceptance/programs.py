"""How foreign programs are run: beside the loop, with a time limit, and their output on failure."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NODE_MODULES = ROOT / ".run" / "node" / "node_modules"
SCRIPTS = Path(__file__).parent / "node"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


async def run(
    *command: str,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> str:
    """Run a program and give its standard output; a code other than 0 fails the test."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PATH": PATH, **(environment or {})},
    )
    async with asyncio.timeout(seconds):
        output, errors = await process.communicate(stdin)
    assert process.returncode == 0, f"{command[0]}: {output.decode()}{errors.decode()}"
    return output.decode()


async def node(script: str, *arguments: str, stdin: bytes = b"") -> str:
    """Run one of our scripts with the installed modules."""
    return await run(
        "node",
        str(SCRIPTS / script),
        *arguments,
        stdin=stdin,
        environment={"NODE_PATH": str(NODE_MODULES)},
    )
