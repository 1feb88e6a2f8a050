"""Removal: a message leaves with all that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sztafeta.store.schema import attempt, body, event, message, recipient, shared_content
from sztafeta.store.statements import Dialect, Rows, Steps


def remove_messages(found: Rows, dialect: Dialect) -> Steps[list[int]]:
    """Delete messages, given as (message_id, in_file, tail_id); name the files to delete after them.

    A crash in between leaves an orphan, never a row without its body.
    """
    ids = [row[0] for row in found]
    for table in (event, attempt, recipient, body, message):
        yield dialect.once(sa.delete(table).where(table.c.message_id.in_(ids)))
    files = [message_id for message_id, in_file, _ in found if in_file]
    tails = sorted({row[2] for row in found if row[2] is not None})
    return files + ((yield from _remove_tails(tails, dialect)) if tails else [])


def _remove_tails(tail_ids: Sequence[int], dialect: Dialect) -> Steps[list[int]]:
    """Delete shared content that no message names any more."""
    named = sa.exists().where(message.c.tail_id == shared_content.c.tail_id)
    gone = yield dialect.once(
        sa.delete(shared_content)
        .where(shared_content.c.tail_id.in_(tail_ids), ~named)
        .returning(shared_content.c.tail_id, shared_content.c.in_file)
    )
    return [tail_id for tail_id, in_file in gone if in_file]
