"""Uses of templates, a row a day and user; the last masked data of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.service.ports import LastData, TemplateUse, TemplateUser
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import template, template_last_data, template_use
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

_USER: Final = ("template_id", "version", "account_id", "key_id", "door")
_LAST: Final = sa.select(template_last_data.c.data, template_last_data.c.at).where(
    template_last_data.c.template_id == number("template_id")
)
_FORGET: Final = sa.delete(template_use).where(template_use.c.day < number("before"))
_ORPHANS: Final = sa.delete(template_last_data).where(
    template_last_data.c.template_id.not_in(sa.select(template.c.template_id))
)
"""What was noted shortly before its template was deleted, and written shortly after."""


class TemplateUses:
    """Implements `TemplateUseStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note_template_uses(
        self, uses: Sequence[TemplateUse], last: Mapping[int, LastData]
    ) -> None:
        """Add up uses of the day of their last message, and keep the last data of templates."""

        def steps() -> Steps[None]:
            for use in sorted(uses, key=_in_order):
                yield self._database.dialect.once(self._adding(use))
            for template_id, data in sorted(last.items()):
                yield self._database.dialect.once(self._keeping(template_id, data))

        await self._database.write(Other(steps))

    def _adding(self, use: TemplateUse) -> sa.Executable:
        insert = self._database.dialect.insert(template_use).values(_values(use))
        added: sa.Executable = insert.on_conflict_do_update(
            index_elements=[*_USER, "day"],
            set_={
                "messages": template_use.c.messages + use.messages,
                "last_at": to_millis(use.last_at),
            },
        )
        return added

    def _keeping(self, template_id: int, last: LastData) -> sa.Executable:
        values = {"data": clean(last.data), "at": to_millis(last.at)}
        first = {"template_id": template_id, **values}
        insert = self._database.dialect.insert(template_last_data).values(first)
        kept: sa.Executable = insert.on_conflict_do_update(
            index_elements=["template_id"], set_=values
        )
        return kept

    async def template_uses(
        self, template_ids: Collection[int], *, since: date
    ) -> Sequence[TemplateUse]:
        """Sum up the uses of templates from this day (UTC) on, the most frequent user first."""
        user = [template_use.c[name] for name in _USER]
        messages = sa.func.sum(template_use.c.messages)
        wanted = (
            sa.select(*user, messages, sa.func.max(template_use.c.last_at))
            .where(template_use.c.template_id.in_(template_ids))
            .where(template_use.c.day >= since.toordinal())
            .group_by(*user)
            .order_by(messages.desc(), *user)
        )

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.once(wanted))

        return [_use(row) for row in await self._database.read(steps)]

    async def last_data(self, template_id: int) -> LastData | None:
        """Give the last data of a template."""

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(_LAST, template_id=template_id))

        rows = await self._database.read(steps)
        return LastData(rows[0][0], to_datetime(rows[0][1])) if rows else None

    async def forget_template_uses(self, before: date) -> None:
        """Forget the uses of days before this one, and the data of templates that are gone."""

        def steps() -> Steps[None]:
            yield self._database.dialect.query(_FORGET, before=before.toordinal())
            yield self._database.dialect.once(_ORPHANS)

        await self._database.write(Other(steps))


def _in_order(use: TemplateUse) -> tuple[Any, ...]:
    """Give rows in the order in which every node locks them."""
    return tuple(_values(use)[name] for name in (*_USER, "day"))


def _values(use: TemplateUse) -> dict[str, Any]:
    user = use.user
    return {
        "template_id": user.template_id,
        "version": user.version,
        "account_id": user.account_id,
        "key_id": user.key_id,
        "door": user.door,
        "day": use.last_at.date().toordinal(),
        "messages": use.messages,
        "last_at": to_millis(use.last_at),
    }


def _use(row: Row) -> TemplateUse:
    *user, messages, last_at = row
    return TemplateUse(TemplateUser(*user), int(messages), to_datetime(last_at))
