"""Test data of templates."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sztafeta.service.ports import Sample
from sztafeta.store.database import Database
from sztafeta.store.rows import clean
from sztafeta.store.schema import template_sample
from sztafeta.store.statements import Rows, Steps
from sztafeta.store.units import Other


class TemplateSamples:
    """Implements `SampleStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def samples(self, template_id: int) -> Sequence[Sample]:
        """List them by name."""
        found = await self._database.read(lambda: self._samples(template_id))
        return [Sample(name=name, data=data) for name, data in found]

    async def keep_sample(self, template_id: int, sample: Sample, *, most: int) -> bool:
        """Keep it in the place of one of the same name; False: there are `most` others already."""
        kept: bool = await self._database.write(
            Other(lambda: self._keep(template_id, clean(sample.name), clean(sample.data), most))
        )
        return kept

    async def forget_sample(self, template_id: int, name: str) -> None:
        """Forget it; harmless when it is not there."""
        await self._database.write(Other(lambda: self._forget(template_id, clean(name))))

    def _samples(self, template_id: int) -> Steps[Rows]:
        wanted = sa.select(template_sample.c.name, template_sample.c.data)
        wanted = wanted.where(template_sample.c.template_id == template_id)
        return (yield self._database.dialect.once(wanted.order_by(template_sample.c.name)))

    def _keep(self, template_id: int, name: str, data: str, most: int) -> Steps[bool]:
        present = yield from self._samples(template_id)
        if len([row for row in present if row[0] != name]) >= most:
            return False
        yield from self._forget(template_id, name)
        row = {"template_id": template_id, "name": name, "data": data}
        yield self._database.dialect.once(sa.insert(template_sample).values(row))
        return True

    def _forget(self, template_id: int, name: str) -> Steps[None]:
        column = template_sample.c
        forget = sa.delete(template_sample).where(
            column.template_id == template_id, column.name == name
        )
        yield self._database.dialect.once(forget)
