"""`sztafeta account`: customers and their SMTP accounts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sztafeta.account.audit_values import account_values
from sztafeta.account.smtp_account import LOGIN, SmtpAccount
from sztafeta.bootstrap.smtp_accounts import smtp_accounts
from sztafeta.cli.account_settings import (
    AllowFrom,
    Bounces,
    Cleartext,
    Connections,
    Login,
    Name,
    Notices,
    Rule,
    SourceName,
    Ttl,
    changed,
    settings_of,
)
from sztafeta.cli.audit_log import audit_of
from sztafeta.cli.output import Json, Output, UserFault
from sztafeta.cli.queue import customer_id_of
from sztafeta.cli.run import ConfigOption, read_settings, with_store
from sztafeta.config.settings import Settings
from sztafeta.net.clock import SystemClock
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.smtp_accounts import MOST, SmtpAccounts
from sztafeta.store.open import Store

application = typer.Typer(
    no_args_is_help=True,
    help="Customers and their SMTP accounts.\n\n"
    "A customer is a firm that sends; an SMTP account is a login of it with a password of its own.",
    epilog="Example: sztafeta account add 1.alice.smtp --customer alice",
)

_CUSTOMER_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's name.")]


@application.command("add-customer", epilog="Example: sztafeta account add-customer alice")
def add_customer(name: Customer, config: ConfigOption = None, as_json: Json = False) -> None:
    """Create a customer: the firm that SMTP accounts and sending domains belong to."""
    if not _CUSTOMER_NAME.fullmatch(name):
        raise typer.BadParameter(
            "a customer's name is 1 to 40 lower-case letters, digits and inner hyphens"
        )

    async def work(store: Store) -> None:
        customer = await store.accounts.create_customer(name, now=datetime.now(UTC))
        Output(as_json=as_json).facts(
            {"customer": customer.name, "created_at": customer.created_at},
            note=f"Next: sztafeta account add 1.{name}.smtp --customer {name}",
        )

    with_store(config, work)


@application.command("customers")
def customers(config: ConfigOption = None, as_json: Json = False) -> None:
    """List the customers."""

    async def work(store: Store) -> None:
        rows = [
            {"customer": one.name, "may_send": one.enabled, "created_at": one.created_at}
            for one in await store.accounts.customers()
        ]
        Output(as_json=as_json).table(
            ["customer", "may_send", "created_at"],
            rows,
            empty="There is no customer yet. Create one: sztafeta account add-customer NAME",
        )

    with_store(config, work)


@application.command("suspend-customer")
def suspend_customer(name: Customer, config: ConfigOption = None, as_json: Json = False) -> None:
    """Suspend a customer with all its SMTP accounts; what is queued is still delivered."""
    with_store(config, _let_send(name, enabled=False, as_json=as_json))


@application.command("resume-customer")
def resume_customer(name: Customer, config: ConfigOption = None, as_json: Json = False) -> None:
    """Let a suspended customer send again."""
    with_store(config, _let_send(name, enabled=True, as_json=as_json))


@application.command(
    "add", epilog="Example: sztafeta account add 1.alice.smtp --customer alice --allow-cleartext"
)
def add(
    login: Login,
    customer: Annotated[
        str, typer.Option("--customer", metavar="NAME", help="Whose account it is.")
    ],
    cleartext: Cleartext = None,
    sender_rule: Rule = None,
    null_sender: Bounces = None,
    notices: Notices = None,
    max_connections: Connections = None,
    ttl: Ttl = None,
    name: Name = None,
    allow_from: AllowFrom = None,
    egress: SourceName = None,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Create an SMTP account. Its password is generated and shown once, now."""
    if not LOGIN.fullmatch(login):
        raise typer.BadParameter("a login looks like 1.alice.smtp: number, name, smtp")
    settings = read_settings(config).settings
    account = changed(
        new_account(login, customer, settings),
        cleartext=cleartext,
        sender_rule=sender_rule,
        null_sender=null_sender,
        notices=notices,
        max_connections=max_connections,
        ttl=ttl,
        name=name,
        allow_from=allow_from,
        egress=egress,
    )

    async def work(store: Store) -> None:
        await customer_id_of(store, customer)
        verb = verb_of(store, config)
        _insist_on_own_source(verb, account)
        made = await verb.create(account)
        if made is None:
            raise UserFault(f"{MOST} SMTP accounts of a customer are the most; delete one first")
        await _note(store, "smtp-account.made", made.account)
        Output(as_json=as_json).facts(
            {"login": made.account.login, "password": made.password} | settings_of(made.account),
            note="The password is stored as a hash and cannot be shown again.",
        )

    with_store(config, work)


@application.command("list")
def list_accounts(
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="NAME", help="Only this customer's.")
    ] = None,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """List SMTP accounts and what they may do."""

    async def work(store: Store) -> None:
        if customer:
            await customer_id_of(store, customer)
        rows = [
            {"login": one.login} | settings_of(one)
            for one in await store.accounts.smtp_accounts(customer)
        ]
        Output(as_json=as_json).table(
            ["login", "customer", "may_send", "cleartext", "sender_rule", "max_connections", "ttl"],
            rows,
            empty="There is no SMTP account. Create one: sztafeta account add 1.NAME.smtp --customer NAME",
        )

    with_store(config, work)


