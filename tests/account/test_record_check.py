"""Expected × found: one table of what people do to records, and what we say then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sztafeta.account.dns_records import (
    ExpectedRecord,
    OurNames,
    Purpose,
    as_cname,
    expected_records,
)
from sztafeta.account.record_check import (
    UNKNOWN,
    Check,
    CheckState,
    Mistake,
    Seen,
    Sighting,
    advice_for,
    check_record,
)
from sztafeta.account.sending_domain import KeyAlgorithm, SendingDomain
from sztafeta.mail.dkim_key import make_key

KEYS = (make_key("r1", KeyAlgorithm.RSA), make_key("e1", KeyAlgorithm.ED25519))
SHOP = SendingDomain(domain="shop.example", customer_id=1, pending=KEYS, is_verified=False)
OURS = OurNames(
    spf=("include:spf.host.example",), dkim_zone="keys.host.example", tracking="click.host.example"
)
RSA, ED25519, SPF, DMARC, TRACKING = expected_records(SHOP, OURS)
DELEGATED = as_cname(RSA)
ELSEWHERE = Seen(alias="parking.example.net")
A_POLICY = Seen(texts=("v=DMARC1; p=reject; rua=mailto:a@shop.example",))


def texts(*found: str) -> Sighting:
    """Both the zone and the caches hold these."""
    return everywhere(Seen(texts=found, ttl=300))


def everywhere(seen: Seen) -> Sighting:
    return Sighting(at_zone=seen, in_caches=seen)


def check(record: ExpectedRecord, sighting: Sighting, *, was_right: bool = False) -> Check:
    others = tuple(one.key for one in (RSA, ED25519) if one.key != record.key)
    return check_record(record, sighting, was_right=was_right, other_keys=others)


MISTAKES = [
    (RSA, texts(f'"{RSA.value}"'), Mistake.QUOTED),
    (RSA, texts(RSA.value[:255]), Mistake.CUT),
    (RSA, texts(ED25519.value), Mistake.WRONG_SELECTOR),
    (RSA, texts("v=DKIM1; k=rsa; p=MIGf"), Mistake.OTHER_VALUE),
    (RSA, texts("hello"), Mistake.NOT_DKIM),
    (RSA, texts(RSA.value, "another"), Mistake.SEVERAL),
    (RSA, everywhere(ELSEWHERE), Mistake.ALIASED),
    (RSA, replace(everywhere(ELSEWHERE), anything=ELSEWHERE), Mistake.WILDCARD),
    (RSA, replace(texts(), doubled=Seen(texts=(RSA.value,))), Mistake.DOMAIN_TWICE),
    (RSA, replace(texts(), bare=Seen(texts=(RSA.value,))), Mistake.NO_UNDERSCORE),
    (DELEGATED, everywhere(Seen(alias=DELEGATED.value)), Mistake.KEY_NOT_AT_OURS),
    (SPF, texts("v=spf1 -all"), Mistake.WITHOUT_US),
    (SPF, texts("v=spf1 mx -all", SPF.value), Mistake.TWO_SPF),
    (SPF, texts(f'"{SPF.value}"'), Mistake.QUOTED),
    (SPF, replace(texts(SPF.value), look_ups=11), Mistake.TOO_MANY_LOOK_UPS),
    (SPF, replace(texts(), doubled=Seen(texts=(SPF.value,))), Mistake.DOMAIN_TWICE),
    (DMARC, everywhere(replace(A_POLICY, alias="policy.example.net")), Mistake.DMARC_ALIAS),
    (DMARC, replace(texts(), bare=A_POLICY), Mistake.NO_UNDERSCORE),
    (DMARC, texts("v=DMARC1"), Mistake.OTHER_VALUE),
    (TRACKING, replace(texts(), addresses=("192.0.2.1",)), Mistake.PROXIED),
    (TRACKING, everywhere(ELSEWHERE), Mistake.OTHER_VALUE),
]


@pytest.mark.parametrize(
    ("record", "sighting", "mistake"),
    MISTAKES,
    ids=[f"{record.purpose.value}-{mistake.value}" for record, _, mistake in MISTAKES],
)
def test_each_known_mistake_has_its_name(
    record: ExpectedRecord, sighting: Sighting, mistake: Mistake
) -> None:
    checked = check(record, sighting)
    assert checked.mistake is mistake
    assert not checked.is_right


def test_every_mistake_stands_in_the_table() -> None:
    assert {mistake for *_, mistake in MISTAKES} == set(Mistake)


@pytest.mark.parametrize(
    ("record", "seen"),
    [
        (RSA, Seen(texts=(RSA.value,))),
        (RSA, Seen(texts=(RSA.value,), alias="keys.elsewhere.example")),
        (DELEGATED, Seen(texts=(RSA.value,), alias=DELEGATED.value)),
        (DELEGATED, Seen(texts=(RSA.value,))),
        (SPF, Seen(texts=("v=spf1 mx include:spf.host.example -all", "google-site=1"))),
        (DMARC, A_POLICY),
        (TRACKING, Seen(alias="Click.Host.Example")),
    ],
)
def test_what_works_for_receivers_is_right(record: ExpectedRecord, seen: Seen) -> None:
    checked = check(record, everywhere(seen))
    assert (checked.state, checked.mistake) == (CheckState.OK, None)


RIGHT, NOTHING = Seen(texts=(RSA.value,), ttl=300), Seen(ttl=2040)


@pytest.mark.parametrize(
    ("at_zone", "in_caches", "was_right", "state"),
    [
        (NOTHING, NOTHING, False, CheckState.NOT_FOUND),
        (NOTHING, NOTHING, True, CheckState.GONE),
        (NOTHING, RIGHT, True, CheckState.GONE),
        (Seen(texts=("x",)), RIGHT, True, CheckState.DIFFERENT),
        (RIGHT, NOTHING, False, CheckState.AT_ZONE),
        (RIGHT, RIGHT, True, CheckState.OK),
        (RIGHT, UNKNOWN, False, CheckState.OK),
        (UNKNOWN, RIGHT, False, CheckState.OK),
        (UNKNOWN, NOTHING, True, CheckState.GONE),
        (UNKNOWN, UNKNOWN, True, CheckState.NO_ANSWER),
    ],
)
def test_the_zones_own_servers_have_the_word(
    at_zone: Seen, in_caches: Seen, was_right: bool, state: CheckState
) -> None:
    sighting = Sighting(at_zone=at_zone, in_caches=in_caches)
    assert check(RSA, sighting, was_right=was_right).state is state


def test_caches_are_waited_for_as_long_as_they_say() -> None:
    checked = check(RSA, Sighting(at_zone=RIGHT, in_caches=NOTHING))
    assert (checked.is_right, checked.ttl) == (True, 2040)


def test_an_spf_record_of_the_owners_is_completed_and_not_replaced() -> None:
    checked = check(SPF, texts("v=spf1 mx -all"))
    assert advice_for(SPF, checked.found) == "v=spf1 mx include:spf.host.example -all"
    assert advice_for(SPF, ()) == ""


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_purpose_can_be_checked(purpose: Purpose) -> None:
    record = replace(TRACKING, purpose=purpose, key=RSA.key)
    assert check(record, texts()).state is CheckState.NOT_FOUND
