"""The list of test mail: by key, by words, thrown away when it is done with."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from sztafeta.account.api_key import ApiKey, Mode
from sztafeta.panel.pages import Pages
from sztafeta.panel.test_inbox.found import LIST, READ, WRITE, path_of, query_of
from sztafeta.panel.visit import Visit

pages = Pages("test-inbox")

PAGE: Final = 50
MOST_WORDS: Final = 8


@pages.get("/test-inbox", needs=READ)
async def show_test_inbox(visit: Visit) -> Response:
    """List test mail, the newest first."""
    asked = visit.request.query_params
    search, key_id = asked.get("q", "")[:200].strip(), asked.get("key", "")[:40]
    before = asked.get("before", "")
    mark = int(before) if before.isascii() and before.isdecimal() and len(before) < 20 else None
    query = query_of(visit, key_id=key_id, words=tuple(search.split()[:MOST_WORDS]))
    rows = await visit.desk.sandbox.list(query, limit=PAGE + 1, before=mark)
    return visit.page(
        "test_inbox/list.html",
        letters=rows[:PAGE],
        older=rows[PAGE - 1].message_id if len(rows) > PAGE else None,
        is_newest=mark is None,
        search=search,
        key_id=key_id,
        keys=await _test_keys(visit),
        path_of=path_of,
        may_write=WRITE.allows(visit.member),
    )


@pages.post("/test-inbox/empty", needs=WRITE)
async def empty_test_inbox(visit: Visit) -> Response:
    """Throw all away, of one key or of all."""
    key_id = str((await visit.form()).get("key", ""))[:40]
    thrown = await visit.desk.sandbox.empty(query_of(visit, key_id=key_id))
    await visit.desk.audit.note(
        visit.member, "test-inbox.emptied", key_id, address=visit.address, after={"thrown": thrown}
    )
    notice = visit.ngettext("%(num)s message deleted.", "%(num)s messages deleted.", thrown)
    return visit.go(LIST, notice % {"num": thrown})


async def _test_keys(visit: Visit) -> list[ApiKey]:
    keys = await visit.desk.keys.all_of(visit.customer_id)
    return [
        key
        for key in keys
        if key.mode is Mode.TEST and visit.member.reaches(key.account.account_id)
    ]
