"""`/v1/events`: the pull feed, every event of the customer in the order of their ids (ux §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from sztafeta.api.desk import AtDesk, Reader
from sztafeta.api.guarded import Guarded
from sztafeta.api.routes.message_views import EVENT, EventView, feed_view
from sztafeta.api.routes.shapes import Limit, View, bad_cursor
from sztafeta.delivery.queue_id import from_text, to_text

router = APIRouter(prefix="/v1/events", tags=["events"], route_class=Guarded)

SETTLING: Final = timedelta(seconds=5)
"""Events younger than this are held back: another node may still commit one with a smaller id."""


class Feed(View):
    """A part of the feed."""

    data: Sequence[EventView]
    """In the order of their ids."""
    has_more: bool
    """More is there already."""
    next: str | None
    """Send it as `after` to go on; the same as before when nothing is new."""


@router.get("", response_model=Feed, summary="Follow events")
async def list_events(
    key: Reader,
    desk: AtDesk,
    limit: Limit = 100,
    after: Annotated[str | None, Query(description="The `next` of the answer before.")] = None,
) -> dict[str, Any]:
    """Give events of the key's mode after a place in the feed; ask again with `next`.

    Each event comes at least once and in order; one that just happened comes within some seconds.
    """
    found = await desk.feed.events(
        key.customer_id,
        key.mode,
        after=0 if after is None else _place(after),
        until=desk.clock.now() - SETTLING,
        limit=limit + 1,
    )
    kept = found[:limit]
    place = EVENT + to_text(kept[-1].event.event_id) if kept else after
    return {"data": [feed_view(one) for one in kept], "has_more": len(found) > limit, "next": place}


def _place(after: str) -> int:
    try:
        return from_text(after.removeprefix(EVENT))
    except ValueError as fault:
        raise bad_cursor() from fault
