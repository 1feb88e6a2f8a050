"""Delivery certificates: the same for the same history, and worthless as soon as one letter is changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.delivery.certificate.base64url import decode, encode
from sztafeta.delivery.certificate.claims import DeliveryCertificate
from sztafeta.delivery.certificate.document import signing_input, write_document
from sztafeta.delivery.certificate.signing_key import SigningKey, thumbprint
from sztafeta.delivery.certificate.verification import NotProved, verify_document
from sztafeta.delivery.hop import Hop, read_hop

KEY, OTHER_KEY = SigningKey(b"7" * 32), SigningKey(b"8" * 32)
RFC_8037_KEY = SigningKey(decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
URL = "https://mail.example.org/.well-known/sztafeta-certificates.json"
CERTIFICATE = DeliveryCertificate(
    issuer="mail.example.org",
    customer="shop",
    sender="shop@example.com",
    recipient="jan@wp.pl",
    accepted_at=datetime(2026, 11, 26, 10, 0, 0, 5000, UTC),
    delivered_at=datetime(2026, 11, 26, 11, 0, 2, tzinfo=timezone(timedelta(hours=1))),
    server="mx.wp.pl",
    address="192.0.2.1",
    reply="250 2.0.0 Ok",
    tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
    attempt=1,
    queue_id="0k3zr6w5m4001",
    message_id="<1@example.com>",
    subject="Zażółć gęślą jaźń, “zamówienie” №5",
    size=1234,
    sha256="ab" * 32,
)
DOCUMENT = write_document(CERTIFICATE, KEY, URL)


def keys_of(*keys: SigningKey) -> bytes:
    return json.dumps({"keys": [one for key in keys for one in key.key_set()["keys"]]}).encode()


def changed(**members: Any) -> bytes:
    return json.dumps(json.loads(DOCUMENT) | members).encode()


def signed_anew(header: dict[str, Any], key: SigningKey = KEY) -> bytes:
    """Give the document under another protected header, signed as it should be."""
    whole = {"alg": "EdDSA", "kid": key.key_id, "typ": "sztafeta-delivery-certificate+json"}
    protected = encode(json.dumps(whole | header).encode())
    signature = encode(key.sign(signing_input(protected, json.loads(DOCUMENT)["payload"])))
    return changed(protected=protected, signature=signature)


def paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Give the way to each claim, those within others too."""
    if not isinstance(value, dict):
        return [path]
    return [found for name, one in value.items() for found in paths(one, (*path, name))]


