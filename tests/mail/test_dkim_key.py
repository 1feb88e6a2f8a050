"""DKIM keys: made, kept, refused when weak, published (C-140, S-47)."""

from __future__ import annotations

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import (
    generate_private_key as generate_rsa,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)

from sztafeta.mail.dkim_key import (
    RSA_BITS,
    TXT_STRING,
    DkimKey,
    KeyAlgorithm,
    load_key,
    make_key,
    record_name,
    record_strings,
    record_text,
)

RSA = make_key("r1", KeyAlgorithm.RSA)
ED25519 = make_key("e1", KeyAlgorithm.ED25519)


def tags_of(key: DkimKey) -> dict[str, str]:
    return dict(tag.strip().split("=", 1) for tag in record_text(key).split(";"))


def octets_of(private: object) -> bytes:
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined,no-any-return]


def test_an_rsa_record_holds_the_public_half_of_2048_bits() -> None:
    """C-140 (RFC 6376 §3.6.1)."""
    tags = tags_of(RSA)
    public = load_der_public_key(b64decode(tags["p"]))
    assert isinstance(public, RSAPublicKey)
    assert public.key_size == RSA_BITS == 2048
    assert public == load_key(RSA).public_key()
    assert (tags["v"], tags["k"]) == ("DKIM1", "rsa")


def test_an_ed25519_record_holds_the_public_half_raw() -> None:
    """C-140 (RFC 8463 §4)."""
    tags = tags_of(ED25519)
    public = Ed25519PublicKey.from_public_bytes(b64decode(tags["p"]))
    assert public == load_key(ED25519).public_key()
    assert tags["k"] == "ed25519"


@pytest.mark.parametrize("key", [RSA, ED25519], ids=lambda key: key.algorithm.value)
def test_a_record_is_parted_into_strings_a_zone_can_hold(key: DkimKey) -> None:
    """C-140 (RFC 1035 §3.3)."""
    strings = record_strings(key)
    assert "".join(strings) == record_text(key)
    assert max(map(len, strings)) <= TXT_STRING
    assert record_name("example.com", key) == f"{key.selector}._domainkey.example.com"


def test_a_weak_key_is_refused() -> None:
    """S-47."""
    weak = octets_of(generate_rsa(public_exponent=65537, key_size=1024))
    key = DkimKey(selector="w1", algorithm=KeyAlgorithm.RSA, private_key=weak)
    with pytest.raises(ValueError, match="w1 has 1024 bits"):
        load_key(key)


@pytest.mark.parametrize(
    ("octets", "algorithm"),
    [
        (ED25519.private_key, KeyAlgorithm.RSA),
        (RSA.private_key, KeyAlgorithm.ED25519),
        (octets_of(generate_private_key(SECP256R1())), KeyAlgorithm.RSA),
        (octets_of(generate_private_key(SECP256R1())), KeyAlgorithm.ED25519),
    ],
    ids=["ed25519 as rsa", "rsa as ed25519", "curve as rsa", "curve as ed25519"],
)
def test_a_key_of_another_kind_is_refused(octets: bytes, algorithm: KeyAlgorithm) -> None:
    """S-47: no key swap."""
    with pytest.raises(ValueError, match="x1 is not of kind"):
        load_key(DkimKey(selector="x1", algorithm=algorithm, private_key=octets))


def test_a_torn_key_is_refused() -> None:
    with pytest.raises(ValueError):
        load_key(DkimKey(selector="t1", algorithm=KeyAlgorithm.RSA, private_key=b"torn"))


def test_a_key_is_never_shown() -> None:
    """S-37."""
    assert repr(RSA) == "DkimKey('r1', rsa)"
    assert str(RSA.private_key) not in f"{RSA} {RSA!r}"


def test_two_keys_are_never_the_same() -> None:
    assert make_key("e1", KeyAlgorithm.ED25519).private_key != ED25519.private_key
