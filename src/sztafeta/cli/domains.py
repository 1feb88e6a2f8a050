"""`sztafeta domain`: sending domains, their DKIM keys and the DNS records to publish."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from sztafeta.account.dns_records import OurNames, delegated_lines
from sztafeta.account.domain_connect import template
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.bootstrap.domains import our_names
from sztafeta.cli.audit_log import audit_of
from sztafeta.cli.output import Json, Output, UserFault
from sztafeta.cli.queue import customer_id_of
from sztafeta.cli.run import ConfigOption, read_settings, with_store
from sztafeta.mail.address import AddressFault
from sztafeta.service.sending_domains import new_keys, read_domain, records
from sztafeta.store.open import Store

application = typer.Typer(
    no_args_is_help=True,
    help="Sending domains: names a customer may write from, signed with DKIM keys of their own.",
    epilog="Example: sztafeta domain add example.com --customer alice",
)

TXT_PIECE = 255
"""Octets of one string of a TXT record (RFC 1035 §3.3)."""

Domain = Annotated[str, typer.Argument(metavar="DOMAIN", help="For example example.com.")]


@application.command("add", epilog="Example: sztafeta domain add example.com --customer alice")
def add(
    domain: Domain,
    customer: Annotated[
        str, typer.Option("--customer", metavar="NAME", help="Whose domain it is.")
    ],
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Let a customer send as a domain: makes an RSA-2048 and an Ed25519 key and prints the DNS records."""
    name = _read(domain)

    async def work(store: Store) -> None:
        now = datetime.now(UTC)
        made = SendingDomain(
            domain=name,
            customer_id=await customer_id_of(store, customer),
            keys=new_keys(now),
        )
        await store.accounts.add_sending_domain(made, now=now)
        await audit_of(store).note_by_operator(made.customer_id, "domain.added", name)
        _print_records(Output(as_json=as_json), made)

    with_store(config, work)


@application.command("list")
def list_domains(
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="NAME", help="Only this customer's.")
    ] = None,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """List sending domains and their selectors."""

    async def work(store: Store) -> None:
        customer_id = await customer_id_of(store, customer) if customer else None
        names = {one.customer_id: one.name for one in await store.accounts.customers()}
        rows = [
            {
                "domain": one.domain,
                "customer": names.get(one.customer_id),
                "selectors": [key.selector for key in (*one.keys, *one.pending)],
                "state": "verified" if one.is_verified else "waits for its records",
            }
            for one in await store.accounts.sending_domains(customer_id)
        ]
        Output(as_json=as_json).table(
            ["domain", "customer", "selectors", "state"],
            rows,
            empty="There is no sending domain. Add one: sztafeta domain add DOMAIN --customer NAME",
        )

    with_store(config, work)


@application.command("show")
def show(domain: Domain, config: ConfigOption = None, as_json: Json = False) -> None:
    """Print the DNS records of a sending domain again."""
    name = _read(domain)

    async def work(store: Store) -> None:
        _print_records(Output(as_json=as_json), await _find(store, name))

    with_store(config, work)


@application.command("zone", epilog="Example: sztafeta domain zone > keys.zone")
def zone(config: ConfigOption = None) -> None:
    """Print the DKIM records of all domains for the zone that customers' CNAMEs lead into."""
    delegated = read_settings(config).settings.domains.dkim_zone
    if delegated is None:
        raise UserFault("domains.dkim_zone is not set: customers publish their keys themselves")

    async def work(store: Store) -> None:
        ours = OurNames(dkim_zone=delegated)
        for domain in await store.accounts.sending_domains():
            for line in delegated_lines(domain, ours):
                typer.echo(line)

    with_store(config, work)


@application.command(
    "connect-template",
    epilog="Example: sztafeta domain connect-template --provider-id example.net --service-id mail",
)
def connect_template(
    provider_id: Annotated[
        str, typer.Option("--provider-id", metavar="ID", help="A domain of yours, as a rule.")
    ],
    service_id: Annotated[
        str, typer.Option("--service-id", metavar="ID", help="Your name for the template.")
    ],
    config: ConfigOption = None,
) -> None:
    """Print the Domain Connect template to register with DNS hosts; then set panel.domain_connect."""
    settings = read_settings(config).settings
    made = template(
        provider_id=provider_id,
        service_id=service_id,
        service_name=settings.panel.service_name,
        ours=our_names(settings),
    )
    typer.echo(json.dumps(made, indent=2, ensure_ascii=False))


@application.command("remove")
def remove(
    domain: Domain,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Forget a sending domain and its keys; queued mail of it leaves unsigned."""
    name = _read(domain)

    async def work(store: Store) -> None:
        found = await _find(store, name)
        if not yes:
            typer.confirm(
                f"The keys of {name} cannot be brought back. Go on?", abort=True, err=True
            )
        await store.accounts.remove_sending_domain(name)
        await audit_of(store).note_by_operator(found.customer_id, "domain.removed", name)
        Output(as_json=as_json).facts({"removed": name})

    with_store(config, work)


def _read(text: str) -> str:
    """Read a domain as a user types it; A-labels come out."""
    try:
        return read_domain(text)
    except AddressFault as fault:
        raise typer.BadParameter(str(fault)) from fault


async def _find(store: Store, name: str) -> SendingDomain:
    found = await store.accounts.sending_domain(name)
    if found is None:
        raise UserFault(f"there is no sending domain {name}; sztafeta domain list shows them")
    return found


def as_zone_line(record: dict[str, str]) -> str:
    """Write a record as a zone file takes it: long texts in strings of at most 255 octets."""
    value = record["value"]
    pieces = [value[at : at + TXT_PIECE] for at in range(0, len(value), TXT_PIECE)]
    return f"{record['name']}. 3600 IN TXT " + " ".join(f'"{piece}"' for piece in pieces)


def _print_records(output: Output, domain: SendingDomain) -> None:
    found: list[dict[str, Any]] = [
        {"name": one.name, "type": "TXT", "value": one.value} for one in records(domain)
    ]
    if output.is_json:
        output.value({"domain": domain.domain, "records": found})
    output.line(
        f"Publish these TXT records for {domain.domain}, then its mail is signed with both keys:"
    )
    for record in found:
        output.line("")
        output.line(f"Name   {record['name']}", style="bold")
        output.line(f"Value  {record['value']}")
    output.line("\nThe same for a zone file:\n", style="dim")
    for record in found:
        output.line(as_zone_line(record))
