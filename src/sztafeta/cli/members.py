"""`sztafeta member` and `sztafeta audit`: the people of a customer, and what they changed.

The first administrator of a customer is made here, when the operator takes no sign-ups.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from sztafeta.account.member import Member
from sztafeta.account.password import make_first_password
from sztafeta.cli.audit_log import audit_of
from sztafeta.cli.output import Json, Output, UserFault
from sztafeta.cli.queue import customer_id_of
from sztafeta.cli.run import ConfigOption, with_store
from sztafeta.mail.address import AddressFault, parse_mailbox
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.ports import AlreadyThere, Credentials
from sztafeta.store.open import Store

application = typer.Typer(
    no_args_is_help=True,
    help="People: who may log in to the panel for a customer.\n\n"
    "A first password is printed once and must be changed at the first login.",
    epilog="Example: sztafeta member add alice@example.com --customer alice --administrator",
)
audit = typer.Typer(no_args_is_help=True, help="The audit log: what people changed in the panel.")

CustomerOption = Annotated[str, typer.Option("--customer", help="Whose people.")]
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="Account name or e-mail address.")]


@application.command("add")
def add(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address to log in with.")],
    customer: CustomerOption,
    name: Annotated[str, typer.Option("--name", help="What the person is called.")] = "",
    account_name: Annotated[
        str, typer.Option("--account-name", help="Another name to log in by.")
    ] = "",
    administrator: Annotated[
        bool, typer.Option("--administrator", help="With every right; without it, with none yet.")
    ] = False,
    language: Annotated[str, typer.Option("--language", help="pl or en.")] = "pl",
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Make a member and print a first password, this once."""
    wanted = Member(
        member_id=0,
        customer_id=0,
        customer_name=customer,
        account_name=account_name,
        email=email,
        name=name or email.partition("@")[0],
        is_administrator=administrator,
        language="en" if language == "en" else "pl",
        must_change_password=True,
    )

    async def work(store: Store) -> None:
        _insist_on_address(email)
        password = make_first_password()
        member = await _created(store, wanted, password)
        Output(as_json=as_json).facts(
            {**shown(member), "password": password},
            note="Keep the password now: it is never shown again.",
        )

    with_store(config, work)


@application.command("list")
def list_members(
    customer: CustomerOption, config: ConfigOption = None, as_json: Json = False
) -> None:
    """List a customer's people by name."""

    async def work(store: Store) -> None:
        found = await store.members.members(await customer_id_of(store, customer))
        columns = ["email", "name", "account_name", "administrator", "second_step", "state"]
        empty = "There is nobody. Make somebody: sztafeta member add EMAIL --customer NAME"
        Output(as_json=as_json).table(columns, [shown(one) for one in found], empty=empty)

    with_store(config, work)


@application.command("reset-password")
def reset_password(
    login: Login,
    second_step: Annotated[
        bool,
        typer.Option("--remove-second-step", help="Take app, codes and passkeys away, too."),
    ] = False,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Print another first password, this once; all sessions end."""

    async def work(store: Store) -> None:
        known = await _known(store, login)
        password = make_first_password()
        await store.members.set_password(
            known.member.member_id,
            await Hashing().hash(password),
            must_change=True,
            now=datetime.now(UTC),
        )
        await store.sessions.end_sessions(known.member.member_id)
        if second_step:
            await _remove_second_step(store, known.member)
        await _note(store, known.member, "password.reset-by-operator")
        Output(as_json=as_json).facts(
            {"email": known.member.email, "password": password},
            note="Keep the password now: it is never shown again.",
        )

    with_store(config, work)


@audit.command("verify")
def verify(
    customer: Annotated[str, typer.Option("--customer", help="Whose log.")],
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Check that no entry was changed or deleted; name the first that was."""

    async def work(store: Store) -> None:
        broken = await store.audit.broken_audit_entry(await customer_id_of(store, customer))
        if broken is not None:
            raise UserFault(f"entry {broken} of the audit log of {customer} was changed or is gone")
        Output(as_json=as_json).facts({"customer": customer, "state": "whole"})

    with_store(config, work)


def shown(member: Member) -> dict[str, Any]:
    """Show a member."""
    due = "first login is due" if member.must_change_password else "may log in"
    return {
        "email": member.email,
        "name": member.name,
        "account_name": member.account_name,
        "customer": member.customer_name,
        "administrator": member.is_administrator,
        "second_step": member.has_second_factor,
        "state": due if member.is_enabled else "may not log in",
    }


async def _created(store: Store, wanted: Member, password: str) -> Member:
    customer_id = await customer_id_of(store, wanted.customer_name)
    try:
        member = await store.members.create_member(
            replace(wanted, customer_id=customer_id),
            password_hash=await Hashing().hash(password),
            now=datetime.now(UTC),
        )
    except AlreadyThere as taken:
        raise UserFault(f"{taken}; sztafeta member list shows who is there") from taken
    await _note(store, member, "member.added-by-operator")
    return member


async def _known(store: Store, login: str) -> Credentials:
    known = await store.members.credentials(login)
    if known is None:
        raise UserFault(
            f"nobody logs in as {login}; sztafeta member list --customer NAME shows them"
        )
    return known


async def _remove_second_step(store: Store, member: Member) -> None:
    factors = store.second_factors
    await factors.remove_totp(member.member_id, may_be_last=True)
    await factors.set_recovery_codes(member.member_id, [])
    for passkey in await factors.passkeys(member.member_id):
        await factors.remove_passkey(member.member_id, passkey.credential_id, may_be_last=True)


async def _note(store: Store, member: Member, action: str) -> None:
    """Note what the operator did, so that the customer sees it."""
    await audit_of(store).note_by_operator(member.customer_id, action, member.email)


def _insist_on_address(text: str) -> None:
    try:
        parse_mailbox(text)
    except AddressFault as fault:
        raise UserFault(f"{text} is no e-mail address: {fault}") from fault
