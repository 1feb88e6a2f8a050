"""Both fuzz targets for a while, each from the seeds of the transcripts (S-54, `make campaign`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 600


@pytest.mark.campaign
@pytest.mark.parametrize("target", ["fuzz_server", "fuzz_client"])
def test_ten_minutes_of_fuzzing_find_nothing(target: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", f"tests.fuzz.{target}"]
    corpus, found = tmp_path / "corpus", tmp_path / "found"
    found.mkdir()
    subprocess.run([*command, "--seed", corpus], check=True)
    limits = [
        "-timeout=10",
        "-max_len=8192",
        "-rss_limit_mb=1024",
        f"-max_total_time={SECONDS}",
        f"-artifact_prefix={found}/",
    ]
    subprocess.run([*command, *limits, corpus], check=True)
    assert not list(found.iterdir())
