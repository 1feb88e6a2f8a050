"""Templates and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from sztafeta.mail.template_source import MissingRule, TemplateSource
from sztafeta.service.ports import (
    AlreadyThere,
    ChangedMeanwhile,
    NotThere,
    Template,
    TemplateVersion,
)
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import (
    template,
    template_last_data,
    template_sample,
    template_use,
    template_version,
)
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

T = TypeVar("T")

_OF_CUSTOMER: Final = template.c.customer_id == number("customer_id")
_IS_TEMPLATE: Final = template.c.template_id == number("template_id")
_LIST: Final = (
    sa.select(template)
    .where(_OF_CUSTOMER, template.c.template_id > number("after"))
    .order_by(template.c.template_id)
    .limit(number("limit"))
)
_BY_ID: Final = sa.select(template).where(_OF_CUSTOMER, _IS_TEMPLATE)
_BY_NAME: Final = sa.select(template).where(
    _OF_CUSTOMER, template.c.external_id == number("external_id", sa.Text)
)
_LOCK: Final = sa.select(template).where(_IS_TEMPLATE).with_for_update()
"""Whoever adds or publishes a version waits for the one before."""
_VERSIONS: Final = (
    sa.select(template_version)
    .where(template_version.c.template_id == number("template_id"))
    .order_by(template_version.c.number.desc())
)
_VERSION: Final = sa.select(template_version).where(
    template_version.c.template_id == number("template_id"),
    template_version.c.number == number("number", sa.Integer),
)


class Templates:
    """Implements `TemplateStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- read -------------------------------------------------------------------------------------

    async def templates(
        self, customer_id: int, *, limit: int, after: int | None = None
    ) -> Sequence[Template]:
        """List them by their ids."""
        mark = -1 if after is None else after
        found = await self._rows(_LIST, customer_id=customer_id, after=mark, limit=limit)
        return [_template(row) for row in found]

    async def template(self, customer_id: int, ref: int | str) -> Template | None:
        """Find by id, or by external id."""
        if isinstance(ref, int):
            found = await self._rows(_BY_ID, customer_id=customer_id, template_id=ref)
        else:
            found = await self._rows(_BY_NAME, customer_id=customer_id, external_id=clean(ref))
        return _template(found[0]) if found else None

    async def versions(self, template_id: int) -> Sequence[TemplateVersion]:
        """List them, the newest first."""
        return [_version(row) for row in await self._rows(_VERSIONS, template_id=template_id)]

    async def version(self, template_id: int, number: int) -> TemplateVersion | None:
        """Find one."""
        found = await self._rows(_VERSION, template_id=template_id, number=number)
        return _version(found[0]) if found else None

    async def _rows(self, statement: sa.Executable, **values: object) -> Rows:
        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(statement, **values))

        return await self._database.read(steps)

    # -- write ------------------------------------------------------------------------------------

    async def create_template(self, template: Template, version: TemplateVersion) -> None:
        """Keep a new template with its first draft. Raises: AlreadyThere."""
        await self._database.write(Other(lambda: self._create(template, version)))

    async def change_template(self, template: Template, *, seen: datetime | None = None) -> None:
        """Write name, external id and missing rule.

        Raises:
            AlreadyThere: the external id is another's.
            NotThere: there is no such template.
            ChangedMeanwhile: it was changed after `seen`.
        """
        await self._database.write(Other(lambda: self._change(template, seen)))

    async def delete_template(self, customer_id: int, template_id: int) -> None:
        """Forget a template with all versions. Raises: NotThere."""
        await self._database.write(Other(lambda: self._delete(customer_id, template_id)))

    async def save_draft(self, version: TemplateVersion) -> None:
        """Write the newest version if it is a draft, or add the next one.

        Raises:
            AlreadyThere: somebody else added that number first.
            NotThere: there is no such template.
        """
        await self._database.write(Other(lambda: self._save(version)))

    async def publish(
        self, template_id: int, number: int, *, published_html: str, now: datetime
    ) -> None:
        """Make a version the live one, at once for all. Raises: NotThere."""
        values = {"published_html": clean(published_html), "published_at": to_millis(now)}
        await self._database.write(Other(lambda: self._publish(template_id, number, values)))

    def _create(self, new: Template, version: TemplateVersion) -> Steps[None]:
        dialect = self._database.dialect
        insert = dialect.insert_if_new(template).values(
            template_id=new.template_id,
            customer_id=new.customer_id,
            live=new.live,
            newest=version.number,
            created_at=to_millis(new.created_at),
            **_settings(new),
        )
        changed = yield replace(dialect.once(insert), counts=True)
        if not changed[0][0]:
            raise AlreadyThere(f"external id {new.external_id!r} is taken already")
        yield dialect.once(sa.insert(template_version).values(_values(version)))

    def _change(self, changed: Template, seen: datetime | None) -> Steps[None]:
        dialect = self._database.dialect
        if seen is not None:
            present = yield from self._locked(changed.template_id)
            if present.changed_at != seen:
                raise ChangedMeanwhile("somebody else was faster")
        name = {"customer_id": changed.customer_id, "external_id": changed.external_id}
        namesakes = yield dialect.query(_BY_NAME, **name)
        if any(row[0] != changed.template_id for row in namesakes):
            raise AlreadyThere(f"external id {changed.external_id!r} is taken already")
        yield from self._touch(changed.customer_id, changed.template_id, _settings(changed))

    def _touch(self, customer_id: int, template_id: int, values: dict[str, Any]) -> Steps[None]:
        change = sa.update(template).values(values)
        change = change.where(
            template.c.customer_id == customer_id, template.c.template_id == template_id
        )
        yield from self._must_change(change)

    def _delete(self, customer_id: int, template_id: int) -> Steps[None]:
        deletion = sa.delete(template).where(
            template.c.customer_id == customer_id, template.c.template_id == template_id
        )
        yield from self._must_change(deletion)
        for table in (template_version, template_sample, template_use, template_last_data):
            yield self._database.dialect.once(
                sa.delete(table).where(table.c.template_id == template_id)
            )

    def _must_change(self, statement: sa.Executable) -> Steps[None]:
        changed = yield replace(self._database.dialect.once(statement), counts=True)
        if not changed[0][0]:
            raise NotThere("there is no such template")

    def _save(self, version: TemplateVersion) -> Steps[None]:
        dialect = self._database.dialect
        owner = yield from self._locked(version.template_id)
        newest = yield dialect.query(_VERSION, template_id=version.template_id, number=owner.newest)
        is_draft = _version(newest[0]).published_at is None
        if version.number != (owner.newest if is_draft else owner.newest + 1):
            raise AlreadyThere(f"version {version.number} is taken already")
        if is_draft:
            values = _values(version)
            del values["created_at"]
            yield dialect.once(_update(version.template_id, version.number).values(values))
        else:
            yield dialect.once(sa.insert(template_version).values(_values(version)))
        values = {"newest": version.number, "changed_at": to_millis(version.created_at)}
        yield from self._touch(owner.customer_id, owner.template_id, values)

    def _publish(self, template_id: int, number: int, values: dict[str, Any]) -> Steps[None]:
        """Publish; what was published before stays as it was."""
        dialect = self._database.dialect
        owner = yield from self._locked(template_id)
        found = yield dialect.query(_VERSION, template_id=template_id, number=number)
        if not found:
            raise NotThere(f"there is no version {number}")
        if _version(found[0]).published_at is None:
            yield dialect.once(_update(template_id, number).values(values))
        live = {"live": number, "changed_at": values["published_at"]}
        yield from self._touch(owner.customer_id, template_id, live)

    def _locked(self, template_id: int) -> Steps[Template]:
        found = yield self._database.dialect.query(_LOCK, template_id=template_id)
        if not found:
            raise NotThere("there is no such template")
        return _template(found[0])


def _update(template_id: int, number: int) -> sa.Update:
    return sa.update(template_version).where(
        template_version.c.template_id == template_id, template_version.c.number == number
    )


def _settings(one: Template) -> dict[str, Any]:
    return {
        "external_id": one.external_id,
        "name": clean(one.name),
        "missing": one.missing.value,
        "changed_at": to_millis(one.changed_at),
    }


def _values(version: TemplateVersion) -> dict[str, Any]:
    published_at, source = version.published_at, version.source
    return {
        "template_id": version.template_id,
        "number": version.number,
        "subject": clean(source.subject),
        "html": clean(source.html),
        "mjml": clean(source.mjml),
        "text": clean(source.text),
        "published_html": clean(version.published_html),
        "author": clean(version.author),
        "created_at": to_millis(version.created_at),
        "published_at": None if published_at is None else to_millis(published_at),
    }


def _template(row: Row) -> Template:
    template_id, customer_id, external_id, name, missing, live, newest, *times = row
    created_at, changed_at = times
    return Template(
        template_id=template_id,
        customer_id=customer_id,
        external_id=external_id,
        name=name,
        missing=MissingRule(missing),
        live=live,
        newest=newest,
        created_at=to_datetime(created_at),
        changed_at=to_datetime(changed_at),
    )


def _version(row: Row) -> TemplateVersion:
    template_id, number, subject, html, mjml, text, published_html, author, *times = row
    created_at, published_at = times
    return TemplateVersion(
        template_id=template_id,
        number=number,
        source=TemplateSource(subject=subject, html=html, mjml=mjml, text=text),
        published_html=published_html,
        author=author,
        created_at=to_datetime(created_at),
        published_at=None if published_at is None else to_datetime(published_at),
    )
