"""`/v1/messages`, the calls that look: where is it, what happened, why; and cancel, resend, reschedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sztafeta.account.api_key import ApiKey
from sztafeta.api.caller import caller_of
from sztafeta.api.desk import AtDesk, Desk, Reader, Sender
from sztafeta.api.guarded import Guarded
from sztafeta.api.idempotency import IDEMPOTENCY_KEY, REPLAYED, idempotency_key
from sztafeta.api.notebook import AtNotebook
from sztafeta.api.problem import Problem
from sztafeta.api.routes.message_views import (
    MESSAGE,
    AttemptView,
    EventView,
    MessageView,
    attempt_views,
    event_views,
    message_id_of,
    message_view,
    submission_id_of,
)
from sztafeta.api.routes.shapes import (
    After,
    Instant,
    Limit,
    Page,
    Strict,
    View,
    bad_cursor,
    cursor_mark,
    good,
    link_next,
    page_of,
)
from sztafeta.delivery.state import State
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.service.fault import Fault
from sztafeta.service.ports import MessageQuery, MessageRecord
from sztafeta.service.sending.sent import Replayed

router = APIRouter(prefix="/v1/messages", tags=["messages"], route_class=Guarded)

Status = Annotated[
    list[str] | None,
    Query(description="One or more of: " + ", ".join(state.name.lower() for state in State)),
]


class Reschedule(Strict):
    """When to send instead."""

    send_at: Instant
    """At most 30 days ahead, and before it expires; what is past means now."""


class Resent(View):
    """A message sent again."""

    id: str
    """Names the new message."""


@router.get("", response_model=Page[MessageView], summary="List messages")
async def list_messages(
    request: Request,
    response: Response,
    key: Reader,
    desk: AtDesk,
    limit: Limit = 50,
    after: After = None,
    to: Annotated[str | None, Query(description="Recipient's address.")] = None,
    status: Status = None,
    tag: Annotated[str, Query(max_length=200, description="A tag it has.")] = "",
    message_id: Annotated[str, Query(max_length=998, description="The header's Message-ID.")] = "",
    submission: Annotated[str | None, Query(description="sub_…")] = None,
    accepted_from: Annotated[Instant | None, Query(description="The earliest time.")] = None,
    accepted_to: Annotated[Instant | None, Query(description="Not included.")] = None,
) -> dict[str, Any]:
    """List messages of the key's mode, the newest first; with a test key this is the test inbox."""
    query = MessageQuery(
        customer_id=key.customer_id,
        mode=key.mode,
        submission_id=None if submission is None else submission_id_of(submission),
        recipient=None if to is None else _mailbox(to),
        header_message_id=message_id.strip().removeprefix("<").removesuffix(">"),
        tag=tag,
        states=frozenset(_state(word) for word in status or ()),
        accepted_from=accepted_from,
        accepted_to=accepted_to,
    )
    rows = await desk.messages.list(
        caller_of(request, key), query, limit=limit + 1, before=_before(after)
    )
    page = page_of(rows, limit, lambda row: str(row.message_id))
    link_next(request, response, page["next"], desk.base_url)
    return {**page, "data": [message_view(row) for row in page["data"]]}


@router.get("/{message}", response_model=MessageView, summary="See a message")
async def see_message(request: Request, key: Reader, desk: AtDesk, message: str) -> dict[str, Any]:
    """Say where a message stands."""
    return message_view(await _find(request, desk, key, message))


@router.get("/{message}/events", response_model=list[EventView], summary="What happened to it")
async def see_events(
    request: Request, key: Reader, desk: AtDesk, message: str
) -> Sequence[dict[str, Any]]:
    """Give its events in their order: when, what, and by which rule."""
    return event_views(await _find(request, desk, key, message))


@router.get("/{message}/attempts", response_model=list[AttemptView], summary="How it was tried")
async def see_attempts(
    request: Request, key: Reader, desk: AtDesk, message: str
) -> Sequence[dict[str, Any]]:
    """Give its attempts with the receiver's replies; of failed ones the whole SMTP dialogue."""
    return attempt_views(await _find(request, desk, key, message))


