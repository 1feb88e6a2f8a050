"""The file of a delivery certificate: claims for people, and the same claims signed.

A JWS in flattened JSON (RFC 7515 §7.2.2) by Ed25519 (RFC 8037 §3.1), with one member more: `claims` is the
payload as people read it. The same certificate and key give the same octets.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sztafeta.delivery.certificate.base64url import encode
from sztafeta.delivery.certificate.claims import DeliveryCertificate
from sztafeta.delivery.certificate.signing_key import SigningKey

ALGORITHM: Final = "EdDSA"
TYPE: Final = "sztafeta-delivery-certificate+json"
"""What is signed under this key and is no certificate would have another one (RFC 8725 §3.11)."""
MEMBERS: Final = frozenset({"claims", "protected", "payload", "signature"})


def write_document(certificate: DeliveryCertificate, key: SigningKey, keys_url: str) -> bytes:
    """Sign a certificate; `keys_url` says where the public key is published (RFC 7515 §4.1.2)."""
    header = {"alg": ALGORITHM, "jku": keys_url, "kid": key.key_id, "typ": TYPE}
    claims = certificate.claims()
    protected, payload = encode(_compact(header)), encode(_compact(claims))
    document = {
        "claims": claims,
        "protected": protected,
        "payload": payload,
        "signature": encode(key.sign(signing_input(protected, payload))),
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def signing_input(protected: str, payload: str) -> bytes:
    """Give the octets that a signature is of (RFC 7515 §5.1)."""
    return f"{protected}.{payload}".encode("ascii")


def _compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
