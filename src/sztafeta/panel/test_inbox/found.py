"""What the pages of the test inbox share: who may see what, and the message that a path names."""

from __future__ import annotations

from typing import Final

from sztafeta.account.member import Area, Right
from sztafeta.delivery.queue_id import from_text, to_text
from sztafeta.panel.needs import Needs
from sztafeta.panel.visit import Visit
from sztafeta.service.fault import Refusal
from sztafeta.service.sandbox import Letter, SandboxQuery

READ: Final = Needs(Area.MESSAGES, Right.READ)
WRITE: Final = Needs(Area.MESSAGES, Right.WRITE)
LIST: Final = "/panel/test-inbox"


def query_of(visit: Visit, *, key_id: str = "", words: tuple[str, ...] = ()) -> SandboxQuery:
    """Say what this member may see."""
    member = visit.member
    accounts = None if member.is_administrator else member.smtp_accounts
    return SandboxQuery(
        customer_id=visit.customer_id, accounts=accounts, key_id=key_id, words=words
    )


def number_of(visit: Visit) -> int | None:
    """Read which message the path names."""
    try:
        return from_text(str(visit.request.path_params["message"]))
    except ValueError:
        return None


async def find(visit: Visit, *, remote_pictures: bool = False) -> Letter | None:
    """Open the message that the path names, if this member may see it."""
    number = number_of(visit)
    if number is None:
        return None
    found = await visit.desk.sandbox.open(query_of(visit), number, remote_pictures=remote_pictures)
    return None if isinstance(found, Refusal) else found


def path_of(message_id: int) -> str:
    """Give the path of a message."""
    return f"{LIST}/{to_text(message_id)}"
