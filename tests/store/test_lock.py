"""One process serves one SQLite file (R-18)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sztafeta.store.open import open_store
from sztafeta.store.sqlite.lock import AlreadyServed, FileLock

SECOND = """
import asyncio, sys
from pathlib import Path
from sztafeta.store.open import open_store
from sztafeta.store.sqlite.lock import AlreadyServed
try:
    asyncio.run(open_store(None, Path(sys.argv[1]), i_know=True))
except AlreadyServed as refusal:
    print(refusal)
"""

KILLED = """
import os, signal, sys
from pathlib import Path
from sztafeta.store.sqlite.lock import FileLock
lock = FileLock(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_a_second_process_is_refused_with_one_line_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    store = await open_store(None, tmp_path, i_know=True)
    (line,) = await asyncio.to_thread(lines_of_a_second_process, tmp_path)
    assert f"pid {os.getpid()}" in line
    assert "stop that one first" in line
    assert await store.history.counts() == {}
    await store.close()


def lines_of_a_second_process(folder: Path) -> list[str]:
    command = [sys.executable, "-c", SECOND, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


async def test_an_operator_may_open_it_beside_the_one_that_serves(tmp_path: Path) -> None:
    serving = await open_store(None, tmp_path, i_know=True)
    beside = await open_store(None, tmp_path, serves=False, i_know=True)
    await beside.close()
    await serving.close()


def test_a_lock_is_free_once_its_process_has_gone(tmp_path: Path) -> None:
    """No stale lock file is ever in the way."""
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "lock")], check=False)
    assert died.returncode == -9
    lock = FileLock(tmp_path / "lock")
    with pytest.raises(AlreadyServed):
        FileLock(tmp_path / "lock")
    lock.release()
    FileLock(tmp_path / "lock").release()
