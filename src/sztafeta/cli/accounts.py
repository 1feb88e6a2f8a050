"""`sztafeta account`: customers and their SMTP accounts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from sztafeta.account.smtp_account import LOGIN, SenderRule, SmtpAccount, make_password
from sztafeta.cli.output import Json, Output, UserFault
from sztafeta.cli.queue import customer_id_of
from sztafeta.cli.run import ConfigOption, read_settings, with_store
from sztafeta.config.settings import Settings
from sztafeta.config.units import format_duration, parse_period
from sztafeta.store.open import Store

application = typer.Typer(
    no_args_is_help=True,
    help="Customers and their SMTP accounts.\n\n"
    "A customer is a firm that sends; an SMTP account is a login of it with a password of its own.",
    epilog="Example: sztafeta account add 1.alice.smtp --customer alice",
)

_CUSTOMER_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's name.")]
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="For example 1.alice.smtp.")]
Cleartext = Annotated[
    bool | None,
    typer.Option(
        "--allow-cleartext/--forbid-cleartext",
        help="May log in without TLS (for old devices; the password can be read on the wire).",
    ),
]
Rule = Annotated[
    SenderRule | None,
    typer.Option("--sender-rule", help="Which author domains it may use.", show_choices=True),
]
Bounces = Annotated[
    bool | None,
    typer.Option(
        "--allow-null-sender/--forbid-null-sender", help="May send with <> as the sender."
    ),
]
Notices = Annotated[
    bool | None,
    typer.Option("--notices/--no-notices", help="Failure notices when the message asks for none."),
]
Connections = Annotated[
    int | None, typer.Option("--max-connections", min=1, help="Open connections at once.")
]
Ttl = Annotated[
    str | None, typer.Option("--ttl", metavar="DURATION", help="How long mail is tried, e.g. 48h.")
]


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
    )

    async def work(store: Store) -> None:
        await customer_id_of(store, customer)
        password = make_password()
        created = await store.accounts.create_smtp_account(
            account, password=password, now=datetime.now(UTC)
        )
        Output(as_json=as_json).facts(
            {"login": created.login, "password": password} | _settings_of(created),
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
            {"login": one.login} | _settings_of(one)
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
        account = await _find(store, login)
        facts = {"login": account.login} | _settings_of(account)
        facts["sending_domains"] = sorted(account.sending_domains)
        Output(as_json=as_json).facts(facts)

    with_store(config, work)


@application.command("password")
def password(login: Login, config: ConfigOption = None, as_json: Json = False) -> None:
    """Give an SMTP account a new password, shown once; the old one stops working within a second."""

    async def work(store: Store) -> None:
        fresh = make_password()
        await _find(store, login)
        await store.accounts.set_password(login, fresh)
        Output(as_json=as_json).facts(
            {"login": login, "password": fresh},
            note="The password is stored as a hash and cannot be shown again.",
        )

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
        )

    with_store(config, _change(login, apply, as_json))


@application.command("suspend")
def suspend(login: Login, config: ConfigOption = None, as_json: Json = False) -> None:
    """Suspend an SMTP account; what is queued is still delivered."""
    with_store(config, _change(login, lambda one: replace(one, enabled=False), as_json))


@application.command("resume")
def resume(login: Login, config: ConfigOption = None, as_json: Json = False) -> None:
    """Let a suspended SMTP account send again."""
    with_store(config, _change(login, lambda one: replace(one, enabled=True), as_json))


@application.command("delete")
def delete(login: Login, config: ConfigOption = None, as_json: Json = False) -> None:
    """Take a login away; its mail and history stay."""

    async def work(store: Store) -> None:
        await _find(store, login)
        await store.accounts.delete_smtp_account(login)
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


def changed(
    account: SmtpAccount,
    *,
    cleartext: bool | None,
    sender_rule: SenderRule | None,
    null_sender: bool | None,
    notices: bool | None,
    max_connections: int | None,
    ttl: str | None,
) -> SmtpAccount:
    """Apply the options that were given."""
    wanted: dict[str, Any] = {
        "cleartext_auth": cleartext,
        "sender_rule": sender_rule,
        "may_send_bounces": null_sender,
        "failure_notices": notices,
        "max_connections": max_connections,
        "ttl": None if ttl is None else _duration(ttl),
    }
    return replace(account, **{name: value for name, value in wanted.items() if value is not None})


def _duration(text: str) -> timedelta:
    try:
        return parse_period(text)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None


def _change(
    login: str, apply: Callable[[SmtpAccount], SmtpAccount], as_json: bool
) -> Callable[[Store], Awaitable[None]]:
    async def work(store: Store) -> None:
        account = apply(await _find(store, login))
        await store.accounts.change_smtp_account(account)
        Output(as_json=as_json).facts({"login": account.login} | _settings_of(account))

    return work


def _let_send(name: str, *, enabled: bool, as_json: bool) -> Callable[[Store], Awaitable[None]]:
    async def work(store: Store) -> None:
        await customer_id_of(store, name)
        await store.accounts.enable_customer(name, enabled=enabled)
        Output(as_json=as_json).facts({"customer": name, "may_send": enabled})

    return work


async def _find(store: Store, login: str) -> SmtpAccount:
    account = await store.accounts.smtp_account(login)
    if account is None:
        raise UserFault(f"there is no SMTP account {login}; sztafeta account list shows them")
    return account


def _settings_of(account: SmtpAccount) -> dict[str, Any]:
    return {
        "customer": account.customer_name,
        "may_send": account.enabled,
        "cleartext": account.cleartext_auth,
        "sender_rule": account.sender_rule.value,
        "null_sender": account.may_send_bounces,
        "failure_notices": account.failure_notices,
        "max_connections": account.max_connections,
        "ttl": format_duration(account.ttl),
    }
