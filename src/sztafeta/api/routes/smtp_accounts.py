"""`/v1/smtp-accounts`: logins for SMTP; a password is in the answer that makes it, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from sztafeta.account.api_key import ApiKey
from sztafeta.account.smtp_account import LOGIN, SmtpAccount, make_password
from sztafeta.api.desk import AtDesk, Desk, LiveAdministrator, Reader
from sztafeta.api.guarded import Guarded
from sztafeta.api.problem import Problem
from sztafeta.api.routes.shapes import Strict, View
from sztafeta.service.fault import Fault
from sztafeta.service.ports import AlreadyThere, NotThere

router = APIRouter(prefix="/v1/smtp-accounts", tags=["smtp-accounts"], route_class=Guarded)

Connections = Annotated[int, Field(ge=1, le=1000)]
Hours = Annotated[float, Field(gt=0, le=7 * 24)]


class NewAccount(Strict):
    """A login to make."""

    login: Annotated[str, Field(max_length=60)]
    """`<number>.<your name>.smtp`, for example `2.alice.smtp`."""
    cleartext_auth: bool = False
    """May log in without TLS, for old devices."""
    failure_notices: bool = True
    """Send a notice (RFC 3464) to the sender when a message fails and asks for none."""
    max_connections: Connections = 50
    """Open connections at once."""
    ttl_hours: Hours = 48
    """How long its mail is tried."""


class AccountChange(Strict):
    """What to change; what is left out stays."""

    enabled: bool | None = None
    """May log in and send."""
    cleartext_auth: bool | None = None
    """May log in without TLS."""
    failure_notices: bool | None = None
    """Send a notice to the sender when a message fails."""
    max_connections: Connections | None = None
    """Open connections at once."""
    ttl_hours: Hours | None = None
    """How long its mail is tried."""


class Account(View):
    """A login as it is shown."""

    login: str
    """The user name for SMTP."""
    enabled: bool
    """May log in and send; false also when the customer is suspended."""
    cleartext_auth: bool
    """May log in without TLS."""
    failure_notices: bool
    """A notice is sent to the sender when a message fails."""
    max_connections: int
    """Open connections at once."""
    ttl_hours: float
    """How long its mail is tried."""


class SecretAccount(Account):
    """A login that was just given a password."""

    password: str
    """Keep it now: it is never shown again."""


class Accounts(View):
    """All logins of the customer."""

    data: Sequence[Account]
    """By login."""


@router.get("", response_model=Accounts, summary="List SMTP accounts")
async def list_accounts(key: Reader, desk: AtDesk) -> dict[str, Any]:
    """List the customer's SMTP accounts."""
    found = await desk.account_administration.smtp_accounts(key.customer_name)
    return {"data": [_shown(one) for one in found]}


@router.post("", response_model=SecretAccount, status_code=201, summary="Make an SMTP account")
async def create_account(key: LiveAdministrator, desk: AtDesk, wish: NewAccount) -> dict[str, Any]:
    """Make a login with a generated password; it is in force at once."""
    _refuse_foreign_login(wish.login, key.customer_name)
    account = SmtpAccount(
        account_id=0,
        customer_id=key.customer_id,
        customer_name=key.customer_name,
        login=wish.login,
        password_sha256=b"",
        cleartext_auth=wish.cleartext_auth,
        failure_notices=wish.failure_notices,
        max_connections=wish.max_connections,
        ttl=timedelta(hours=wish.ttl_hours),
    )
    password = make_password()
    try:
        made = await desk.account_administration.create_smtp_account(
            account, password=password, now=desk.clock.now()
        )
    except AlreadyThere as taken:
        raise Problem("already_there", f"There is an SMTP account {wish.login}.") from taken
    return {**_shown(made), "password": password}


@router.get("/{login}", response_model=Account, summary="See an SMTP account")
async def see_account(key: Reader, desk: AtDesk, login: str) -> dict[str, Any]:
    """Give one login, without its password."""
    return _shown(await _find(desk, key, login))


@router.patch("/{login}", response_model=Account, summary="Change an SMTP account")
async def change_account(
    key: LiveAdministrator, desk: AtDesk, login: str, change: AccountChange
) -> dict[str, Any]:
    """Change its settings; in force within a second."""
    values: dict[str, Any] = change.model_dump(exclude_none=True)
    if "ttl_hours" in values:
        values["ttl"] = timedelta(hours=values.pop("ttl_hours"))
    changed = replace(await _find(desk, key, login), **values)
    await desk.account_administration.change_smtp_account(changed)
    return _shown(changed)


@router.post("/{login}/password", response_model=SecretAccount, summary="Change the password")
async def change_password(key: LiveAdministrator, desk: AtDesk, login: str) -> dict[str, Any]:
    """Give it another password; the old one is dead within a second."""
    account = await _find(desk, key, login)
    password = make_password()
    await desk.account_administration.set_password(account.login, password)
    return {**_shown(account), "password": password}


@router.delete("/{login}", status_code=204, summary="Delete an SMTP account")
async def delete_account(key: LiveAdministrator, desk: AtDesk, login: str) -> None:
    """Take a login away; its mail stays."""
    account = await _find(desk, key, login)
    if account.account_id == key.account.account_id:
        raise Problem(
            "wrong_state",
            f"Your API key sends by the account {login}.",
            "Make a key for another SMTP account, and delete this one with that.",
        )
    try:
        await desk.account_administration.delete_smtp_account(account.login)
    except NotThere as gone:
        raise _not_found(login) from gone


async def _find(desk: Desk, key: ApiKey, login: str) -> SmtpAccount:
    account = await desk.accounts.smtp_account(login)
    if account is None or account.customer_id != key.customer_id:
        raise _not_found(login)
    return account


def _not_found(login: str) -> Problem:
    return Problem("not_found", f"There is no SMTP account {login}.")


def _refuse_foreign_login(login: str, customer: str) -> None:
    found = LOGIN.fullmatch(login)
    if found is None or found[1] != customer:
        text = f"A login of yours looks like 2.{customer}.smtp."
        fault = Fault(pointer="/login", code="invalid_login", text=text)
        raise Problem("invalid", "The login cannot be used.", errors=(fault,))


def _shown(account: SmtpAccount) -> dict[str, Any]:
    return {
        "login": account.login,
        "enabled": account.enabled,
        "cleartext_auth": account.cleartext_auth,
        "failure_notices": account.failure_notices,
        "max_connections": account.max_connections,
        "ttl_hours": account.ttl / timedelta(hours=1),
    }
