"""The key of delivery certificates: one Ed25519 key of the installation, and its public half as a JWK."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sztafeta.delivery.certificate.base64url import encode


class SigningKey:
    """Signs; its repr tells nothing."""

    def __init__(self, seed: bytes) -> None:
        """`seed` has 32 octets (RFC 8032 §5.1.5)."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key()

    @property
    def key_id(self) -> str:
        """The fingerprint of the public half."""
        return thumbprint(self.public)

    def sign(self, octets: bytes) -> bytes:
        """Sign; the same octets have the same signature (RFC 8032 §5.1.6)."""
        return self._key.sign(octets)

    def key_set(self) -> dict[str, Any]:
        """Give the public half as a JWK set (RFC 7517 §5)."""
        more = {"kid": self.key_id, "alg": "EdDSA", "use": "sig"}
        return {"keys": [dict(_members(self.public)) | more]}


def thumbprint(key: Ed25519PublicKey) -> str:
    """Give a key's fingerprint, which is its id, too (RFC 7638 §3, RFC 8037 §2)."""
    text = json.dumps(_members(key), sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(text.encode("ascii")).digest())


def _members(key: Ed25519PublicKey) -> Mapping[str, str]:
    """Give the members that make up the key (RFC 8037 §2)."""
    octets = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": encode(octets)}
