"""R-60, P6: the ladder as a whole delivery walks it, by a clock that we move: five days in a moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.doubles.delivery_house import DeliveryHouse, text_of
from tests.doubles.scripted_hops import DEAD, LATER, TOO_MANY

from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.service.ports import NewMessage, Selection

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def days_pass(here: DeliveryHouse, days: int = 5) -> None:
    """Look every minute for so many days, as the scheduler does every second."""
    for minute in range(days * 24 * 60):
        alarm = here.schedule.next_alarm
        if minute % 15 == 0 or (alarm is not None and alarm <= here.clock.now()):
            here.schedule.review_busy()
            await here.work()
        here.clock.advance(MINUTE)


def ages(here: DeliveryHouse, message: NewMessage) -> list[timedelta]:
    """Give the age at each attempt."""
    (row,) = here.rows(message)
    return [attempt.started_at - message.accepted_at for attempt in row.attempts]


@pytest.mark.parametrize("jitter", [0.0, 0.2])
async def test_a_greylisted_recipient_is_tried_soon_often_and_given_up_once(jitter: float) -> None:
    here = await DeliveryHouse(jitter=jitter).join()
    here.dialer.answers = {"bob@example.net": [LATER]}
    message = await here.send("bob@example.net")
    await here.work()
    await days_pass(here)
    tries = ages(here, message)
    assert MINUTE <= tries[1] <= 5 * MINUTE
    assert sum(age <= HOUR for age in tries) >= 3
    assert 47 * HOUR < tries[-1] <= 48 * HOUR
    assert here.states(message) == [State.EXPIRED]
    assert here.events(message)[0].count(EventKind.BOUNCED) == 1
    (notice,) = here.notices
    assert "Action: failed" in text_of(notice)
    assert here.states(notice) == [State.DELIVERED]


async def test_a_host_that_is_dead_for_a_day_gets_the_mail_on_the_next() -> None:
    here = await DeliveryHouse().join()
    here.dialer.failures = {"example.net": DEAD}
    messages = [await here.send(f"bob{n}@example.net") for n in range(10)]
    await here.work()
    await days_pass(here, 1)
    here.dialer.failures = {}
    await days_pass(here, 1)
    assert {state for one in messages for state in here.states(one)} == {State.DELIVERED}


async def test_other_transactions_at_once_do_not_climb_the_ladder() -> None:
    """R-43: 452 is no failure: who is greylisted after ten of them is tried within five minutes."""
    here = await DeliveryHouse().join()
    names = [f"bob{n}@example.net" for n in range(12)]
    here.dialer.answers = {
        name: [*[TOO_MANY] * place, LATER] for place, name in enumerate(names) if place
    }
    message = await here.send(*names)
    await here.work()
    waits = [row.due_at - here.clock.now() for row in here.rows(message)[1:]]
    assert max(waits) <= 5 * MINUTE


async def test_an_operators_retries_do_not_climb_the_ladder() -> None:
    here = await DeliveryHouse().join()
    here.dialer.answers = {"bob@example.net": [LATER]}
    message = await here.send("bob@example.net")
    await here.work()
    for _ in range(5):
        await here.store.retry(Selection(), now=here.clock.now())
        await here.work()
    (row,) = here.rows(message)
    assert row.attempt == 6
    assert row.due_at - here.clock.now() <= 5 * MINUTE
