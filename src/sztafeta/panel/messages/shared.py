"""What the pages about mail share: their routes, their rights, and ids in addresses with what they name."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from sztafeta.account.activity import ActivityQuery
from sztafeta.account.activity_query import write
from sztafeta.account.member import Area, Right
from sztafeta.delivery.queue_id import to_text
from sztafeta.panel.needs import Needs
from sztafeta.panel.pages import Pages
from sztafeta.panel.visit import Visit
from sztafeta.service.activity.searching import PREFIX, read_identity
from sztafeta.service.activity.telling import Told
from sztafeta.service.ports import ActivityRow, Mark

pages = Pages("messages")

READ: Final = Needs(Area.MESSAGES, Right.READ)
WRITE: Final = Needs(Area.MESSAGES, Right.WRITE)
LIST: Final = "/panel/messages"


def shown_id(message_id: int) -> str:
    """Write a message's id."""
    return PREFIX + to_text(message_id)


def path_of(row: ActivityRow) -> str:
    """Lead to a row's message."""
    return message_path(row.message_id, row.recipient_id)


def message_path(message_id: int, recipient_id: int, **more: str) -> str:
    """Lead to the page of a message, about one of its recipients."""
    values = {"to": to_text(recipient_id)} | more
    return f"{LIST}/{shown_id(message_id)}?{urlencode(values)}"


def list_path(query: ActivityQuery, before: Mark | None = None) -> str:
    """Lead to a list."""
    values = {}
    if not query.is_empty:
        values["q"] = write(query)
    if before is not None:
        values["before"] = f"{to_text(before.message_id)}-{to_text(before.recipient_id)}"
    return f"{LIST}?{urlencode(values)}" if values else LIST


def read_mark(text: str) -> Mark | None:
    """Read a place in the list; None: it is none."""
    message_id, _, recipient_id = text.partition("-")
    numbers = read_identity(message_id), read_identity(recipient_id)
    if numbers[0] is None or numbers[1] is None:
        return None
    return Mark(numbers[0], numbers[1])


async def told_of(visit: Visit, to: str | None = None) -> Told | None:
    """Find the message that a page is about; `to` names the recipient instead of the address's own."""
    message_id = read_identity(visit.request.path_params["id"])
    named = visit.request.query_params.get("to", "") if to is None else to
    recipient_id = read_identity(named) if named else None
    if message_id is None or (named and recipient_id is None):
        return None
    return await visit.desk.mail.telling.find(visit.member, message_id, recipient_id)
