"""DKIM keys: what a domain signs with, how a key is made, and what goes into DNS for it.

The private half is kept as PKCS#8 (RFC 5208) and never shown; the public half is a TXT record
(RFC 6376 §3.6).
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

RSA_BITS: Final = 2048
"""RFC 8301 §3.2: at least 1024, better 2048; a longer key does not fit into every receiver's DNS."""
TXT_STRING: Final = 255
"""Octets of one string of a TXT record (RFC 1035 §3.3)."""

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


class KeyAlgorithm(Enum):
    """Key kinds (RFC 6376 §3.3, RFC 8463 §3)."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """One signing key of a sending domain."""

    selector: str
    algorithm: KeyAlgorithm
    private_key: bytes
    """PKCS#8 DER, in the clear only in memory."""

    def __repr__(self) -> str:  # a key never reaches a log
        return f"DkimKey({self.selector!r}, {self.algorithm.value})"


def make_key(selector: str, algorithm: KeyAlgorithm) -> DkimKey:
    """Make a new key: RSA of 2048 bits (RFC 8301 §3.2) or Ed25519."""
    made: PrivateKey
    if algorithm is KeyAlgorithm.RSA:
        made = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    else:
        made = Ed25519PrivateKey.generate()
    private_key = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return DkimKey(selector=selector, algorithm=algorithm, private_key=private_key)


def load_key(key: DkimKey) -> PrivateKey:
    """Open a key for signing.

    Every key is of our own making and comes sealed, so that its numbers are not proved again: for RSA that
    takes some forty milliseconds, in which nothing else runs.

    Raises:
        ValueError: it is neither RSA nor Ed25519, or is not what its algorithm says, or too short.
    """
    loaded = load_der_private_key(
        key.private_key, password=None, unsafe_skip_rsa_key_validation=True
    )
    if key.algorithm is KeyAlgorithm.ED25519 and isinstance(loaded, Ed25519PrivateKey):
        return loaded
    if key.algorithm is not KeyAlgorithm.RSA or not isinstance(loaded, RSAPrivateKey):
        raise ValueError(f"the key of selector {key.selector} is not of kind {key.algorithm.value}")
    if loaded.key_size < RSA_BITS:  # S-47
        raise ValueError(
            f"the key of selector {key.selector} has {loaded.key_size} bits; make one of {RSA_BITS}"
        )
    return loaded


def record_name(domain: str, key: DkimKey) -> str:
    """Give the name under which a key is published (RFC 6376 §3.6.2.1)."""
    return f"{key.selector}._domainkey.{domain}"


def record_text(key: DkimKey) -> str:
    """Give the TXT record's value (RFC 6376 §3.6.1, RFC 8463 §4)."""
    loaded = load_key(key)
    if isinstance(loaded, RSAPrivateKey):
        public = loaded.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        public = loaded.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k={key.algorithm.value}; p={b64encode(public).decode('ascii')}"


def record_strings(key: DkimKey) -> list[str]:
    """Give the value in strings of at most 255 octets, as a zone file wants it (RFC 1035 §3.3)."""
    text = record_text(key)
    return [text[at : at + TXT_STRING] for at in range(0, len(text), TXT_STRING)]
