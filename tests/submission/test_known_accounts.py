"""Accounts as they were a moment ago: trusted for a second, asked for once."""

from __future__ import annotations

import asyncio

import pytest
from tests.doubles.submission_house import LOGIN, KeptMail, account

from sztafeta.submission.known_accounts import KnownAccounts


class SteadyClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_an_account_is_trusted_for_half_a_second() -> None:
    """S-35."""
    store, time = KeptMail(), SteadyClock()
    known = KnownAccounts(store, time=time)
    assert known.recent(LOGIN) is None
    assert await known.find(LOGIN) == store.accounts[LOGIN]
    time.now = 0.5
    assert known.recent(LOGIN) == store.accounts[LOGIN]
    time.now = 0.6
    assert known.recent(LOGIN) is None


async def test_many_who_ask_at_once_ask_the_store_once() -> None:
    store = KeptMail()
    known = KnownAccounts(store, time=SteadyClock())
    found = await asyncio.gather(*(known.find(LOGIN) for _ in range(50)))
    assert found == [store.accounts[LOGIN]] * 50
    assert store.look_ups == 1


async def test_an_account_that_is_gone_is_forgotten() -> None:
    store = KeptMail()
    known = KnownAccounts(store, time=SteadyClock())
    await known.find(LOGIN)
    del store.accounts[LOGIN]
    assert await known.find(LOGIN) is None
    assert known.recent(LOGIN) is None


async def test_a_failing_store_is_told_to_everybody_who_asked_and_asked_again_later() -> None:
    store = KeptMail(account_failure=OSError("gone"))
    known = KnownAccounts(store, time=SteadyClock())
    answers = await asyncio.gather(*(known.find(LOGIN) for _ in range(2)), return_exceptions=True)
    assert all(isinstance(answer, OSError) for answer in answers)
    store.account_failure = None
    assert await known.find(LOGIN) == account(LOGIN, 1)


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    known = KnownAccounts(KeptMail(), time=SteadyClock())
    first = asyncio.ensure_future(known.find(LOGIN))
    second = asyncio.ensure_future(known.find(LOGIN))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is not None
    with pytest.raises(asyncio.CancelledError):
        await first