@application.command("show")
def show(login: Login, config: ConfigOption = None, as_json: Json = False) -> None:
    """Show one SMTP account."""

    async def work(store: Store) -> None:
        account = await find(store, login)
        facts = {"login": account.login} | settings_of(account)
        facts["sending_domains"] = sorted(account.sending_domains)
        Output(as_json=as_json).facts(facts)

    with_store(config, work)


@application.command(
    "set", epilog="Example: sztafeta account set 1.alice.smtp --forbid-cleartext --ttl 24h"
)
def change(
    login: Login,
    cleartext: Cleartext = None,
    sender_rule: Rule = None,
    null_sender: Bounces = None,
    notices: Notices = None,
    max_connections: Connections = None,
    ttl: Ttl = None,
    name: Name = None,
    allow_from: AllowFrom = None,
    egress: SourceName = None,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Change what an SMTP account may do; what you leave out stays."""

    def apply(account: SmtpAccount) -> SmtpAccount:
        return changed(
            account,
            cleartext=cleartext,
            sender_rule=sender_rule,
            null_sender=null_sender,
            notices=notices,
            max_connections=max_connections,
            ttl=ttl,
            name=name,
            allow_from=allow_from,
            egress=egress,
        )

    with_store(config, _change(login, apply, config, as_json))


@application.command("suspend")
def suspend(login: Login, config: ConfigOption = None, as_json: Json = False) -> None:
    """Suspend an SMTP account; what is queued is still delivered."""
    with_store(config, _change(login, lambda one: replace(one, enabled=False), config, as_json))


@application.command("resume")
def resume(login: Login, config: ConfigOption = None, as_json: Json = False) -> None:
    """Let a suspended SMTP account send again."""
    with_store(config, _change(login, lambda one: replace(one, enabled=True), config, as_json))


@application.command("delete")
def delete(login: Login, config: ConfigOption = None, as_json: Json = False) -> None:
    """Take a login away; its mail and history stay."""

    async def work(store: Store) -> None:
        found = await find(store, login)
        await verb_of(store, config).delete(found)
        await audit_of(store).note_by_operator(found.customer_id, "smtp-account.deleted", login)
        Output(as_json=as_json).facts({"deleted": login})

    with_store(config, work)


def new_account(login: str, customer: str, settings: Settings) -> SmtpAccount:
    """Give an account as the settings want new ones; ids are the store's to fill in."""
    return SmtpAccount(
        account_id=0,
        customer_id=0,
        customer_name=customer,
        login=login,
        password_sha256=b"",
        max_connections=settings.limits.connections_per_account,
        ttl=settings.delivery.ttl,
    )


def _change(
    login: str,
    apply: Callable[[SmtpAccount], SmtpAccount],
    config: Path | None,
    as_json: bool,
) -> Callable[[Store], Awaitable[None]]:
    async def work(store: Store) -> None:
        found, verb = await find(store, login), verb_of(store, config)
        account = apply(found)
        if account.egress != found.egress:
            _insist_on_own_source(verb, account)
        await verb.change(account)
        await _note(store, "smtp-account.changed", account, before=found)
        Output(as_json=as_json).facts({"login": account.login} | settings_of(account))

    return work


def _let_send(name: str, *, enabled: bool, as_json: bool) -> Callable[[Store], Awaitable[None]]:
    async def work(store: Store) -> None:
        customer_id = await customer_id_of(store, name)
        await store.accounts.enable_customer(name, enabled=enabled)
        action = "account.resumed" if enabled else "account.suspended"
        await audit_of(store).note_by_operator(customer_id, action, name)
        Output(as_json=as_json).facts({"customer": name, "may_send": enabled})

    return work


async def _note(
    store: Store, action: str, account: SmtpAccount, before: SmtpAccount | None = None
) -> None:
    await audit_of(store).note_by_operator(
        account.customer_id,
        action,
        account.login,
        before=None if before is None else account_values(before),
        after=account_values(account),
    )


def verb_of(store: Store, config: Path | None) -> SmtpAccounts:
    """Give the verb that keeps SMTP accounts."""
    return smtp_accounts(read_settings(config).settings, store, Hashing(), SystemClock())


def _insist_on_own_source(verb: SmtpAccounts, account: SmtpAccount) -> None:
    if verb.has_lost_its_source(account):
        known = ", ".join(verb.sources_of(account.customer_name))
        raise UserFault(
            f"{account.customer_name} has no source {account.egress}; it may choose: {known}"
        )


async def find(store: Store, login: str) -> SmtpAccount:
    """Find an account. Raises: UserFault."""
    account = await store.accounts.smtp_account(login)
    if account is None:
        raise UserFault(f"there is no SMTP account {login}; sztafeta account list shows them")
    return account
