"""The forgetful disk itself: what was synced is there after the cut, what was not is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WRITER = """
import os, sys
from pathlib import Path
from tests.crash.power_loss import ForgetfulDisk
real, shadow = Path(sys.argv[1]), Path(sys.argv[2])
ForgetfulDisk(real, shadow).install()
"""

ROWS = (
    WRITER
    + """
import pysqlite3
database = pysqlite3.connect(real / "a.db")
database.execute("pragma journal_mode = wal")
database.execute("create table t (x)")
database.execute("pragma synchronous = " + sys.argv[3])
for x in range(100):
    database.execute("insert into t values (?)", (x,))
    database.commit()
os.kill(os.getpid(), 9)
"""
)

BODY = (
    WRITER
    + """
with open(real / "body.part", "wb") as file:
    file.write(b"x" * 100000)
    file.flush()
    if "file" in sys.argv[3]:
        os.fsync(file.fileno())
os.rename(real / "body.part", real / "body")
if "folder" in sys.argv[3]:
    folder = os.open(real, os.O_RDONLY)
    os.fsync(folder)
os.kill(os.getpid(), 9)
"""
)


def _run(script: str, tmp_path: Path, how: str) -> Path:
    (tmp_path / "real").mkdir()
    shadow = tmp_path / "shadow"
    command = [sys.executable, "-c", script, str(tmp_path / "real"), str(shadow), how]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    return shadow


def _rows(folder: Path) -> int:
    script = (
        "import pysqlite3, sys; d = pysqlite3.connect(sys.argv[1]);"
        "print(d.execute('select count(*) from t').fetchone()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder / "a.db")], capture_output=True, text=True
    )
    return int(done.stdout) if done.returncode == 0 else 0


def test_rows_committed_with_full_sync_survive_a_power_cut(tmp_path: Path) -> None:
    """R-10: the harness sees that durable means durable."""
    assert _rows(_run(ROWS, tmp_path, "full")) == 100


def test_rows_committed_without_sync_do_not_survive_a_power_cut(tmp_path: Path) -> None:
    """R-00: the harness goes red when `synchronous` is off."""
    assert _rows(_run(ROWS, tmp_path, "off")) == 0


@pytest.mark.parametrize(
    ("synced", "left"), [("file, folder", 100_000), ("folder", 0), ("file", None), ("", None)]
)
def test_a_file_is_whole_after_a_cut_only_if_it_and_its_folder_were_synced(
    tmp_path: Path, synced: str, left: int | None
) -> None:
    """R-00: no fsync of the body, no fsync of its directory."""
    body = _run(BODY, tmp_path, synced) / "body"
    assert (body.stat().st_size if body.exists() else None) == left
