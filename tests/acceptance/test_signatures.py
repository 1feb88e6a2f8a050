"""Judges agree on our signatures: dkimpy, OpenDKIM, mailauth; the inbox's own is seen by the demo test.

Each message goes through the service, and what the receiver got is judged: RSA-2048 and Ed25519, both pass.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import dkim
import pytest
from tests.acceptance.conftest import Running
from tests.acceptance.programs import ROOT, node, run
from tests.system.service import SENDING_DOMAIN, House

pytestmark = pytest.mark.acceptance

HEADER = (
    b"From: Shop <shop@example.com>\r\nTo: customer@example.net\r\nSubject: Your order\r\n"
    b"Date: Mon, 24 Nov 2025 12:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"
)
CORPUS = ROOT / "tests" / "corpus"
CASES: dict[str, bytes] = {
    "plain": HEADER + b"\r\nHello.\r\n",
    "empty body": HEADER + b"\r\n",
    "blank lines at the end": HEADER + b"\r\nHello.\r\n\r\n\r\n",
    "spaces and tabs": HEADER + b"\r\n a\t b  \r\n\t\r\n c \t\r\n",
    "folded header": HEADER + b"X-Long: one\r\n  two\t\r\n\tthree\r\n\r\nHello.\r\n",
    "repeated fields": HEADER + b"Comments: a\r\nComments: b\r\n\r\nHello.\r\n",
    "dots": HEADER + b"\r\n.\r\n..\r\n.x\r\n",
    "eight bit": HEADER + "Content-Type: text/plain; charset=utf-8\r\n\r\nZażółć.\r\n".encode(),
    "no Date and no Message-ID": b"From: shop@example.com\r\nSubject: x\r\n\r\nHello.\r\n",
    "Bcc goes": HEADER + b"Bcc: secret@example.net\r\n\r\nHello.\r\n",
    "big": HEADER + b"\r\n" + (b"0123456789abcdef " * 4 + b"\r\n") * 2000,
}


def _corpus() -> dict[str, bytes]:
    """Read the corpus; an empty one would prove nothing."""
    messages = {path.stem: path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))}
    assert messages
    return messages


def _records(house: House) -> dict[str, str]:
    """Give name → TXT value, as the command line prints them."""
    found = house.ask("domain", "show", SENDING_DOMAIN)
    return {record["name"]: record["value"] for record in found["records"]}


async def _relayed(running: Running, messages: Sequence[bytes]) -> list[bytes]:
    """Send messages through the service, one by one, and give what the witness got."""
    async with running.house.client() as client:
        for number, message in enumerate(messages, 1):
            await client.command("MAIL FROM:<shop@example.com> BODY=8BITMIME", "250")
            await client.command("RCPT TO:<customer@example.net>", "250")
            await client.command("DATA", "354")
            await client.write(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            await client.expect("250")
            await running.witness.wait_for(number)
    return [received.raw for received in running.witness.accepted]


def _judge_with_dkimpy(raw: bytes, records: dict[str, str]) -> list[bool]:
    def look_up(name: bytes, timeout: int = 5) -> bytes:
        return records.get(name.decode().rstrip("."), "").encode()

    judge = dkim.DKIM(raw)
    return [bool(judge.verify(number, dnsfunc=look_up)) for number in range(2)]


async def _judge_with_mailauth(raw: bytes, records: dict[str, str]) -> list[tuple[str, str]]:
    verdicts = json.loads(await node("verify.js", json.dumps(records), stdin=raw))
    return sorted((one["algorithm"], one["result"]) for one in verdicts)


async def _judge_with_opendkim(raw: bytes, records: dict[str, str], folder: Path) -> str:
    """OpenDKIM reads the public keys from a file instead of DNS; its verdict is its exit code."""
    keys, message, settings = (folder / name for name in ("keys", "message", "opendkim.conf"))
    keys.write_text("".join(f"{name} {value}\n" for name, value in records.items()))
    message.write_bytes(raw.replace(b"\r\n", b"\n"))
    settings.write_text(f"Mode v\nSyslog no\nTestPublicKeys {keys}\n")
    return await run("opendkim", "-x", str(settings), "-vv", "-t", str(message))


async def _disagreement(raw: bytes, records: dict[str, str], folder: Path) -> str:
    """Say who does not accept a message, or nothing."""
    try:
        by_dkimpy = _judge_with_dkimpy(raw, records)
    except dkim.DKIMException as fault:
        return f"dkimpy: {fault}"
    by_mailauth = await _judge_with_mailauth(raw, records)
    by_opendkim = await _judge_with_opendkim(raw, records, folder)
    if by_dkimpy != [True, True]:
        return f"dkimpy: {by_dkimpy}"
    if by_mailauth != [("ed25519-sha256", "pass"), ("rsa-sha256", "pass")]:
        return f"mailauth: {by_mailauth}"
    return "" if by_opendkim.count("succeeded") else f"OpenDKIM: {by_opendkim}"


async def _disagreements(
    running: Running, messages: dict[str, bytes], folder: Path
) -> dict[str, str]:
    records = _records(running.house)
    relayed = await _relayed(running, list(messages.values()))
    found = {
        name: await _disagreement(raw, records, folder)
        for name, raw in zip(messages, relayed, strict=True)
    }
    return {name: what for name, what in found.items() if what}


async def test_the_judges_agree(running: Running, tmp_path: Path) -> None:
    """C-140: dkimpy, mailauth and OpenDKIM verify what we signed."""
    assert await _disagreements(running, CASES, tmp_path) == {}


async def test_the_judges_agree_on_the_corpus(running: Running, tmp_path: Path) -> None:
    """C-140 for real messages; those that are refused at the door are not signed."""
    assert await _disagreements(running, _corpus(), tmp_path) == {}


async def test_the_judges_see_a_changed_message(running: Running) -> None:
    """A judge that always agrees would prove nothing."""
    records = _records(running.house)
    (raw,) = await _relayed(running, [CASES["plain"]])
    changed = raw.replace(b"Hello.", b"Hallo.")
    with pytest.raises(dkim.ValidationError):
        _judge_with_dkimpy(changed, records)
    assert "pass" not in {result for _, result in await _judge_with_mailauth(changed, records)}
