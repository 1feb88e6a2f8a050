"""`sztafeta account password` and `end-overlap`: passwords of SMTP accounts, changed by the operator."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.account.smtp_password import WHAT_TO_CHANGE, PasswordFault
from sztafeta.cli.account_settings import Login, duration, settings_of
from sztafeta.cli.accounts import find, verb_of
from sztafeta.cli.audit_log import audit_of
from sztafeta.cli.output import Json, Output, UserFault
from sztafeta.cli.run import ConfigOption, with_store
from sztafeta.config.units import format_duration
from sztafeta.service.smtp_accounts import LONGEST_OVERLAP
from sztafeta.store.open import Store

Overlap = Annotated[
    str | None,
    typer.Option(
        "--overlap",
        metavar="DURATION",
        help="How long the former password goes on, e.g. 24h; at most 7d. Not at all unless given.",
    ),
]
Choose = Annotated[
    bool, typer.Option("--choose", help="Ask for a password of your own instead of drawing one.")
]


def change_password(
    login: Login,
    overlap: Overlap = None,
    choose: Choose = False,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Give an SMTP account a new password; the former one is dead within a second, or after the overlap.

    A drawn password is shown once. One of your own has 16 to 128 letters, digits and signs.
    """
    going_on = _overlap(overlap)
    chosen = _ask() if choose else ""

    async def work(store: Store) -> None:
        account = await find(store, login)
        done = await verb_of(store, config).change_password(
            account, chosen, overlap=going_on, by=""
        )
        if isinstance(done, PasswordFault):
            raise UserFault(f"the password cannot be used. {WHAT_TO_CHANGE[done]}")
        await _note(store, account, "smtp-account.password-changed")
        shown = {"login": login} | ({} if chosen else {"password": done.password})
        if going_on:
            stored = settings_of(await find(store, login))
            shown["former_password_until"] = stored["former_password_until"]
        note = "The password is stored as a hash and cannot be shown again."
        Output(as_json=as_json).facts(shown, note=note)

    with_store(config, work)


def end_overlap(login: Login, config: ConfigOption = None, as_json: Json = False) -> None:
    """Let the former password of an SMTP account end before its time."""

    async def work(store: Store) -> None:
        account = await find(store, login)
        was_good = await verb_of(store, config).end_overlap(account)
        if was_good:
            await _note(store, account, "smtp-account.former-password-ended")
        note = "" if was_good else "No former password was in force."
        Output(as_json=as_json).facts({"login": login, "ended": was_good}, note=note)

    with_store(config, work)


async def _note(store: Store, account: SmtpAccount, action: str) -> None:
    await audit_of(store).note_by_operator(account.customer_id, action, account.login)


def _overlap(written: str | None) -> timedelta:
    going_on = timedelta(0) if written is None else duration(written)
    if going_on > LONGEST_OVERLAP:
        raise typer.BadParameter(f"an overlap is at most {format_duration(LONGEST_OVERLAP)}")
    return going_on


def _ask() -> str:
    """Ask on the terminal: what stands on the command line is seen by all users of the machine."""
    answer: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    return answer