@router.get(
    "/{message}/source",
    response_class=StreamingResponse,
    responses={200: {"content": {"message/rfc822": {"schema": {"type": "string"}}}}},
    summary="The message itself",
)
async def see_source(
    request: Request, key: Reader, desk: AtDesk, notebook: AtNotebook, message: str
) -> Response:
    """Give the message as it was accepted, before it was signed."""
    message_id = message_id_of(message)
    content = good(await desk.messages.source(caller_of(request, key), message_id))
    await notebook.note_reading(key, "messages.content-read", _shown_id(message))
    name = f'attachment; filename="{_shown_id(message)}.eml"'
    return StreamingResponse(
        content.blocks(), media_type="message/rfc822", headers={"Content-Disposition": name}
    )


@router.post("/{message}/cancel", response_model=MessageView, summary="Cancel a message")
async def cancel(
    request: Request, key: Sender, desk: AtDesk, notebook: AtNotebook, message: str
) -> dict[str, Any]:
    """Take back what still waits; what is being tried or is final stays as it is (409)."""
    canceled = good(await desk.messages.cancel(caller_of(request, key), message_id_of(message)))
    await notebook.note(key, "messages.cancel", _shown_id(message))
    return message_view(canceled)


@router.post(
    "/{message}/resend",
    response_model=Resent,
    status_code=202,
    summary="Send it again",
    openapi_extra={"parameters": [IDEMPOTENCY_KEY]},
)
async def resend(
    request: Request,
    response: Response,
    key: Sender,
    desk: AtDesk,
    notebook: AtNotebook,
    message: str,
) -> dict[str, Any]:
    """Send the same content to the same recipients as a new message with a new Message-ID."""
    caller, message_id = caller_of(request, key), message_id_of(message)
    once = idempotency_key(request)
    if once:
        outcome = await desk.messages.resend_once(caller, message_id, once)
    else:
        outcome = await desk.messages.resend(caller, message_id)
    if isinstance(outcome, Replayed):
        response.headers.update(REPLAYED)
        return {"id": MESSAGE + outcome.answer.decode("ascii")}
    taken = good(outcome)
    await notebook.note(key, "messages.resend", _shown_id(message))
    return {"id": MESSAGE + taken.queue_id}


@router.patch("/{message}", response_model=MessageView, summary="Reschedule a message")
async def reschedule(
    request: Request,
    key: Sender,
    desk: AtDesk,
    notebook: AtNotebook,
    message: str,
    change: Reschedule,
) -> dict[str, Any]:
    """Give another time to a message that nobody tried yet."""
    found = good(
        await desk.messages.reschedule(
            caller_of(request, key), message_id_of(message), change.send_at
        )
    )
    after = {"send_at": change.send_at.isoformat()}
    await notebook.note(key, "messages.reschedule", _shown_id(message), after=after)
    return message_view(found)


def _shown_id(message: str) -> str:
    """Write an id as it is shown, with or without its prefix in the path."""
    return f"{MESSAGE}{message.removeprefix(MESSAGE)}"


async def _find(request: Request, desk: Desk, key: ApiKey, message: str) -> MessageRecord:
    return good(await desk.messages.find(caller_of(request, key), message_id_of(message)))


def _before(after: str | None) -> int | None:
    mark = cursor_mark(after)
    if mark is None:
        return None
    if not (mark.isascii() and mark.isdecimal() and len(mark) < 20):
        raise bad_cursor()
    return int(mark)


def _mailbox(text: str) -> Mailbox:
    try:
        return parse_mailbox(text)
    except AddressFault as fault:
        found = Fault(pointer="/to", code="invalid_address", text=f"{fault}.")
        raise Problem("invalid", "The address cannot be read.", errors=(found,)) from fault


def _state(word: str) -> State:
    try:
        return State[word.upper()]
    except KeyError:
        found = Fault(pointer="/status", code="unknown_status", text=f"There is no status {word}.")
        raise Problem("invalid", "The status is not known.", errors=(found,)) from None