def with_claim(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Give the claims with one of them changed."""
    claims: dict[str, Any] = CERTIFICATE.claims()
    place = claims
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return claims


# -- what is written ---------------------------------------------------------------------------------


def test_the_key_and_the_signature_are_those_of_the_standard() -> None:
    """RFC 8037 appendices A.2, A.3 and A.4."""
    (jwk,) = RFC_8037_KEY.key_set()["keys"]
    assert jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert jwk["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    protected, payload = "eyJhbGciOiJFZERTQSJ9", "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    assert encode(RFC_8037_KEY.sign(signing_input(protected, payload))) == (
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )


def test_the_published_key_has_no_private_half() -> None:
    (jwk,) = KEY.key_set()["keys"]
    assert jwk.keys() == {"kty", "crv", "x", "kid", "alg", "use"}
    assert jwk["kid"] == thumbprint(KEY.public)


def test_the_same_history_gives_the_same_octets() -> None:
    assert write_document(CERTIFICATE, SigningKey(b"7" * 32), URL) == DOCUMENT
    assert write_document(replace(CERTIFICATE, attempt=2), KEY, URL) != DOCUMENT


def test_people_read_the_claims_as_they_are() -> None:
    assert "Zażółć gęślą jaźń, “zamówienie” №5" in DOCUMENT.decode()
    claims = json.loads(DOCUMENT)["claims"]
    assert claims["accepted_at"] == "2026-11-26T10:00:00.005Z"
    assert claims["delivered_at"] == "2026-11-26T10:00:02.000Z"
    assert claims["server"] == {"name": "mx.wp.pl", "address": "192.0.2.1"}
    assert "before DKIM signatures were added" in claims["content"]["of"]


def test_the_header_names_the_key_and_where_it_is_published() -> None:
    header = json.loads(decode(json.loads(DOCUMENT)["protected"]))
    assert (header["alg"], header["kid"], header["jku"]) == ("EdDSA", KEY.key_id, URL)


# -- what is proved ----------------------------------------------------------------------------------


def test_a_certificate_is_proved_by_its_issuers_key() -> None:
    proved = verify_document(DOCUMENT, keys_of(OTHER_KEY, KEY))
    assert proved.claims == CERTIFICATE.claims()
    assert proved.key_id == KEY.key_id


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_a_subject_holds_comes_back(subject: str) -> None:
    document = write_document(replace(CERTIFICATE, subject=subject), KEY, URL)
    assert verify_document(document, keys_of(KEY)).claims["subject"] == subject


@pytest.mark.parametrize("path", paths(CERTIFICATE.claims()), ids=".".join)
@pytest.mark.parametrize("value", ["another", None, True, 1.0])
def test_a_claim_that_was_changed_is_refused(path: tuple[str, ...], value: Any) -> None:
    """In the claims for people, in those that are signed, and in both."""
    claims = with_claim(path, value)
    payload = encode(json.dumps(claims).encode())
    for forged in (
        changed(claims=claims),
        changed(payload=payload),
        changed(claims=claims, payload=payload),
    ):
        with pytest.raises(NotProved, match="changed"):
            verify_document(forged, keys_of(KEY))


@pytest.mark.parametrize("name", ["protected", "payload", "signature"])
def test_one_letter_of_what_is_signed_is_enough(name: str) -> None:
    text = json.loads(DOCUMENT)[name]
    for place in range(len(text)):
        other = "A" if text[place] != "A" else "B"
        with pytest.raises(NotProved):
            verify_document(
                changed(**{name: text[:place] + other + text[place + 1 :]}), keys_of(KEY)
            )


def test_another_installations_key_proves_nothing() -> None:
    with pytest.raises(NotProved, match=f"no key .* {KEY.key_id}"):
        verify_document(DOCUMENT, keys_of(OTHER_KEY))
    with pytest.raises(NotProved, match="no key"):
        verify_document(DOCUMENT, b'{"keys": []}')


def test_a_key_under_a_foreign_id_is_not_taken_for_it() -> None:
    """The id of a key is computed; what the file of keys says about it counts for nothing."""
    (jwk,) = OTHER_KEY.key_set()["keys"]
    with pytest.raises(NotProved, match="no key"):
        verify_document(DOCUMENT, json.dumps({"keys": [jwk | {"kid": KEY.key_id}]}).encode())
    forged = signed_anew({"kid": KEY.key_id}, OTHER_KEY)
    with pytest.raises(NotProved, match="signature does not fit"):
        verify_document(forged, keys_of(KEY, OTHER_KEY))


def test_a_key_that_a_certificate_brings_along_is_not_taken() -> None:
    (jwk,) = OTHER_KEY.key_set()["keys"]
    forged = signed_anew({"jwk": jwk}, OTHER_KEY)
    with pytest.raises(NotProved, match="no key"):
        verify_document(forged, keys_of(KEY))


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"typ": "JWT"}, {"crit": ["b64"], "b64": False}],
    ids=str,
)
def test_no_other_kind_of_signature_is_known(header: dict[str, Any]) -> None:
    """RFC 8725 §3.1, §3.11; RFC 7515 §4.1.11."""
    verify_document(signed_anew({}), keys_of(KEY))
    with pytest.raises(NotProved, match="protected header"):
        verify_document(signed_anew(header), keys_of(KEY))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        changed(header={"alg": "EdDSA"}),
        changed(signature=None),
        changed(signature=""),
        changed(signature=json.loads(DOCUMENT)["signature"] + "=="),
        changed(payload="ż"),
        changed(claims=[]),
        DOCUMENT.replace(b'"claims": {', b'"claims": {"recipient": "eve@wp.pl", '),
    ],
)
def test_what_is_no_certificate_is_said_to_be_none(document: bytes) -> None:
    with pytest.raises(NotProved):
        verify_document(document, keys_of(KEY))


@pytest.mark.parametrize(
    "keys",
    [b"", b"[]", b"{}", b'{"keys": "x"}', b'{"keys": [5, {"kty": "RSA"}]}']
    + [b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": %s}]}' % x for x in (b"1", b'"AA"')],
)
def test_what_are_no_keys_is_said_to_be_none(keys: bytes) -> None:
    with pytest.raises(NotProved, match=r"key|x is missing"):
        verify_document(DOCUMENT, keys)


# -- hops --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("mx.wp.pl[192.0.2.1]:25", Hop(host="mx.wp.pl", address="192.0.2.1")),
        ("mx.wp.pl[2001:db8::1]:25", Hop(host="mx.wp.pl", address="2001:db8::1")),
        ("mx.wp.pl", Hop(host="mx.wp.pl")),
        ("", Hop(host="")),
    ],
)
def test_a_hop_is_taken_apart(text: str, hop: Hop) -> None:
    assert read_hop(text) == hop
