"""`sztafeta queue`: what waits, and an operator's hands in it.

Changes are in force in a running service within a second: the scheduler looks at the store.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from sztafeta.cli.output import Json, Output, UserFault
from sztafeta.cli.run import ConfigOption, with_store
from sztafeta.delivery.queue_id import from_text
from sztafeta.service.ports import MessageHistory, QueueOverview, Selection
from sztafeta.store.open import Store

application = typer.Typer(
    no_args_is_help=True,
    help="What waits to be delivered.\n\nChanges are in force in a running service within a second.",
    epilog="Example: sztafeta queue retry --domain example.com",
)

QueueId = Annotated[
    str | None, typer.Argument(metavar="[QUEUE-ID]", help="One message, as in '250 queued as …'.")
]
OfCustomer = Annotated[
    str | None, typer.Option("--customer", metavar="NAME", help="All mail of this customer.")
]
OfDomain = Annotated[
    str | None, typer.Option("--domain", metavar="DOMAIN", help="All mail to this domain.")
]
All = Annotated[bool, typer.Option("--all", help="Everything in the queue.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept in the history.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows at most.")]


@application.command("list")
def list_queues(
    customer: OfCustomer = None,
    domain: OfDomain = None,
    limit: Limit = 50,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """List the queues (customer × domain) that hold mail, the fullest first."""

    async def work(store: Store) -> None:
        rows = await _overview(store, customer, domain, limit)
        Output(as_json=as_json).table(
            ["customer", "domain", "queued", "sending", "held", "oldest", "next_due", "node"],
            [_row(one) for one in rows],
            empty="Nothing waits.",
        )

    with_store(config, work)


@application.command("show")
def show(
    customer: OfCustomer = None,
    domain: OfDomain = None,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Show how many recipients wait, in all or for a customer or a domain."""

    async def work(store: Store) -> None:
        rows = await _overview(store, customer, domain, 1_000_000)
        Output(as_json=as_json).facts(
            {
                "queues": len(rows),
                "queued": sum(one.queued for one in rows),
                "sending": sum(one.sending for one in rows),
                "held": sum(one.held for one in rows),
                "oldest": min((one.oldest_accepted_at for one in rows), default=None),
                "next_due": min((one.next_due for one in rows if one.next_due), default=None),
            }
        )

    with_store(config, work)


@application.command(
    "hold", epilog="Example: sztafeta queue hold --domain example.com --reason 'they asked'"
)
def hold(
    queue_id: QueueId = None,
    customer: OfCustomer = None,
    domain: OfDomain = None,
    everything: All = False,
    reason: Reason = "",
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Keep mail back until it is released; a delivery under way is not stopped."""

    async def work(store: Store) -> None:
        selection = await _selection(store, queue_id, customer, domain, everything)
        count = await store.administration.hold(selection, now=datetime.now(UTC), reason=reason)
        _tell(as_json, "held", count)

    with_store(config, work)


@application.command("release")
def release(
    queue_id: QueueId = None,
    customer: OfCustomer = None,
    domain: OfDomain = None,
    everything: All = False,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Let mail that was held go, now."""

    async def work(store: Store) -> None:
        selection = await _selection(store, queue_id, customer, domain, everything)
        _tell(
            as_json,
            "released",
            await store.administration.release(selection, now=datetime.now(UTC)),
        )

    with_store(config, work)


@application.command("cancel", epilog="Example: sztafeta queue cancel 0k3zr6w5m4001 --yes")
def cancel(
    queue_id: QueueId = None,
    customer: OfCustomer = None,
    domain: OfDomain = None,
    everything: All = False,
    reason: Reason = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Give mail up for good: it is not sent, nobody is told, its history stays."""
    if not yes:
        typer.confirm("Canceled mail cannot be brought back. Go on?", abort=True, err=True)

    async def work(store: Store) -> None:
        selection = await _selection(store, queue_id, customer, domain, everything)
        count = await store.administration.cancel(selection, now=datetime.now(UTC), reason=reason)
        _tell(as_json, "canceled", count)

    with_store(config, work)


@application.command("retry")
def retry(
    queue_id: QueueId = None,
    customer: OfCustomer = None,
    domain: OfDomain = None,
    everything: All = False,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Try waiting mail now instead of at its next due time."""

    async def work(store: Store) -> None:
        selection = await _selection(store, queue_id, customer, domain, everything)
        _tell(
            as_json, "due_now", await store.administration.retry(selection, now=datetime.now(UTC))
        )

    with_store(config, work)


def read_queue_id(text: str) -> int:
    """Read a queue-id as a user types it."""
    try:
        return from_text(text)
    except ValueError as fault:
        raise UserFault(f"{text} is not a queue-id: {fault}") from None


async def customer_id_of(store: Store, name: str) -> int:
    """Find a customer by name."""
    for one in await store.accounts.customers():
        if one.name == name:
            return one.customer_id
    raise UserFault(f"there is no customer {name}; sztafeta account customers shows them")


async def _selection(
    store: Store,
    queue_id: str | None,
    customer: str | None,
    domain: str | None,
    everything: bool,
) -> Selection:
    """Say which mail is meant; nothing at all must be said with --all."""
    is_narrowed = any((queue_id, customer, domain))
    if is_narrowed == everything:
        raise UserFault("name what you mean: a queue-id, --customer, --domain, or --all alone")
    return Selection(
        message_id=(await find_message(store, queue_id)).summary.message_id if queue_id else None,
        customer_id=await customer_id_of(store, customer) if customer else None,
        domain=domain.lower() if domain else None,
    )


async def find_message(store: Store, queue_id: str) -> MessageHistory:
    """Find a message by the queue-id that a user types."""
    found: MessageHistory | None = await store.history.message_history(read_queue_id(queue_id))
    if found is None:
        raise UserFault(
            f"there is no message {queue_id}; it may have left by retention"
            " (sztafeta message list shows what there is)"
        )
    return found


async def _overview(
    store: Store, customer: str | None, domain: str | None, limit: int
) -> list[QueueOverview]:
    customer_id = await customer_id_of(store, customer) if customer else None
    found = await store.administration.overview(
        limit=limit, customer_id=customer_id, domain=domain.lower() if domain else None
    )
    return list(found)


def _row(one: QueueOverview) -> dict[str, Any]:
    return {
        "customer": one.customer_name,
        "domain": one.key.domain,
        "queued": one.queued,
        "sending": one.sending,
        "held": one.held,
        "oldest": one.oldest_accepted_at,
        "next_due": one.next_due,
        "node": one.node,
    }


def _tell(as_json: bool, what: str, count: int) -> None:
    output = Output(as_json=as_json)
    if as_json:
        output.value({what: count})
    else:
        people = "recipient" if count == 1 else "recipients"
        output.line(f"{count} {people} {what.replace('_', ' ')}")
