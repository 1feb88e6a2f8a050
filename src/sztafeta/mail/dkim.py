"""Our DKIM signer (RFC 6376), on `cryptography`: canonicalise once, sign with every key.

relaxed/relaxed, SHA-256, RSA-2048 and Ed25519 together (RFC 8463). The fields a receiver shows are
oversigned: named once more than they stand, so that adding another breaks the signature. Never `l=`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from sztafeta.mail.dkim_key import DkimKey, KeyAlgorithm

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
"""Signed once more than present (RFC 6376 §8.15)."""
SIGNED_IF_PRESENT: Final = (
    b"sender",
    b"in-reply-to",
    b"references",
    b"content-transfer-encoding",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-id",
    b"feedback-id",
    b"auto-submitted",
)
VALID_FOR: Final = timedelta(days=7)
RSA_BITS: Final = 2048

_WSP_RUN = re.compile(rb"[ \t]+")
_WSP_AT_END = re.compile(rb"[ \t]+(?=\r\n)")
_TRAILING_LINES = re.compile(rb"(?:\r\n)+\Z")
_TAGS_PER_LINE = 72


class BodyHash:
    """The relaxed body canonicalisation (RFC 6376 §3.4.4) and its SHA-256, block by block."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._is_empty = True
        self._held = b""
        """Octets whose fate the next block decides: an unfinished line, empty lines at the end."""

    def update(self, block: bytes) -> None:
        """Take the next octets of the body."""
        data = self._held + block if self._held else block
        border = data.rfind(b"\r\n") + 2
        if border < 2:
            self._held = data
            return
        whole, rest = data[:border], data[border:]
        whole = _relax_body(whole)
        kept = _TRAILING_LINES.sub(b"", whole)
        self._take(kept)
        self._held = whole[len(kept) :] + rest

    def finish(self) -> bytes:
        """Give the digest of the whole body."""
        self._take(_TRAILING_LINES.sub(b"", _relax_body(self._held + b"\r\n")))
        if not self._is_empty:
            self._hash.update(b"\r\n")  # the last line ends in CRLF, whether it did or not
        return self._hash.digest()

    def _take(self, canonical: bytes) -> None:
        if canonical:
            self._is_empty = False
            self._hash.update(canonical)


def _relax_body(data: bytes) -> bytes:
    """Fold white space inside lines to one space and drop it at their ends."""
    if b"\t" in data or b"  " in data:
        data = _WSP_RUN.sub(b" ", data)
    return _WSP_AT_END.sub(b"", data) if b" \r\n" in data else data


def _relax_field(octets: bytes) -> bytes:
    """Canonicalise one field (RFC 6376 §3.4.2), without its final CRLF."""
    name, _, value = octets.partition(b":")
    value = _WSP_RUN.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t")
    return name.rstrip(b" \t").lower() + b":" + value


class Signer:
    """Signs for one domain with all of its keys; safe to use in a thread."""

    def __init__(
        self, domain: str, keys: Sequence[DkimKey], *, valid_for: timedelta = VALID_FOR
    ) -> None:
        """`domain` is an A-label name (RFC 6376 §3.5 d=)."""
        self._domain = domain
        self._valid_for = int(valid_for.total_seconds())
        self._keys = [(key, _load(key)) for key in keys]

    def sign(self, content: Iterable[bytes], now: datetime) -> bytes:
        """Give the DKIM-Signature fields of a message, to be written before it.

        `content` is the message in blocks; the header must lie within the first 128 KiB.
        """
        header, body_hash = _read(content)
        names, signed = _select(header)
        digest = b64encode(body_hash).decode("ascii")
        return b"".join(
            self._sign_with(key, one, names, signed, digest, now) for key, one in self._keys
        )

    def _sign_with(
        self,
        key: DkimKey,
        private_key: RSAPrivateKey | Ed25519PrivateKey,
        names: Sequence[bytes],
        signed: bytes,
        body_hash: str,
        now: datetime,
    ) -> bytes:
        moment = int(now.timestamp())
        algorithm = "rsa-sha256" if key.algorithm is KeyAlgorithm.RSA else "ed25519-sha256"
        tags = (
            f"v=1; a={algorithm}; c=relaxed/relaxed; d={self._domain};\r\n"
            f"\ts={key.selector}; t={moment}; x={moment + self._valid_for};\r\n"
            f"\th={_fold_names(names)};\r\n"
            f"\tbh={body_hash};\r\n"
            f"\tb="
        ).encode("ascii")
        unsigned = b"DKIM-Signature: " + tags
        signature = _sign(private_key, signed + _relax_field(unsigned))
        return unsigned + _fold_base64(signature) + b"\r\n"


