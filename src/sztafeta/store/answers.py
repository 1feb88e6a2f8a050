"""Answers kept under an idempotency key: committed together with what they answer for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.service.ports import AlreadyRemembered, Remembered
from sztafeta.store.rows import to_datetime, to_millis
from sztafeta.store.schema import remembered
from sztafeta.store.statements import Dialect, Row, Steps, inserting_if_new, number

INSERT_ANSWERS: Final = inserting_if_new(remembered)


def _is_named() -> sa.ColumnElement[bool]:
    return sa.and_(
        remembered.c.customer_id == number("customer_id"),
        remembered.c.endpoint == number("endpoint", sa.Text),
        remembered.c.key == number("key", sa.Text),
    )


_FIND: Final = sa.select(*remembered.columns).where(_is_named())
_FORGET: Final = sa.delete(remembered).where(_is_named(), remembered.c.until <= number("now"))


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An answer to keep, and the time it is given at."""

    remembered: Remembered
    now: int

    @property
    def row(self) -> tuple[object, ...]:
        """Give the row of `remembered`."""
        one = self.remembered
        return (
            one.customer_id,
            one.endpoint,
            one.key,
            one.request_sha256,
            one.http_status,
            one.answer,
            to_millis(one.until),
        )


def find(customer_id: int, endpoint: str, key: str, dialect: Dialect) -> Steps[Remembered | None]:
    """Find a kept answer."""
    found = yield dialect.query(_FIND, customer_id=customer_id, endpoint=endpoint, key=key)
    return _remembered(found[0]) if found else None


def keep(answers: Sequence[Answer], dialect: Dialect) -> Steps[bool]:
    """Keep answers whose keys nobody used, in the order of their keys; say whether all were kept."""
    kept = 0
    ordered = sorted((answer.row for answer in answers), key=lambda row: repr(row[:3]))
    for query in dialect.many(INSERT_ANSWERS, ordered):
        changed = yield replace(query, counts=True)
        kept += changed[0][0]
    return kept == len(answers)


def keep_or_tell(answer: Answer, dialect: Dialect) -> Steps[None]:
    """Keep an answer; one whose time is over gives way to it.

    Raises:
        AlreadyRemembered: the key was used before.
    """
    one = answer.remembered
    name: dict[str, Any] = {
        "customer_id": one.customer_id,
        "endpoint": one.endpoint,
        "key": one.key,
    }
    yield dialect.query(_FORGET, now=answer.now, **name)
    if not (yield from keep([answer], dialect)):
        present = yield dialect.query(_FIND, **name)
        raise AlreadyRemembered(_remembered(present[0]))


def _remembered(row: Row) -> Remembered:
    customer_id, endpoint, key, request_sha256, http_status, answer, until = row
    return Remembered(
        customer_id=customer_id,
        endpoint=endpoint,
        key=key,
        request_sha256=bytes(request_sha256),
        http_status=http_status,
        answer=bytes(answer),
        until=to_datetime(until),
    )
