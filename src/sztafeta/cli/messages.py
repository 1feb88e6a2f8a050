"""`sztafeta message`: what happened to a message, recipient by recipient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from sztafeta.cli.output import Json, Output, readable
from sztafeta.cli.queue import customer_id_of, find_message, read_queue_id
from sztafeta.cli.run import ConfigOption, with_store
from sztafeta.delivery.queue_id import to_text
from sztafeta.delivery.state import State
from sztafeta.service.ports import Attempt, MessageHistory, MessageSummary, RecipientHistory
from sztafeta.store.open import Store

application = typer.Typer(
    no_args_is_help=True,
    help="What happened to a message, recipient by recipient.",
    epilog="Example: sztafeta message show 0k3zr6w5m4001",
)

QueueIdArgument = Annotated[
    str, typer.Argument(metavar="QUEUE-ID", help="As in '250 2.0.0 Ok: queued as …'.")
]

_STYLES = {
    State.DELIVERED: "green",
    State.BOUNCED: "red",
    State.EXPIRED: "red",
    State.HELD: "yellow",
}


@application.command("list")
def list_messages(
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="NAME", help="Only this customer's.")
    ] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="QUEUE-ID", help="Older than this message.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows at most.")] = 20,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """List messages, the newest first."""

    async def work(store: Store) -> None:
        found = await store.history.messages(
            limit=limit,
            before=read_queue_id(before) if before else None,
            customer_id=await customer_id_of(store, customer) if customer else None,
        )
        Output(as_json=as_json).table(
            ["queue_id", "accepted_at", "from", "subject", "size", "recipients"],
            [_row(one) for one in found],
            empty="There is no message yet.",
        )

    with_store(config, work)


@application.command("show")
def show(
    queue_id: QueueIdArgument,
    config: ConfigOption = None,
    as_json: Json = False,
) -> None:
    """Show each recipient's timeline, with the SMTP dialogue of failed attempts."""

    async def work(store: Store) -> None:
        history = await find_message(store, queue_id)
        output = Output(as_json=as_json)
        if as_json:
            output.value(as_value(history))
        else:
            _print(output, history)

    with_store(config, work)


def as_value(history: MessageHistory) -> dict[str, Any]:
    """Give a message's history as plain values for JSON."""
    return _row(history.summary) | {
        "signing_domain": history.signing_domain,
        "expires_at": history.expires_at,
        "source": dict(history.source),
        "recipients": [_recipient(one) for one in history.recipients],
    }


def _row(one: MessageSummary) -> dict[str, Any]:
    return {
        "queue_id": to_text(one.message_id),
        "accepted_at": one.accepted_at,
        "from": str(one.reverse_path or "<>"),
        "message_id": one.header_message_id,
        "subject": one.subject,
        "size": one.size,
        "recipients": _states(one.states),
    }


def _states(states: Mapping[State, int]) -> dict[str, int]:
    return {state.name.lower(): count for state, count in sorted(states.items()) if count}


def _recipient(one: RecipientHistory) -> dict[str, Any]:
    return {
        "recipient": str(one.forward_path.mailbox),
        "state": one.state.name.lower(),
        "attempts": [_attempt(attempt) for attempt in one.attempts],
        "due_at": one.due_at,
        "final_at": one.final_at,
        "events": [
            {"event": event.kind.value, "at": event.at, "details": event.details}
            for event in one.events
        ],
    }


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "number": one.number,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "outcome": one.outcome,
        "stage": one.stage,
        "hop": one.hop,
        "tls": one.tls,
        "code": one.reply_code,
        "status": one.reply_status,
        "text": one.reply_text,
        "rule": one.rule,
        "transcript": one.transcript,
    }


def _print(output: Output, history: MessageHistory) -> None:
    summary = _row(history.summary)
    summary |= {"signed_as": history.signing_domain, "expires_at": history.expires_at}
    output.facts(summary | {"came_in": history.source})
    for recipient in history.recipients:
        output.line("")
        _print_recipient(output, recipient)


def _print_recipient(output: Output, one: RecipientHistory) -> None:
    state = one.state.name.lower()
    output.line(f"{one.forward_path.mailbox}  {state}", style=f"bold {_STYLES.get(one.state, '')}")
    if one.due_at is not None and not one.state.is_final:
        output.line(f"  next attempt  {readable(one.due_at)}")
    attempts = {attempt.number: attempt for attempt in one.attempts}
    for event in one.events:
        attempt = attempts.get(event.details.get("attempt", 0))
        story = _in_words(attempt) if attempt else _details(event.details)
        output.line(f"  {readable(event.at)}  {event.kind.value:<9}  {story}".rstrip())
    for attempt in one.attempts:
        if attempt.transcript:
            output.line(f"  dialogue of attempt {attempt.number}", style="dim")
            output.line("\n".join(f"    {line}" for line in attempt.transcript.splitlines()))


def _details(details: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={readable(value)}" for name, value in details.items() if value)


def _in_words(one: Attempt) -> str:
    took = (one.ended_at - one.started_at).total_seconds()
    said = " ".join(filter(None, (str(one.reply_code or ""), one.reply_status, one.reply_text)))
    where = f"at {one.stage}" + (f" of {one.hop}" if one.hop else "")
    tls = f", {one.tls}" if one.tls else ""
    return f"attempt {one.number} {where}{tls} in {took:.2f} s: {said} [{one.rule}]"
