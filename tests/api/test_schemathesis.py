"""The whole OpenAPI document against the running API: generated calls, right and wrong (issue 3, proof)."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import pytest
from tests.doubles.native_house import Caller, NativeHouse

HOOKS: Final = "tests.api.generated_mime"
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


async def generated_calls(house: NativeHouse, alice: Caller, folder: Path, *how: str) -> str:
    """Run Schemathesis in a process of its own; give what it complains about."""
    address = f"http://127.0.0.1:{house.port}"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/v1/openapi.json"),
        *("--url", address, "--header", f"Authorization: Bearer {alice.made.text}"),
        *("--checks", ",".join(CHECKS), "--workers", "1", "--no-color", *how),
    ]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path.cwd()), "SCHEMATHESIS_HOOKS": HOOKS},
    )
    printed, _ = await process.communicate()
    return "" if process.returncode == 0 else printed.decode()


@pytest.mark.timeout(240)
async def test_no_generated_call_breaks_the_api_or_its_document(
    house: NativeHouse, alice: Caller, tmp_path: Path
) -> None:
    how = ("--max-examples", "6", "--phases", "examples,coverage,fuzzing", "--seed", "20260102")
    complaint = await generated_calls(house, alice, tmp_path, *how)
    assert not complaint, complaint
    assert house.troubles == []


@pytest.mark.campaign
async def test_no_generated_call_breaks_the_api_at_full_size(
    house: NativeHouse, alice: Caller, tmp_path: Path
) -> None:
    complaint = await generated_calls(house, alice, tmp_path, "--max-examples", "300")
    assert not complaint, complaint
    assert house.troubles == []
