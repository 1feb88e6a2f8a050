"""The oracle itself: each kind of violation is seen, and an honest run has none (R-00)."""

from __future__ import annotations

import pytest
from tests.crash.ledger import Audit, Copy, Fate, Offer, Told, audit

OFFER = Offer(key="<1@example.com>", recipient="a@example.net", body_sha256="x", told=Told.YES)
COPY = Copy(key=OFFER.key, recipient=OFFER.recipient, body_sha256="x", accepted=True)


def _offer(told: Told) -> Offer:
    return Offer(key=OFFER.key, recipient=OFFER.recipient, body_sha256="x", told=told)


def _fate(state: str, *, is_final: bool, final_events: int, attempts: int = 0) -> Fate:
    return Fate(
        key=OFFER.key,
        recipient=OFFER.recipient,
        state=state,
        is_final=is_final,
        final_events=final_events,
        attempts=attempts,
    )


def _delivered(*, final_events: int = 1, attempts: int = 1) -> Fate:
    return _fate("delivered", is_final=True, final_events=final_events, attempts=attempts)


FATE = _delivered()
ALTERED = Copy(key=OFFER.key, recipient=OFFER.recipient, body_sha256="y", accepted=True)
TORN_OFF = Copy(key=OFFER.key, recipient=OFFER.recipient, body_sha256="x", accepted=False)
QUEUED = _fate("queued", is_final=False, final_events=0)
TWICE_TRIED = _delivered(attempts=2)


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
        ("undelivered", audit([OFFER], [TORN_OFF], [FATE])),
        ("uncounted", audit([OFFER], [TORN_OFF, COPY], [FATE])),
        ("duplicated", audit([OFFER], [COPY, COPY], [TWICE_TRIED])),
        ("silent", audit([OFFER], [COPY], [_delivered(final_events=0)])),
        ("silent", audit([OFFER], [COPY], [_delivered(final_events=2)])),
        ("silent", audit([OFFER], [], [_fate("queued", is_final=False, final_events=1)])),
    ],
)
def test_each_kind_of_violation_is_seen(kind: str, found: Audit) -> None:
    """R-00: the oracle's own proof; each book shows its sin and no other."""
    assert list(found.violations()) == [kind]


def test_a_duplicate_is_excused_once_for_each_time_it_was_in_flight() -> None:
    found = audit([OFFER], [COPY, COPY, COPY], [_delivered(attempts=3)])
    assert found.violations({OFFER.name: 2}) == {}
    assert found.violations({OFFER.name: 1}) == {"duplicated": found.duplicated[:1]}


def test_what_was_in_flight_excuses_no_duplicate_of_another() -> None:
    found = audit([OFFER], [COPY, COPY], [TWICE_TRIED])
    another = ("<2@example.com>", OFFER.recipient)
    assert list(found.violations({another: 5})) == ["duplicated"]


def test_a_refusal_after_an_acceptance_takes_nothing_back() -> None:
    assert audit([OFFER, _offer(Told.NO)], [COPY], [FATE]).violations() == {}
    assert list(audit([OFFER, _offer(Told.NO)], [], []).violations()) == ["lost"]
