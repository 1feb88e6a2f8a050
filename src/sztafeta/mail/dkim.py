"""Our DKIM signer (RFC 6376), on `cryptography`: canonicalise once, sign with every key.

relaxed/relaxed, SHA-256, RSA-2048 and Ed25519 together (RFC 8463). The fields a receiver shows are
oversigned: named once more than they stand, so that adding another breaks the signature. Never `l=`. The body
goes through in blocks and is never held whole; OpenSSL releases the interpreter while it works on RSA.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from sztafeta.mail.address import parse_domain
from sztafeta.mail.dkim_key import (
    DkimKey,
    PrivateKey,
    load_key,
    make_key,
    record_name,
    record_strings,
    record_text,
)
from sztafeta.mail.message import split_fields

__all__ = [
    "BodyHash",
    "Signer",
    "make_key",
    "record_name",
    "record_strings",
    "record_text",
]

OVERSIGNED: Final = (
    b"from",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"mime-version",
    b"content-type",
)
"""Signed once more than present (RFC 6376 §8.15, S-46)."""
SIGNED_IF_PRESENT: Final = (
    b"sender",
    b"in-reply-to",
    b"references",
    b"content-transfer-encoding",
    b"list-id",
    b"list-help",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-post",
    b"feedback-id",
    b"cfbl-address",
    b"cfbl-feedback-id",
    b"auto-submitted",
)
"""RFC 6376 §5.4.1 and what came later (C-142, C-143)."""
VALID_FOR: Final = timedelta(days=7)

_PLAN: Final = (
    *((name, True) for name in OVERSIGNED),
    *((name, False) for name in SIGNED_IF_PRESENT),
)
_SIGNED: Final = frozenset(OVERSIGNED + SIGNED_IF_PRESENT)
_SPACES = re.compile(rb"  +")
_WSP_RUN = re.compile(rb"[ \t]+")
_WHITE: Final = b" \t\r\n"
_LINE: Final = 72
"""Characters of a line of h= or b=."""
_PADDING: Final = PKCS1v15()
_DIGESTED: Final = Prehashed(SHA256())


class BodyHash:
    """The relaxed body canonicalisation (RFC 6376 §3.4.4) and its SHA-256, block by block."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._is_empty = True
        self._held: list[bytes] = []
        """White space at the end so far: whether it counts, only what follows it can say."""

    def update(self, block: bytes) -> None:
        """Take the next octets of the body."""
        kept = block.rstrip(_WHITE)
        if kept:
            whole = b"".join((*self._held, kept)) if self._held else kept
            self._hash.update(_relax_body(whole))
            self._is_empty = False
            self._held.clear()
        if len(kept) < len(block):
            self._held.append(block[len(kept) :])

    def finish(self) -> bytes:
        """Give the digest of the whole body: without empty lines at its end, with a last CRLF."""
        if not self._is_empty:
            self._hash.update(b"\r\n")
        return self._hash.digest()


