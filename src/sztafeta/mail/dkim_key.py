"""DKIM keys: what a domain signs with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class KeyAlgorithm(Enum):
    """Key kinds (RFC 6376 §3.3, RFC 8463)."""

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
