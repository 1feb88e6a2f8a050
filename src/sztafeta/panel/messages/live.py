"""News of the list as server-sent events: how many rows would change, told in words, never the rows.

The stream ends by itself after a while; the browser comes again, and whoever has lost the right to read by
then is turned away at the door.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import Response, StreamingResponse

from sztafeta.account.activity import ActivityQuery
from sztafeta.account.activity_query import read
from sztafeta.panel.messages.shared import READ, pages
from sztafeta.panel.visit import Visit

STREAM_SECONDS: Final = 45
KEEP_ALIVE_SECONDS: Final = 15
AGAIN_AFTER_MILLIS: Final = 300


@pages.get("/messages/live", needs=READ)
async def news_of_mail(visit: Visit) -> Response:
    """Tell of what happens to the mail that a query means, after an event."""
    asked = read(visit.request.query_params.get("q", ""))
    after = visit.request.query_params.get("after", "")
    if asked.faults or not after.isdecimal() or len(after) > 19:
        return Response(status_code=204)  # tells the browser not to come again
    stream = news(visit, asked.query, int(after))
    headers = {"X-Accel-Buffering": "no"}  # proxies would keep it until it is over
    return StreamingResponse(stream, 200, headers, "text/event-stream")


async def news(visit: Visit, query: ActivityQuery, after: int) -> AsyncIterator[str]:
    """Give the events of the stream."""
    yield f"retry: {AGAIN_AFTER_MILLIS}\n\n"
    mail, member = visit.desk.mail, visit.member
    ends = asyncio.get_running_loop().time() + STREAM_SECONDS
    told: frozenset[int] = frozenset()
    async with mail.newsroom.listen(member.customer_id) as incoming:
        fresh = await mail.newsroom.since(member.customer_id, after)
        while True:
            meant = await mail.searching.which(member, query, fresh - told)
            if meant:
                told |= meant
                yield _event(visit, len(told))
            left = ends - asyncio.get_running_loop().time()
            if left <= 0:
                return
            try:
                async with asyncio.timeout(min(left, KEEP_ALIVE_SECONDS)):
                    fresh = await incoming.get()
            except TimeoutError:
                fresh = frozenset()
                yield ": still here\n\n"


def _event(visit: Visit, count: int) -> str:
    text = visit.ngettext("%(num)s new — show", "%(num)s new — show them", count)
    shown = text % {"num": visit.formats.number(count)}
    return f"event: news\ndata: {json.dumps({'count': count, 'text': shown})}\n\n"
