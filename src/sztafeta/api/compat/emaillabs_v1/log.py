"""EmailLabs v1, what became of messages: the log, statuses, aggregates (emaillabs.md §1.3, §1.6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sztafeta.api.compat.emaillabs_v1.envelope import (
    FAILED,
    NO_ROWS,
    NOTHING,
    Answer,
    Found,
    listed,
)
from sztafeta.api.compat.emaillabs_v1.rows import log_row
from sztafeta.api.compat.emaillabs_v1.visit import Visit, account_in, period
from sztafeta.api.compat.emaillabs_words import (
    WORDS,
    count_words,
    standings_of,
    through,
)
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.service.ports import (
    MessageQuery,
    RecipientSort,
    Standing,
    StandingCount,
)

PERIODS: Final = ("created_at.from", "created_at.to", "injected_time.from", "injected_time.to")
LOG_FILTER: Final = ("account", "message_id", "to", *PERIODS)
TRACKING_FILTER: Final = ("account", "to", "msgid", "url", *PERIODS)
LONGEST_PERIOD: Final = timedelta(days=62)
_SORTS: Final = {
    "to": RecipientSort.ADDRESS,
    "account": RecipientSort.ACCOUNT,
    "message_id": RecipientSort.HEADER_MESSAGE_ID,
}


async def emails(visit: Visit) -> Found:
    """`emails`: one row a recipient."""
    return await _list(visit, await _query(visit, visit.terms(LOG_FILTER)), None)


async def smtp_events(visit: Visit) -> Found:
    """`smtp_events/{status}`: the rows that ended in a status."""
    word = visit.rest
    if word not in WORDS:
        raise Answer(NOTHING, f"Unknown status {word}; known: {', '.join(WORDS)}")
    visit.required("from_time")
    query = replace(
        await _query(visit, visit.terms(LOG_FILTER)),
        accepted_from=visit.time("from_time"),
        accepted_to=through(visit.time("to_time")),
    )
    return await _list(visit, query, standings_of(word))


async def opens_and_clicks(visit: Visit) -> Found:
    """`opens`, `clicks`: nothing is tracked, so nothing matches."""
    await _query(visit, visit.terms(TRACKING_FILTER))
    raise Answer(NOTHING, NO_ROWS)


async def _list(visit: Visit, query: MessageQuery, standings: Collection[Standing] | None) -> Found:
    sort = visit.field("sort") or "-created_at"
    records = await visit.desk.feed.find_recipients(
        query,
        limit=visit.limit,
        offset=visit.offset,
        standings=standings,
        sort=_SORTS.get(sort.removeprefix("-"), RecipientSort.ACCEPTED),
        is_descending=sort.startswith("-"),
    )
    counts = await visit.desk.feed.count_recipients(query)
    total = sum(one.recipients for one in counts if standings is None or one.standing in standings)
    return listed([log_row(one) for one in records], total)


async def _query(visit: Visit, terms: Mapping[str, str]) -> MessageQuery:
    account = await account_in(visit, terms)
    first, last = period(terms)
    return MessageQuery(
        customer_id=visit.key.customer_id,
        mode=visit.key.mode,
        account_id=None if account is None else account.account_id,
        recipient=_mailbox(terms["to"]) if "to" in terms else None,
        header_message_id=terms.get("message_id", terms.get("msgid", "")).strip("<>"),
        accepted_from=first,
        accepted_to=last,
    )


def _mailbox(text: str) -> Mailbox:
    try:
        return parse_mailbox(text)
    except AddressFault:
        raise Answer(NOTHING, NO_ROWS) from None


# -- aggregates -----------------------------------------------------------------------------------


async def aggregate(visit: Visit) -> Found:
    """`agregate`: how many messages have which status."""
    return Found(data=count_words(await _counts(visit, by_tags=False)))


async def aggregate_tags(visit: Visit) -> Found:
    """`agregate_tags`: the same, tag by tag."""
    by_tag: dict[str, list[StandingCount]] = {}
    for count in await _counts(visit, by_tags=True):
        for tag in count.tags:
            by_tag.setdefault(tag, []).append(count)
    if not by_tag:
        raise Answer(NOTHING, NO_ROWS)
    return Found(data={tag: count_words(by_tag[tag]) for tag in sorted(by_tag)})


async def _counts(visit: Visit, *, by_tags: bool) -> Collection[StandingCount]:
    account = await visit.account("smtp_account")
    visit.required("date_from")
    first, last = visit.time("date_from"), visit.time("date_to") or visit.desk.clock.now()
    if first is not None and last - first > LONGEST_PERIOD:
        raise Answer(FAILED, f"The period may have {LONGEST_PERIOD.days} days")
    query = MessageQuery(
        customer_id=visit.key.customer_id,
        mode=visit.key.mode,
        account_id=account.account_id,
        accepted_from=first,
        accepted_to=through(last),
    )
    return await visit.desk.feed.count_recipients(query, by_tags=by_tags)
