"""What an SMTP account may do: as options of commands, and as facts that are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

import typer

from sztafeta.account.smtp_account import SenderRule, SmtpAccount
from sztafeta.config.units import format_duration, parse_period
from sztafeta.service.smtp_accounts import overlap_left

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
Name = Annotated[
    str | None, typer.Option("--name", metavar="TEXT", help="What people call it; '' is no name.")
]
AllowFrom = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-from",
        metavar="NETWORK",
        help="Where it may log in from, e.g. 192.0.2.0/24; repeat it. 'anywhere' takes the list away.",
    ),
]
ANYWHERE = "anywhere"
SourceName = Annotated[
    str | None,
    typer.Option(
        "--egress",
        metavar="SOURCE",
        help="Where its mail leaves from: shared, or a dedicated source of its customer.",
    ),
]


def changed(
    account: SmtpAccount,
    *,
    cleartext: bool | None,
    sender_rule: SenderRule | None,
    null_sender: bool | None,
    notices: bool | None,
    max_connections: int | None,
    ttl: str | None,
    name: str | None = None,
    allow_from: Sequence[str] | None = None,
    egress: str | None = None,
) -> SmtpAccount:
    """Apply the options that were given."""
    wanted: dict[str, Any] = {
        "cleartext_auth": cleartext,
        "sender_rule": sender_rule,
        "may_send_bounces": null_sender,
        "failure_notices": notices,
        "max_connections": max_connections,
        "ttl": None if ttl is None else duration(ttl),
        "display_name": name,
        "egress": egress,
        "allowed_networks": None if not allow_from else _networks(allow_from),
    }
    return replace(account, **{name: value for name, value in wanted.items() if value is not None})


def _networks(written: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    if list(written) == [ANYWHERE]:
        return ()
    try:
        return tuple(ip_network(one, strict=False) for one in written)
    except ValueError as fault:
        text = f"{fault}; write for example 192.0.2.7 or 192.0.2.0/24, or {ANYWHERE} alone"
        raise typer.BadParameter(text) from None


def duration(text: str) -> timedelta:
    """Read a duration. Raises: typer.BadParameter."""
    try:
        return parse_period(text)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None


def settings_of(account: SmtpAccount) -> dict[str, Any]:
    """Show an account, without its password."""
    former, now = account.former_password, datetime.now(UTC)
    goes_on = former is not None and overlap_left(account, now) is not None
    return {
        "customer": account.customer_name,
        "name": account.display_name,
        "egress": account.egress,
        "allowed_from": [str(network) for network in account.allowed_networks] or [ANYWHERE],
        "former_password_until": former.works_until if former and goes_on else None,
        "may_send": account.enabled,
        "cleartext": account.cleartext_auth,
        "sender_rule": account.sender_rule.value,
        "null_sender": account.may_send_bounces,
        "failure_notices": account.failure_notices,
        "max_connections": account.max_connections,
        "ttl": format_duration(account.ttl),
    }
