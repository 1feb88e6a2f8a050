"""`/v1/smtp-accounts`: logins for SMTP; a password is in the answer that makes it, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import Field

from sztafeta.account.api_key import ApiKey
from sztafeta.account.audit_values import account_values
from sztafeta.account.smtp_account import LOGIN, SmtpAccount
from sztafeta.account.smtp_password import WHAT_TO_CHANGE, PasswordFault
from sztafeta.api.desk import AtDesk, Desk, LiveAdministrator, Reader
from sztafeta.api.guarded import Guarded
from sztafeta.api.notebook import AtNotebook
from sztafeta.api.problem import Problem
from sztafeta.api.routes.shapes import Networks, Strict, View
from sztafeta.delivery.egress import SHARED
from sztafeta.service.fault import Fault
from sztafeta.service.ports import AlreadyThere
from sztafeta.service.smtp_accounts import LONGEST_OVERLAP, MOST, NewPassword, overlap_left

router = APIRouter(prefix="/v1/smtp-accounts", tags=["smtp-accounts"], route_class=Guarded)

Connections = Annotated[int, Field(ge=1, le=1000)]
Hours = Annotated[float, Field(gt=0, le=7 * 24)]
Overlap = Annotated[float, Field(ge=0, le=LONGEST_OVERLAP / timedelta(hours=1))]
Name = Annotated[str, Field(max_length=100)]
Source = Annotated[str, Field(max_length=40)]


def _for_example(body: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"example": body}}}}


class NewAccount(Strict):
    """A login to make."""

    login: Annotated[str, Field(max_length=60)]
    """`<number>.<your name>.smtp`, for example `2.alice.smtp`."""
    display_name: Name = ""
    """What people call it."""
    allowed_networks: Networks = []
    """Where it may log in from, like `192.0.2.0/24`; empty: from anywhere."""
    egress: Source = SHARED
    """Where its mail leaves from: `shared`, or the name of an address that you have alone."""
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
    display_name: Name | None = None
    """What people call it."""
    allowed_networks: Networks | None = None
    """Where it may log in from; an empty list: from anywhere."""
    egress: Source | None = None
    """Where its mail leaves from: `shared`, or the name of an address that you have alone."""
    cleartext_auth: bool | None = None
    """May log in without TLS."""
    failure_notices: bool | None = None
    """Send a notice to the sender when a message fails."""
    max_connections: Connections | None = None
    """Open connections at once."""
    ttl_hours: Hours | None = None
    """How long its mail is tried."""


class PasswordChange(Strict):
    """How the password is changed."""

    password: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """One of your own: 16 to 128 printable ASCII characters, hard to guess; else one is drawn."""
    overlap_hours: Overlap = 0
    """How long the former password goes on, at most seven days."""


class Account(View):
    """A login as it is shown."""

    login: str
    """The user name for SMTP."""
    display_name: str
    """What people call it."""
    allowed_networks: Sequence[str]
    """Where it may log in from; empty: from anywhere."""
    egress: str
    """Where its mail leaves from: `shared`, or the name of an address that you have alone."""
    egress_lost: bool
    """That address was taken away: mail leaves from the shared one."""
    former_password_until: datetime | None
    """How long the former password goes on; null: it is dead."""
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

    password: str | None
    """Keep it now: it is never shown again. Null: it is the one that you chose."""


class Accounts(View):
    """All logins of the customer."""

    data: Sequence[Account]
    """By login."""


@router.get("", response_model=Accounts, summary="List SMTP accounts")
async def list_accounts(key: Reader, desk: AtDesk) -> dict[str, Any]:
    """List the customer's SMTP accounts."""
    found = await desk.smtp_accounts.all_of(key.customer_name)
    return {"data": [_shown(one, desk) for one in found]}


@router.post("", response_model=SecretAccount, status_code=201, summary="Make an SMTP account")
async def create_account(
    key: LiveAdministrator, desk: AtDesk, notebook: AtNotebook, wish: NewAccount
) -> dict[str, Any]:
    """Make a login with a generated password; it is in force at once."""
    _refuse_foreign_login(wish.login, key.customer_name)
    _refuse_foreign_source(desk, key, wish.egress)
    account = SmtpAccount(
        account_id=0,
        customer_id=key.customer_id,
        customer_name=key.customer_name,
        login=wish.login,
        password_sha256=b"",
        display_name=wish.display_name,
        allowed_networks=tuple(wish.allowed_networks),
        egress=wish.egress,
        cleartext_auth=wish.cleartext_auth,
        failure_notices=wish.failure_notices,
        max_connections=wish.max_connections,
        ttl=timedelta(hours=wish.ttl_hours),
    )
    try:
        made = await desk.smtp_accounts.create(account)
    except AlreadyThere as taken:
        raise Problem("already_there", f"There is an SMTP account {wish.login}.") from taken
    if made is None:
        raise Problem("wrong_state", f"{MOST} SMTP accounts are the most.", "Delete one first.")
    after = account_values(made.account)
    await notebook.note(key, "smtp-account.made", wish.login, after=after)
    return _shown_once(made, desk)


