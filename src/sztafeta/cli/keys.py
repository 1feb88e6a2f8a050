"""`sztafeta key`: API keys, made and ended by the operator."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from sztafeta.account.api_key import ApiKey, Mode, Scope, is_escape
from sztafeta.account.audit_values import key_subject, key_values
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.cli.audit_log import audit_of
from sztafeta.cli.output import Json, Output, UserFault
from sztafeta.cli.queue import customer_id_of
from sztafeta.cli.run import ConfigOption, with_store
from sztafeta.mail.address import AddressFault
from sztafeta.net.clock import SystemClock
from sztafeta.service.api_keys import ApiKeys, KeyWish
from sztafeta.service.sending_domains import read_domain
from sztafeta.store.open import Store

application = typer.Typer(
    no_args_is_help=True,
    help="API keys: how a customer's programs prove themselves over HTTP.\n\n"
    "A key is shown once, when it is made. A test key never sends: its mail is read in the test inbox.",
    epilog="Example: sztafeta key add --account 1.alice.smtp --name shop",
)

KeyId = Annotated[str, typer.Argument(metavar="KEY", help="Its id, for example key_0Ab3….")]


@application.command("add", epilog="Example: sztafeta key add --account 1.alice.smtp --name shop")
def add(
    account: Annotated[
        str, typer.Option("--account", metavar="LOGIN", help="The SMTP account it sends by.")
    ],
    name: Annotated[str, typer.Option("--name", help="What people call it.")] = "key",
    mode: Annotated[Mode, typer.Option("--mode", help="test: nothing leaves.")] = Mode.LIVE,
    scopes: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What it may do; repeat it. All but admin unless given."),
    ] = None,
    domains: Annotated[
        list[str] | None,
        typer.Option("--domain", help="Sends from this domain alone; repeat it. All unless given."),
    ] = None,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it, this once."""

    async def work(store: Store) -> None:
        wanted = frozenset(scopes or set(Scope) - {Scope.ADMIN})
        if is_escape(wanted, domains or ()):
            raise UserFault(
                "a key with admin is for all domains: leave out --domain or --scope admin"
            )
        found = await _account(store, account)
        made = await keys_of(store).make(
            KeyWish(
                name=name,
                mode=mode,
                scopes=wanted,
                account=found,
                allowed_domains=await _domains(store, found, domains or ()),
            )
        )
        await _note(store, "key.made", made.key)
        Output(as_json=as_json).facts(
            {**shown(made.key), "secret": made.text},
            note="Keep the secret now: it is never shown again.",
        )

    with_store(config, work)


@application.command("list")
def list_keys(
    customer: Annotated[str, typer.Option("--customer", help="Whose keys.")],
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """List a customer's keys, the newest first."""

    async def work(store: Store) -> None:
        found = await keys_of(store).all_of(await customer_id_of(store, customer))
        columns = ["key", "name", "mode", "account", "scopes", "state", "last_used_at"]
        rows = [shown(one) for one in found]
        Output(as_json=as_json).table(
            columns, rows, empty="There is no key. Make one: sztafeta key add --account LOGIN"
        )

    with_store(config, work)


@application.command("revoke")
def revoke(key: KeyId, config: ConfigOption = None, as_json: Json = False) -> None:
    """End a key; it is dead within a second on every node."""

    async def work(store: Store) -> None:
        found = await store.api_keys.api_key(key.removeprefix("key_"))
        if found is None:
            raise UserFault(f"there is no key {key}; sztafeta key list --customer NAME shows them")
        ended = await keys_of(store).revoke(found)
        await _note(store, "key.revoked", ended)
        Output(as_json=as_json).facts(shown(ended))

    with_store(config, work)


def keys_of(store: Store) -> ApiKeys:
    """Give the verb that keeps keys."""
    return ApiKeys(store=store.api_keys, clock=SystemClock(), time=time.monotonic)


async def _note(store: Store, action: str, key: ApiKey) -> None:
    subject, after = key_subject(key), key_values(key) if action == "key.made" else None
    await audit_of(store).note_by_operator(key.customer_id, action, subject, after=after)


async def _account(store: Store, login: str) -> SmtpAccount:
    account = await store.accounts.smtp_account(login)
    if account is None:
        raise UserFault(f"there is no SMTP account {login}; sztafeta account list shows them")
    return account


async def _domains(store: Store, account: SmtpAccount, names: Sequence[str]) -> frozenset[str]:
    try:
        wanted = {read_domain(name) for name in names}
    except AddressFault as fault:
        raise UserFault(str(fault)) from fault
    own = {one.domain for one in await store.accounts.sending_domains(account.customer_id)}
    for name in sorted(wanted - own):
        raise UserFault(
            f"{name} is no sending domain of {account.customer_name}; sztafeta domain list shows them"
        )
    return frozenset(wanted)


def shown(key: ApiKey) -> dict[str, Any]:
    """Show a key, without its secret."""
    now = datetime.now(UTC)
    state = "in force" if key.is_valid_at(now) else "ended"
    return {
        "key": f"key_{key.key_id}",
        "name": key.name,
        "mode": key.mode.value,
        "account": key.account.login,
        "scopes": sorted(scope.value for scope in key.scopes),
        "domains": sorted(key.allowed_domains),
        "state": state,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    }
