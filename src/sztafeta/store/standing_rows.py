"""Where recipients stand, as statements: one row a recipient, or counts of those that stand alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.delivery.classify import BounceClass
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.service.ports import TRIED, RecipientSort, Standing, StandingCount
from sztafeta.store import rows
from sztafeta.store.schema import IS_LIVE, event, message, recipient, smtp_account
from sztafeta.store.statements import Row

_NONE: Final[sa.ColumnElement[str]] = sa.literal_column("''")


def _class_of(details: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Read the class out of compact JSON, which both databases can; in a value its quotes are escaped."""
    kinds = [one.value for one in BounceClass]
    marks = [(details.contains(f'"class":"{kind}"', autoescape=True), kind) for kind in kinds]
    return sa.case(*marks, else_=_NONE)


_BOUNCE_CLASS: Final = (
    sa.select(_class_of(event.c.details))
    .where(
        event.c.message_id == recipient.c.message_id,
        event.c.recipient_id == recipient.c.recipient_id,
        event.c.kind == EventKind.BOUNCED.value,
    )
    .order_by(event.c.event_id.desc())
    .limit(1)
    .correlate(recipient)
    .scalar_subquery()
)
_DETAIL: Final = sa.case(
    (sa.and_(IS_LIVE, recipient.c.attempt > 0), TRIED),
    (recipient.c.state == State.BOUNCED.value, sa.func.coalesce(_BOUNCE_CLASS, _NONE)),
    else_=_NONE,
)
"""See `Standing.detail`."""
_SORTED: Final[dict[RecipientSort, tuple[sa.ColumnElement[Any], ...]]] = {
    RecipientSort.ACCEPTED: (),
    RecipientSort.ADDRESS: (recipient.c.local_part, recipient.c.domain),
    RecipientSort.ACCOUNT: (smtp_account.c.login,),
    RecipientSort.HEADER_MESSAGE_ID: (message.c.header_message_id,),
}


def listing(
    narrowed: Sequence[sa.ColumnElement[bool]],
    standings: Collection[Standing] | None,
    sort: RecipientSort,
    *,
    is_descending: bool,
) -> sa.Select[Any]:
    """Ask for message and recipient ids, in order; ids sort by time."""
    order = (*_SORTED[sort], message.c.message_id, recipient.c.recipient_id)
    wanted = (
        sa.select(message.c.message_id, recipient.c.recipient_id)
        .join_from(message, recipient, recipient.c.message_id == message.c.message_id)
        .outerjoin(smtp_account, smtp_account.c.account_id == message.c.account_id)
        .where(*narrowed)
        .order_by(*(one.desc() for one in order) if is_descending else order)
    )
    return wanted if standings is None else wanted.where(_stands(standings))


def _stands(standings: Collection[Standing]) -> sa.ColumnElement[bool]:
    details: dict[State, list[str]] = {}
    for one in standings:
        details.setdefault(one.state, []).append(one.detail)
    return sa.or_(
        sa.false(),
        *(
            sa.and_(recipient.c.state == state.value, _DETAIL.in_(wanted))
            for state, wanted in details.items()
        ),
    )


def counting(
    narrowed: Sequence[sa.ColumnElement[bool]], *, by_tags: bool
) -> sa.Select[tuple[int, str, str, int]]:
    """Ask how many recipients stand alike."""
    tags = message.c.tags if by_tags else sa.literal_column("'[]'")
    standing = (
        sa.select(recipient.c.state.label("state"), _DETAIL.label("detail"), tags.label("tags"))
        .join_from(message, recipient, recipient.c.message_id == message.c.message_id)
        .where(*narrowed)
        .subquery()
    )
    alike = (standing.c.state, standing.c.detail, standing.c.tags)
    return sa.select(*alike, sa.func.count()).group_by(*alike).order_by(*alike)


def count_from(row: Row) -> StandingCount:
    """Read a count."""
    state, detail, tags, recipients = row
    return StandingCount(
        standing=Standing(State(state), detail), tags=rows.words(tags), recipients=recipients
    )
