"""Delivery certificates checked, offline: a file against keys that whoever checks has from elsewhere.

The certificate names an address of keys and an id; neither is believed. The key is taken from the keys that
were given, its id is computed from it, and no algorithm but Ed25519 is known (RFC 8725 §3.1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sztafeta.delivery.certificate.base64url import decode
from sztafeta.delivery.certificate.document import ALGORITHM, MEMBERS, TYPE, signing_input
from sztafeta.delivery.certificate.signing_key import thumbprint


class NotProved(Exception):
    """A file proves nothing; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A certificate that was checked."""

    claims: Mapping[str, Any]
    key_id: str
    """The fingerprint of the key that signed."""


def verify_document(document: bytes, keys: bytes) -> Proved:
    """Check a certificate's file against a JWK set.

    Raises:
        NotProved: it is no certificate, is of another key, or was changed.
    """
    read = _object(document, "the certificate")
    if read.keys() != MEMBERS:
        raise NotProved(f"a certificate has the members {', '.join(sorted(MEMBERS))} and no others")
    protected, payload, signature = (
        _text(read[name], name) for name in ("protected", "payload", "signature")
    )
    key_id = _key_id(_object(_octets(protected, "protected"), "its protected header"))
    key = _key(key_id, _object(keys, "the file of keys"))
    try:
        key.verify(_octets(signature, "signature"), signing_input(protected, payload))
    except InvalidSignature:
        raise NotProved("the signature does not fit: the certificate was changed") from None
    claims = _object(_octets(payload, "payload"), "its payload")
    if _canonical(claims) != _canonical(read["claims"]):
        raise NotProved("the claims for people are not those that were signed: they were changed")
    return Proved(claims=claims, key_id=key_id)


def _key_id(header: Mapping[str, Any]) -> str:
    """Read which key is said to have signed; what is critical and unknown is refused (RFC 7515 §4.1.11)."""
    if header.get("alg") != ALGORITHM or header.get("typ") != TYPE or "crit" in header:
        raise NotProved(f"its protected header is not that of a certificate ({ALGORITHM}, {TYPE})")
    return _text(header.get("kid"), "kid")


def _key(key_id: str, key_set: Mapping[str, Any]) -> Ed25519PublicKey:
    """Find the key by its fingerprint, whatever id the file of keys gives it (RFC 7517 §5)."""
    listed = key_set.get("keys")
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise NotProved("the file of keys is no JWK set")
    for one in listed:
        if not isinstance(one, Mapping) or (one.get("kty"), one.get("crv")) != ("OKP", "Ed25519"):
            continue
        key = _public_key(one)
        if thumbprint(key) == key_id:
            return key
    raise NotProved(f"no key of the file of keys has the fingerprint {key_id} that it names")


def _public_key(jwk: Mapping[str, Any]) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(_octets(_text(jwk.get("x"), "x"), "x"))
    except ValueError:
        raise NotProved("a key of the file of keys is no Ed25519 key") from None


def _object(octets: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object in which no name stands twice (RFC 7515 §4)."""
    try:
        read = json.loads(octets.decode(), object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as fault:
        raise NotProved(f"{what} cannot be read: {fault}") from None
    if not isinstance(read, dict):
        raise NotProved(f"{what} is no JSON object")
    return read


def _once_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name stands twice")
    return read


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.isascii():
        raise NotProved(f"{name} is missing, or no ASCII text")
    return value


def _octets(text: str, name: str) -> bytes:
    try:
        return decode(text)
    except ValueError as fault:
        raise NotProved(f"{name} cannot be read: {fault}") from None


def _canonical(value: object) -> str:
    """Write a value so that equal values, and no others, are written alike: `1` is not `true`."""
    return json.dumps(value, sort_keys=True)
