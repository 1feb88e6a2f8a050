"""What a domain's owner is asked to publish."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sztafeta.account.dns_records import (
    OurNames,
    Purpose,
    RecordType,
    as_cname,
    expected_records,
    relative_name,
    txt_strings,
    zone_line,
)
from sztafeta.account.sending_domain import KeyAlgorithm, SendingDomain
from sztafeta.mail.dkim_key import make_key

KEYS = (make_key("e1", KeyAlgorithm.ED25519),)
WAITING = (make_key("r2", KeyAlgorithm.RSA),)
SHOP = SendingDomain(
    domain="shop.example", customer_id=1, keys=KEYS, pending=WAITING, is_verified=True
)
OURS = OurNames(
    spf=("include:spf.host.example",),
    dkim_zone="keys.host.example",
    return_path="bounces.host.example",
    tracking="click.host.example",
)


def test_only_keys_are_required_and_the_rest_is_advice() -> None:
    records = expected_records(SHOP, OURS)
    assert [(one.purpose, one.is_required) for one in records] == [
        (Purpose.DKIM, True),
        (Purpose.DKIM, True),
        (Purpose.SPF, False),
        (Purpose.DMARC, False),
        (Purpose.RETURN_PATH, False),
        (Purpose.TRACKING, False),
    ]
    assert [one.signs for one in records[:2]] == [True, False]


def test_names_that_the_operator_does_not_have_are_not_asked_for() -> None:
    records = [as_cname(one) for one in expected_records(SHOP, OurNames())]
    assert {one.purpose for one in records} == {Purpose.DKIM, Purpose.DMARC}
    assert {one.type for one in records} == {RecordType.TXT}


def test_keys_may_stand_in_the_operators_zone_but_dmarc_never() -> None:
    records = [as_cname(one) for one in expected_records(SHOP, OURS)]
    first = records[0]
    assert (first.type, first.name) == (RecordType.CNAME, "e1._domainkey.shop.example")
    assert first.value == "e1.shop.example.keys.host.example"
    assert first.key.startswith("v=DKIM1; k=ed25519; p=")
    (dmarc,) = (one for one in records if one.purpose is Purpose.DMARC)
    assert (dmarc.type, dmarc.value) == (RecordType.TXT, "v=DMARC1; p=none")


@pytest.mark.parametrize(
    ("name", "zone", "relative"),
    [
        ("shop.example", "shop.example", "@"),
        ("e1._domainkey.shop.example", "shop.example", "e1._domainkey"),
        ("e1._domainkey.shop.example", "example", "e1._domainkey.shop"),
        ("_dmarc.shop.example", "", "_dmarc.shop.example"),
    ],
)
def test_names_are_written_as_the_zones_editor_takes_them(
    name: str, zone: str, relative: str
) -> None:
    assert relative_name(name, zone) == relative


def test_a_zone_file_gets_long_texts_in_pieces_of_255_octets() -> None:
    rsa = expected_records(SHOP, OURS)[1]
    line = zone_line(rsa)
    assert line.startswith('r2._domainkey.shop.example. 3600 IN TXT "v=DKIM1; k=rsa; p=')
    pieces = line.split('"')[1::2]
    assert "".join(pieces) == rsa.value
    assert max(map(len, pieces)) == 255
    alias = expected_records(SHOP, OURS)[-1]
    assert zone_line(alias) == "click.shop.example. 3600 IN CNAME click.host.example."


def test_nothing_breaks_out_of_a_zone_file() -> None:
    """W-09: an SPF record that is completed holds its owner's text."""
    spf = expected_records(SHOP, OURS)[2]
    line = zone_line(replace(spf, value='v=spf1 "x\ny\\ ~all'))
    assert line == 'shop.example. 3600 IN TXT "v=spf1 \\"x y\\\\ ~all"'


def test_strings_are_counted_in_octets_and_written_in_ascii() -> None:
    """RFC 1035 §5.1: what is not ASCII stands as its decimal octets."""
    pieces = list(txt_strings("ż" * 200))
    assert pieces[0].startswith("\\197\\188\\197")
    assert [piece.count("\\") for piece in pieces] == [255, 145]