@router.get("/{login}", response_model=Account, summary="See an SMTP account")
async def see_account(key: Reader, desk: AtDesk, login: str) -> dict[str, Any]:
    """Give one login, without its password."""
    return _shown(await _find(desk, key, login), desk)


@router.patch(
    "/{login}",
    response_model=Account,
    summary="Change an SMTP account",
    openapi_extra=_for_example(
        {"display_name": "Shop", "allowed_networks": ["192.0.2.0/24", "2001:db8::/32"]}
    ),
)
async def change_account(
    key: LiveAdministrator,
    desk: AtDesk,
    notebook: AtNotebook,
    login: str,
    change: AccountChange,
) -> dict[str, Any]:
    """Change its settings; in force within a second."""
    values: dict[str, Any] = change.model_dump(exclude_none=True)
    if "ttl_hours" in values:
        values["ttl"] = timedelta(hours=values.pop("ttl_hours"))
    if "allowed_networks" in values:
        values["allowed_networks"] = tuple(values["allowed_networks"])
    account = await _find(desk, key, login)
    if change.egress is not None:
        _refuse_foreign_source(desk, key, change.egress)
    changed = replace(account, **values)
    await desk.smtp_accounts.change(changed)
    before, after = account_values(account), account_values(changed)
    await notebook.note(key, "smtp-account.changed", login, before=before, after=after)
    return _shown(changed, desk)


@router.post(
    "/{login}/password",
    response_model=SecretAccount,
    summary="Change the password",
    openapi_extra=_for_example({"overlap_hours": 24}),
)
async def change_password(
    key: LiveAdministrator,
    desk: AtDesk,
    notebook: AtNotebook,
    login: str,
    change: Annotated[PasswordChange, Body()] = PasswordChange(),  # noqa: B008 - frozen
) -> dict[str, Any]:
    """Give it another password; the former one is dead within a second, or goes on for the overlap."""
    done = await desk.smtp_accounts.change_password(
        await _find(desk, key, login),
        change.password or "",
        overlap=timedelta(hours=change.overlap_hours),
        by=f"key_{key.key_id}",
    )
    if isinstance(done, PasswordFault):
        raise _bad_password(done)
    await notebook.note(key, "smtp-account.password-changed", login)
    return _shown_once(done, desk, was_chosen=change.password is not None)


@router.post("/{login}/end-overlap", response_model=Account, summary="End the former password")
async def end_overlap(
    key: LiveAdministrator, desk: AtDesk, notebook: AtNotebook, login: str
) -> dict[str, Any]:
    """Let the former password end now; one that has ended already stays so."""
    if await desk.smtp_accounts.end_overlap(await _find(desk, key, login)):
        await notebook.note(key, "smtp-account.former-password-ended", login)
    return _shown(await _find(desk, key, login), desk)


@router.delete("/{login}", status_code=204, summary="Delete an SMTP account")
async def delete_account(
    key: LiveAdministrator, desk: AtDesk, notebook: AtNotebook, login: str
) -> None:
    """Take a login away; its mail stays."""
    account = await _find(desk, key, login)
    if account.account_id == key.account.account_id:
        raise Problem(
            "wrong_state",
            f"Your API key sends by the account {login}.",
            "Make a key for another SMTP account, and delete this one with that.",
        )
    await desk.smtp_accounts.delete(account)
    await notebook.note(key, "smtp-account.deleted", login)


async def _find(desk: Desk, key: ApiKey, login: str) -> SmtpAccount:
    account = await desk.smtp_accounts.find(key.customer_id, login)
    if account is None:
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


def _refuse_foreign_source(desk: Desk, key: ApiKey, source: str) -> None:
    known = desk.smtp_accounts.sources_of(key.customer_name)
    if source not in known:
        fault = Fault(
            pointer="/egress", code="unknown_source", text=f"Choose one of: {', '.join(known)}."
        )
        raise Problem("invalid", "The outgoing address cannot be used.", errors=(fault,))


def _bad_password(found: PasswordFault) -> Problem:
    code = f"password_{found.value.replace(' ', '_')}"
    fault = Fault(pointer="/password", code=code, text=WHAT_TO_CHANGE[found])
    return Problem("invalid", "The password cannot be used.", errors=(fault,))


def _shown_once(new: NewPassword, desk: Desk, *, was_chosen: bool = False) -> dict[str, Any]:
    return {**_shown(new.account, desk), "password": None if was_chosen else new.password}


def _shown(account: SmtpAccount, desk: Desk) -> dict[str, Any]:
    former = account.former_password
    goes_on = former is not None and overlap_left(account, desk.clock.now()) is not None
    return {
        "login": account.login,
        "display_name": account.display_name,
        "allowed_networks": [str(network) for network in account.allowed_networks],
        "egress": account.egress,
        "egress_lost": desk.smtp_accounts.has_lost_its_source(account),
        "former_password_until": former.works_until if former and goes_on else None,
        "enabled": account.enabled,
        "cleartext_auth": account.cleartext_auth,
        "failure_notices": account.failure_notices,
        "max_connections": account.max_connections,
        "ttl_hours": account.ttl / timedelta(hours=1),
    }
