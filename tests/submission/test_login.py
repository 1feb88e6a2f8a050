"""Logins: same words, same work for every failure (C-050 … C-058, S-13 as the issue has it, S-31)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from tests.doubles.submission_house import (
    LOGIN,
    PASSWORD,
    SUSPENDED_LOGIN,
    TLS_ONLY_LOGIN,
    KeptMail,
)

from sztafeta.account.login_cause import LoginCause
from sztafeta.account.smtp_account import FormerPassword, SmtpAccount, digest_of
from sztafeta.smtp.command import Auth
from sztafeta.submission.known_accounts import KnownAccounts
from sztafeta.submission.limits import Limits
from sztafeta.submission.login import Login, LoginVerdict
from sztafeta.submission.throttle import LoginThrottle

NOW = datetime(2026, 11, 3, 14, 5, 9, tzinfo=UTC)


def login_of(store: KeptMail) -> Login:
    return Login(
        KnownAccounts(store, time=lambda: 0.0),
        LoginThrottle(Limits()),
        time=lambda: 0.0,
        now=lambda: NOW,
    )


async def judge(
    login: str = LOGIN,
    password: str = PASSWORD,
    *,
    authorization: str = "",
    cleartext: bool = False,
    store: KeptMail | None = None,
    address: str = "192.0.2.7",
) -> LoginVerdict:
    auth = Auth("PLAIN", authorization, login, password, cleartext)
    return await login_of(store or KeptMail()).judge(auth, "192.0.2.7", address)


async def test_the_right_password_is_235() -> None:
    """C-050."""
    verdict = await judge()
    assert (verdict.reply.code, str(verdict.reply.status)) == (235, "2.7.0")
    assert verdict.account is not None
    assert verdict.failure is None


@pytest.mark.parametrize(
    ("login", "password", "authorization", "failure"),
    [
        (LOGIN, "wrong", "", "wrong-password"),
        ("1.charlie.smtp", PASSWORD, "", "unknown-login"),
        (SUSPENDED_LOGIN, "wrong", "", "wrong-password"),
        (LOGIN, PASSWORD, TLS_ONLY_LOGIN, "wrong-identity"),
        (LOGIN.upper(), PASSWORD, "", "unknown-login"),
        (LOGIN, "", "", "wrong-password"),
    ],
)
async def test_every_wrong_login_gets_the_same_line(
    login: str, password: str, authorization: str, failure: str
) -> None:
    """C-052, S-31, S-33: exactly `535 5.7.8 Error: authentication failed`."""
    verdict = await judge(login, password, authorization=authorization)
    reply = verdict.reply
    assert f"{reply.code} {reply.status} {reply.text}" == "535 5.7.8 Error: authentication failed"
    assert verdict.failure == failure


async def test_an_unknown_login_asks_the_store_just_as_often() -> None:
    """S-31."""
    store = KeptMail()
    await judge("1.charlie.smtp", store=store)
    unknown, store.look_ups = store.look_ups, 0
    await judge(LOGIN, "wrong", store=store)
    assert store.look_ups == unknown == 1


async def test_to_name_oneself_as_the_identity_to_act_as_is_fine() -> None:
    assert (await judge(authorization=LOGIN)).reply.code == 235


async def test_a_suspended_account_is_told_so_only_after_the_right_password() -> None:
    """C-058."""
    verdict = await judge(SUSPENDED_LOGIN)
    assert (verdict.reply.code, str(verdict.reply.status)) == (525, "5.7.13")
    assert verdict.failure == "suspended"


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
@pytest.mark.parametrize("login", [TLS_ONLY_LOGIN, "1.charlie.smtp"])
async def test_in_the_clear_whoever_may_not_gets_538_whatever_the_password(
    login: str, password: str
) -> None:
    """S-13, as the issue has it: the same words for an unknown login."""
    verdict = await judge(login, password, cleartext=True)
    assert (verdict.reply.code, str(verdict.reply.status)) == (538, "5.7.11")
    assert "TLS" in verdict.reply.text
    assert verdict.failure == "cleartext"


async def test_in_the_clear_an_account_that_may_is_let_in() -> None:
    assert (await judge(cleartext=True)).reply.code == 235


async def test_a_store_that_fails_is_not_a_wrong_password() -> None:
    """C-056."""
    with pytest.raises(OSError):
        await judge(store=KeptMail(account_failure=OSError("gone")))


async def test_after_too_many_failures_even_the_right_password_is_454_with_how_long() -> None:
    """S-30."""
    login = login_of(KeptMail())
    for number in range(10):
        wrong = Auth("PLAIN", "", f"{number}.charlie.smtp", "wrong", False)
        assert (await login.judge(wrong, "192.0.2.7", "192.0.2.7")).reply.code == 535
    right = Auth("PLAIN", "", LOGIN, PASSWORD, False)
    reply = (await login.judge(right, "192.0.2.7", "192.0.2.7")).reply
    assert (reply.code, str(reply.status)) == (454, "4.7.0")
    assert reply.text.endswith("try again in 60 seconds")
    assert (await login.judge(right, "192.0.2.8", "192.0.2.8")).reply.code == 235


async def account_of(store: KeptMail) -> SmtpAccount:
    account = await store.smtp_account(LOGIN)
    assert account is not None
    return account


class OneAccount(KeptMail):
    """A store with an account that the test made."""

    def __init__(self, account: SmtpAccount) -> None:
        super().__init__()
        self._account = account

    async def smtp_account(self, login: str) -> SmtpAccount | None:
        """Give it, whatever the login."""
        return self._account


async def test_an_account_with_an_allow_list_is_closed_to_other_addresses() -> None:
    """S-36: the wire says 535 as for a wrong password; the owner reads the cause."""
    fenced = replace(
        await account_of(KeptMail()), allowed_networks=(ip_network("198.51.100.0/24"),)
    )
    inside = await judge(store=OneAccount(fenced), address="198.51.100.9")
    outside = await judge(store=OneAccount(fenced))
    assert inside.reply.code == 235
    assert (outside.reply.text, outside.cause) == (
        "Error: authentication failed",
        LoginCause.NETWORK,
    )


@pytest.mark.parametrize(
    ("left", "code", "cause"),
    [(timedelta(seconds=1), 235, None), (timedelta(0), 535, LoginCause.FORMER_PASSWORD)],
)
async def test_the_former_password_is_good_until_its_time_is_over(
    left: timedelta, code: int, cause: LoginCause | None
) -> None:
    former = FormerPassword(
        password_sha256=digest_of(PASSWORD), works_until=NOW + left, replaced_at=NOW
    )
    account = replace(
        await account_of(KeptMail()),
        password_sha256=digest_of("another"),
        former_password=former,
    )
    verdict = await judge(store=OneAccount(account))
    assert (verdict.reply.code, verdict.cause) == (code, cause)


@pytest.mark.parametrize(
    ("password", "cause"),
    [
        ("wrong", LoginCause.WRONG_PASSWORD),
        (f" {PASSWORD}", LoginCause.BLANKS),
        (f"{PASSWORD}\r\n", LoginCause.BLANKS),
        (f'"{PASSWORD}"', LoginCause.BLANKS),
        ("szt_live_abc", LoginCause.API_KEY),
        ("", LoginCause.EMPTY),
    ],
)
async def test_the_owner_is_told_more_than_the_wire(password: str, cause: LoginCause) -> None:
    verdict = await judge(password=password)
    assert (verdict.reply.code, verdict.cause) == (535, cause)