def _read(content: Iterable[bytes]) -> tuple[bytes, bytes]:
    """Part a message into its header section and the digest of its body."""
    blocks = iter(content)
    head = b""
    for block in blocks:
        head += block
        if head.startswith(b"\r\n") or b"\r\n\r\n" in head:
            break
    header, border, body = (
        (b"", b"\r\n", head[2:]) if head.startswith(b"\r\n") else (head.partition(b"\r\n\r\n"))
    )
    body_hash = BodyHash()
    body_hash.update(body)
    for block in blocks:
        body_hash.update(block)
    return (header + b"\r\n" if border and header else header), body_hash.finish()


def _select(header: bytes) -> tuple[list[bytes], bytes]:
    """Choose the fields to sign; give the h= names and the canonical octets (RFC 6376 §5.4.2)."""
    fields: dict[bytes, list[bytes]] = {}
    for octets in _split_fields(header):
        fields.setdefault(octets.partition(b":")[0].rstrip(b" \t").lower(), []).append(octets)
    names: list[bytes] = []
    parts: list[bytes] = []
    for name in OVERSIGNED + SIGNED_IF_PRESENT:
        present = fields.get(name, [])
        for octets in reversed(present):  # RFC 6376 §5.4.2: from the bottom up
            names.append(name)
            parts.append(_relax_field(octets))
        if name in _OVERSIGNED_SET:
            names.append(name)
    return names, b"".join(part + b"\r\n" for part in parts)


_OVERSIGNED_SET = frozenset(OVERSIGNED)
_FIELD_BORDER = re.compile(rb"\r\n(?![ \t])")


def _split_fields(header: bytes) -> list[bytes]:
    return [octets for octets in _FIELD_BORDER.split(header) if octets]


def _fold_names(names: Sequence[bytes]) -> str:
    """Write the h= list in lines short enough to read."""
    lines, line = [], ""
    for name in names:
        piece = name.decode("ascii")
        if len(line) + len(piece) + 1 > _TAGS_PER_LINE:
            lines.append(line + ":")
            line = piece
        else:
            line = f"{line}:{piece}" if line else piece
    lines.append(line)
    return "\r\n\t ".join(lines)


def _fold_base64(octets: bytes) -> bytes:
    text = b64encode(octets)
    pieces = (text[at : at + _TAGS_PER_LINE] for at in range(0, len(text), _TAGS_PER_LINE))
    return b"\r\n\t ".join(pieces)


def _sign(private_key: RSAPrivateKey | Ed25519PrivateKey, data: bytes) -> bytes:
    if isinstance(private_key, RSAPrivateKey):
        return private_key.sign(data, PKCS1v15(), SHA256())  # RFC 6376 §3.3.1
    return private_key.sign(sha256(data).digest())  # RFC 8463 §3


# -- keys -----------------------------------------------------------------------------------------


def make_key(selector: str, algorithm: KeyAlgorithm) -> DkimKey:
    """Make a new key: RSA of 2048 bits (RFC 8301 §3.2) or Ed25519."""
    made: RSAPrivateKey | Ed25519PrivateKey
    if algorithm is KeyAlgorithm.RSA:
        made = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    else:
        made = Ed25519PrivateKey.generate()
    private_key = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return DkimKey(selector=selector, algorithm=algorithm, private_key=private_key)


def record_name(domain: str, key: DkimKey) -> str:
    """Give the name under which a key is published (RFC 6376 §3.6.2.1)."""
    return f"{key.selector}._domainkey.{domain}"


def record_text(key: DkimKey) -> str:
    """Give the TXT record's value (RFC 6376 §3.6.1, RFC 8463 §4)."""
    loaded = _load(key)
    if isinstance(loaded, RSAPrivateKey):
        public = loaded.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        public = loaded.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k={key.algorithm.value}; p={b64encode(public).decode('ascii')}"


def record_strings(key: DkimKey) -> list[str]:
    """Give the value in strings of at most 255 octets, as a zone file wants it (RFC 1035 §3.3.14)."""
    text = record_text(key)
    return [text[at : at + 255] for at in range(0, len(text), 255)]


def _load(key: DkimKey) -> RSAPrivateKey | Ed25519PrivateKey:
    loaded = load_der_private_key(key.private_key, password=None)
    if not isinstance(loaded, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError(f"the key of selector {key.selector} is neither RSA nor Ed25519")
    return loaded
