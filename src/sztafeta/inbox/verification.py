"""DKIM verdicts for the inbox page: what a receiver would find, signature by signature (RFC 6376 §6).

The judge is dkimpy, not our own code. Public keys come from a look-up that is handed in: in the demo it knows
the local sending domains, because nothing of them is in the real DNS.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import dkim

KeyLookUp = Callable[[str], Awaitable[str | None]]
"""Gives the TXT record of a name such as `s1._domainkey.example.com`, or None."""

SIGNATURES_JUDGED = 10
_SIGNATURE = re.compile(
    rb"^DKIM-Signature[ \t]*:((?:[^\r\n]|\r\n[ \t])*)", re.IGNORECASE | re.MULTILINE
)
_WHITE = re.compile(rb"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureVerdict:
    """What became of one signature."""

    domain: str
    selector: str
    algorithm: str
    passed: bool
    reason: str
    """Why it failed, in words; empty when it passed."""


async def verify(content: bytes, look_up: KeyLookUp) -> list[SignatureVerdict]:
    """Judge every signature of a message, in the order of the header."""
    header = content.partition(b"\r\n\r\n")[0] + b"\r\n"
    signatures = [_tags(match[1]) for match in _SIGNATURE.finditer(header)][:SIGNATURES_JUDGED]
    names = [f"{tags.get('s', '')}._domainkey.{tags.get('d', '')}" for tags in signatures]
    records = {name: await look_up(name) for name in dict.fromkeys(names)}
    return [
        await asyncio.to_thread(_judge, content, index, tags, records[name])
        for index, (tags, name) in enumerate(zip(signatures, names, strict=True))
    ]


def _tags(value: bytes) -> dict[str, str]:
    """Read `v=1; a=rsa-sha256; …` (RFC 6376 §3.2), leniently."""
    tags: dict[str, str] = {}
    for part in value.split(b";"):
        name, _, content = part.partition(b"=")
        tags[name.strip().decode("latin-1")] = _WHITE.sub(b"", content).decode("latin-1")
    return tags


def _judge(
    content: bytes, index: int, tags: dict[str, str], record: str | None
) -> SignatureVerdict:
    if record is None:
        reason = "no public key is known for this selector"
    else:
        reason = _fault(content, index, record.encode())
    return SignatureVerdict(
        domain=tags.get("d", "?"),
        selector=tags.get("s", "?"),
        algorithm=tags.get("a", "?"),
        passed=not reason,
        reason=reason,
    )


def _fault(content: bytes, index: int, record: bytes) -> str:
    """Say why a signature fails, or nothing."""
    try:
        passed = dkim.DKIM(content).verify(idx=index, dnsfunc=lambda *_, **__: record)
    except Exception as fault:  # dkimpy raises whatever a strange signature makes it trip over
        return str(fault) or type(fault).__name__
    return "" if passed else "the signature does not fit the message"
