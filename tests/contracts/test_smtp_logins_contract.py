"""SMTP logins, on both databases: the last of each account, and those that failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sztafeta.account.login_cause import LoginCause
from sztafeta.service.ports import SmtpLogin
from sztafeta.store.open import Store

NOW = datetime(2026, 11, 3, 14, 5, 9, tzinfo=UTC)


def login(minutes: int, cause: LoginCause | None = None) -> SmtpLogin:
    return SmtpLogin(
        at=NOW + timedelta(minutes=minutes),
        address="192.0.2.1",
        tls="TLSv1.3 X",
        client_name="shop\x00",
        cause=cause,
    )


async def test_the_last_login_of_each_account_is_kept(real_store: Store) -> None:
    await real_store.logins.note_logins({1: login(1), 2: login(2)}, [])
    await real_store.logins.note_logins({1: login(3)}, [])
    found = await real_store.logins.last_logins([1, 2, 3])
    assert {number: one.at for number, one in found.items()} == {
        1: login(3).at,
        2: login(2).at,
    }
    assert found[1].client_name == "shop\ufffd"
    assert await real_store.logins.last_logins([]) == {}


async def test_failures_are_listed_newest_first_and_forgotten_by_age(real_store: Store) -> None:
    failures = [(1, login(number, LoginCause.EMPTY)) for number in range(5)]
    other = (2, login(9, LoginCause.NETWORK))
    await real_store.logins.note_logins({}, [*failures, other])
    found = await real_store.logins.login_failures(1, limit=3)
    assert [one.at for one in found] == [login(number).at for number in (4, 3, 2)]
    assert {one.cause for one in found} == {LoginCause.EMPTY}
    assert await real_store.logins.forget_login_failures(login(4).at) == 4
    assert len(await real_store.logins.login_failures(1, limit=9)) == 1
    assert len(await real_store.logins.login_failures(2, limit=9)) == 1