def _relax_body(data: bytes) -> bytes:
    """Fold white space inside lines to one space and drop it at their ends."""
    if b"\t" in data:
        data = data.replace(b"\t", b" ")
    if b"  " in data:
        data = _SPACES.sub(b" ", data)
    return data.replace(b" \r\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class _Pen:
    """A key and the tags that are always the same with it."""

    private_key: PrivateKey
    tags: tuple[str, str]


class Signer:
    """Signs for one domain with all of its keys; one may be used by several threads at once."""

    def __init__(
        self, domain: str, keys: Sequence[DkimKey], *, valid_for: timedelta = VALID_FOR
    ) -> None:
        """Open the keys; `domain` is written in A-labels (RFC 6376 §3.5 d=, C-104).

        Raises:
            AddressFault: that is no domain.
            ValueError: a key cannot be used; the message says which and why.
        """
        name = parse_domain(domain)
        self._valid_for = int(valid_for.total_seconds())
        self._pens = tuple(
            _Pen(load_key(key), (_algorithm_tags(key), f"d={name}; s={key.selector};"))
            for key in keys
        )

    def sign(self, content: Iterable[bytes], now: datetime) -> bytes:
        """Give the DKIM-Signature fields of a message, to be written before it.

        `content` is the message in blocks, with CRLF line ends throughout.
        """
        header, body_hash = _read(content)
        names, canonical = _select(header)
        moment = int(now.timestamp())
        tags = (
            f"t={moment}; x={moment + self._valid_for};",
            *_names_tag(names),
            f"bh={b64encode(body_hash).decode('ascii')};",
            "b=",
        )
        return b"".join(_sign(pen, tags, canonical) for pen in self._pens)


def _algorithm_tags(key: DkimKey) -> str:
    return f"v=1; a={key.algorithm.value}-sha256; c=relaxed/relaxed;"


def _sign(pen: _Pen, tags: Sequence[str], canonical: bytes) -> bytes:
    """Write one signature field, with its CRLF."""
    lines = (*pen.tags, *tags)
    # RFC 6376 §3.7: the field itself comes last, relaxed, with an empty b= and without its CRLF. Each
    # fold is one space then, so the relaxed form needs no second look at what we have just written.
    digest = sha256(canonical + f"dkim-signature:{' '.join(lines)}".encode("ascii")).digest()
    folded = "\r\n\t".join(lines)
    return f"DKIM-Signature: {folded}{_fold_base64(_raw_signature(pen, digest))}\r\n".encode(
        "ascii"
    )


def _raw_signature(pen: _Pen, digest: bytes) -> bytes:
    if isinstance(pen.private_key, RSAPrivateKey):
        return pen.private_key.sign(digest, _PADDING, _DIGESTED)  # RFC 6376 §3.3.2
    return pen.private_key.sign(digest)  # RFC 8463 §3


def _read(content: Iterable[bytes]) -> tuple[bytes, bytes]:
    """Part a message into its header section and the digest of its body."""
    blocks = iter(content)
    header, body = _read_header(blocks)
    body_hash = BodyHash()
    body_hash.update(body)
    for block in blocks:
        body_hash.update(block)
    return header, body_hash.finish()


def _read_header(blocks: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Give the header section, with its last CRLF, and the beginning of the body."""
    begun = b""
    for block in blocks:
        begun = begun + block if begun else block
        border = begun.find(b"\r\n\r\n")
        if begun.startswith(b"\r\n"):
            return b"", begun[2:]
        if border >= 0:
            return begun[: border + 2], begun[border + 4 :]
    return begun if begun.endswith(b"\r\n") else begun + b"\r\n", b""


def _select(header: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Choose the fields to sign; give the h= names and the canonical octets (RFC 6376 §5.4.2)."""
    present: dict[bytes, list[bytes]] = {}
    for octets in reversed(split_fields(header)):  # RFC 6376 §5.4.2: from the bottom up
        name, _, value = octets.partition(b":")
        name = name.rstrip(b" \t").lower()
        if name in _SIGNED:
            present.setdefault(name, []).append(value)
    # bytes.split takes VT and FF for white space, which RFC 6376 §3.4.2 does not.
    relax = _relax_oddly if b"\x0b" in header or b"\x0c" in header else _relax
    names: list[bytes] = []
    parts: list[bytes] = []
    for name, is_oversigned in _PLAN:
        for value in present.get(name, ()):
            names.append(name)
            parts += (name, b":", relax(value), b"\r\n")
        if is_oversigned:
            names.append(name)
    return tuple(names), b"".join(parts)


def _relax(value: bytes) -> bytes:
    """Canonicalise a field's value (RFC 6376 §3.4.2)."""
    return b" ".join(value.split())


def _relax_oddly(value: bytes) -> bytes:
    return _WSP_RUN.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


@lru_cache(maxsize=256)
def _names_tag(names: tuple[bytes, ...]) -> tuple[str, ...]:
    """Write h= in lines short enough to read; most messages of a customer have the same fields."""
    lines, line = [], "h="
    for name in names:
        piece = name.decode("ascii")
        if len(line) + len(piece) + 1 > _LINE:
            lines.append(line)
            line = ""
        line += f"{piece}:"
    return (*lines, f"{line[:-1]};")


def _fold_base64(octets: bytes) -> str:
    text = b64encode(octets).decode("ascii")
    return "\r\n\t".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))
