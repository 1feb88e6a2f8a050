"""`/v1/sandbox`: the test inbox for tests: wait until a mail arrives, and begin with an empty inbox.

Only test keys may call; each sees its own inbox, what was sent with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from sztafeta.account.api_key import ApiKey, Mode
from sztafeta.api.desk import AtDesk, Reader, Sender
from sztafeta.api.guarded import Guarded
from sztafeta.api.notebook import AtNotebook
from sztafeta.api.problem import Problem
from sztafeta.api.routes.message_views import MessageView, message_id_of, message_view
from sztafeta.api.routes.shapes import View
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.service.fault import Fault
from sztafeta.service.sandbox import Letter, SandboxQuery

router = APIRouter(prefix="/v1/sandbox", tags=["sandbox"], route_class=Guarded)

LONGEST_WAIT = 60


class FieldView(View):
    """A header field."""

    name: str
    """As it stands there."""
    value: str
    """Unfolded, with encoded words read."""


class LetterView(View):
    """A message of the test inbox with what it says."""

    message: MessageView
    """Where it stands."""
    headers: Sequence[FieldView]
    """In their order."""
    html: str | None
    """As it was sent: show it to nobody unless it is made safe."""
    text: str | None
    """As it was sent."""


class Emptied(View):
    """What was thrown away."""

    deleted: int
    """Messages."""


@router.get("/wait", response_model=LetterView, summary="Wait for a test mail")
async def wait_for_mail(
    key: Reader,
    desk: AtDesk,
    to: Annotated[str | None, Query(description="Recipient's address.")] = None,
    subject: Annotated[
        str, Query(max_length=200, description="Words of the subject, an address or the text.")
    ] = "",
    after: Annotated[
        str | None, Query(description="Only what came after this message; left out: the newest.")
    ] = None,
    timeout: Annotated[
        int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait; 0: only look.")
    ] = 10,
) -> dict[str, Any]:
    """Give the mail that fits as soon as it is there; 408 when none came in time."""
    query = SandboxQuery(
        customer_id=key.customer_id,
        key_id=_test_key(key).key_id,
        recipient=None if to is None else _mailbox(to),
        words=tuple(subject.split()),
    )
    mark = None if after is None else message_id_of(after)
    found = await desk.sandbox.wait(query, after=mark, patience=timedelta(seconds=timeout))
    if found is None:
        raise Problem("nothing_arrived", f"No such mail came within {timeout} seconds.")
    return _letter(found)


@router.delete("/messages", response_model=Emptied, summary="Empty the test inbox")
async def empty_inbox(key: Sender, desk: AtDesk, notebook: AtNotebook) -> dict[str, Any]:
    """Delete all that this test key sent, with its history."""
    query = SandboxQuery(customer_id=key.customer_id, key_id=_test_key(key).key_id)
    deleted = await desk.sandbox.empty(query)
    await notebook.note(key, "test-inbox.emptied", after={"deleted": deleted})
    return {"deleted": deleted}


def _test_key(key: ApiKey) -> ApiKey:
    if key.mode is not Mode.TEST:
        raise Problem("test_key_needed", f"The API key {key.name!r} is live.")
    return key


def _mailbox(text: str) -> Mailbox:
    try:
        return parse_mailbox(text)
    except AddressFault as fault:
        found = Fault(pointer="/to", code="invalid_address", text=f"{fault}.")
        raise Problem("invalid", "The address cannot be read.", errors=(found,)) from fault


def _letter(letter: Letter) -> dict[str, Any]:
    opened = letter.opened
    return {
        "message": message_view(letter.record),
        "headers": [{"name": name, "value": value} for name, value in opened.fields],
        "html": opened.raw_html,
        "text": opened.text,
    }
