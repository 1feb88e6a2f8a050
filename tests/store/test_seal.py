"""Private keys at rest: sealed for one row, opened by one master key."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.store.seal import Seal, WrongMasterKey, seal_from

SEAL = Seal(bytes(range(32)))


@given(st.binary(), st.text())
def test_what_is_sealed_is_opened(secret: bytes, context: str) -> None:
    sealed = SEAL.close(secret, context=context)
    assert SEAL.open(sealed, context=context) == secret
    assert len(secret) < 4 or secret not in sealed


def test_the_same_secret_never_looks_the_same() -> None:
    assert SEAL.close(b"key", context="a") != SEAL.close(b"key", context="a")


def test_another_row_another_key_or_one_changed_octet_opens_nothing() -> None:
    sealed = SEAL.close(b"key", context="DKIM key a of example.com")
    with pytest.raises(WrongMasterKey, match="put back the master key"):
        SEAL.open(sealed, context="DKIM key a of example.net")
    with pytest.raises(WrongMasterKey):
        Seal(bytes(32)).open(sealed, context="DKIM key a of example.com")
    for place in range(len(sealed)):
        torn = bytearray(sealed)
        torn[place] ^= 1
        with pytest.raises(WrongMasterKey):
            SEAL.open(bytes(torn), context="DKIM key a of example.com")


def test_a_derived_key_is_of_one_master_key_and_one_purpose() -> None:
    derived = SEAL.derive("delivery certificates")
    assert len(derived) == 32
    assert derived == Seal(bytes(range(32))).derive("delivery certificates")
    assert derived not in (
        SEAL.derive("something else"),
        Seal(bytes(32)).derive("delivery certificates"),
    )
    assert derived != bytes(range(32))


def test_a_form_of_the_future_is_said_to_be_one() -> None:
    with pytest.raises(WrongMasterKey, match="this version does not know"):
        SEAL.open(b"\x02" + bytes(40), context="a")


def test_the_master_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    sealed = seal_from(path).close(b"key", context="a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert seal_from(path).open(sealed, context="a") == b"key"
    assert os.listdir(tmp_path) == ["master.key"]


def test_a_master_key_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(b"short")
    with pytest.raises(WrongMasterKey, match="5 octets"):
        seal_from(path)


def test_processes_that_start_at_once_agree_on_one_master_key(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from sztafeta.store.seal import seal_from;"
        "sys.stdin.read(); seal = seal_from(Path(sys.argv[1]));"
        "print(seal.close(b'key', context='a').hex())"
    )
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "master.key")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.close()
    seal = None
    for process in starting:
        assert process.stdout is not None
        sealed = bytes.fromhex(process.stdout.read())
        assert process.wait() == 0
        seal = seal or seal_from(tmp_path / "master.key")
        assert seal.open(sealed, context="a") == b"key"
