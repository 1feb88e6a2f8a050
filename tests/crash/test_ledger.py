"""The oracle itself: each kind of violation is seen, and an honest run has none (R-00)."""

from __future__ import annotations

import pytest
from tests.crash.ledger import Audit, Copy, Fate, Offer, Told, audit

OFFER = Offer(key="<1@example.com>", recipient="a@example.net", body_sha256="x", told=Told.YES)
COPY = Copy(key=OFFER.key, recipient=OFFER.recipient, body_sha256="x", accepted=True)
FATE = Fate(
    key=OFFER.key,
    recipient=OFFER.recipient,
    state="delivered",
    is_final=True,
    final_events=1,
    attempts=1,
)


def _offer(told: Told) -> Offer:
    return Offer(key=OFFER.key, recipient=OFFER.recipient, body_sha256="x", told=told)


def _fate(state: str, *, is_final: bool, final_events: int, attempts: int) -> Fate:
    return Fate(
        key=OFFER.key,
        recipient=OFFER.recipient,
        state=state,
        is_final=is_final,
        final_events=final_events,
        attempts=attempts,
    )


ALTERED = Copy(key=OFFER.key, recipient=OFFER.recipient, body_sha256="y", accepted=True)
TORN_OFF = Copy(key=OFFER.key, recipient=OFFER.recipient, body_sha256="x", accepted=False)
QUEUED = _fate("queued", is_final=False, final_events=0, attempts=0)
TWICE_TRIED = _fate("delivered", is_final=True, final_events=1, attempts=2)


def test_an_honest_run_has_no_violation() -> None:
    assert audit([OFFER], [COPY], [FATE]).violations() == {}


def test_a_message_that_still_waits_is_not_lost() -> None:
    assert audit([OFFER], [], [QUEUED]).violations() == {}


def test_without_an_answer_a_message_may_be_there_or_not() -> None:
    assert audit([_offer(Told.NOTHING)], [], []).violations() == {}
    assert audit([_offer(Told.NOTHING)], [COPY], [FATE]).violations() == {}


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("lost", audit([OFFER], [], [])),
        ("invented", audit([], [COPY], [])),
        ("forbidden", audit([_offer(Told.NO)], [COPY], [FATE])),
        ("altered", audit([OFFER], [ALTERED], [FATE])),
        ("undelivered", audit([OFFER], [], [FATE])),
        ("uncounted", audit([OFFER], [TORN_OFF, COPY], [FATE])),
        ("duplicated", audit([OFFER], [COPY, COPY], [TWICE_TRIED])),
        (
            "silent",
            audit([OFFER], [COPY], [_fate("delivered", is_final=True, final_events=0, attempts=1)]),
        ),
    ],
)
def test_each_kind_of_violation_is_seen(kind: str, found: Audit) -> None:
    assert list(found.violations()) == [kind]


def test_a_duplicate_is_excused_only_while_it_was_in_flight() -> None:
    found = audit(
        [OFFER], [COPY, COPY, COPY], [_fate("delivered", is_final=True, final_events=1, attempts=3)]
    )
    assert found.violations(in_flight=2) == {}
    assert list(found.violations(in_flight=1)) == ["duplicated"]
