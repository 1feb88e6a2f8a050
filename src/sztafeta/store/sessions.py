"""Sessions of the panel: kept on the server, found by the hash of a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.service.ports import NotThere, OpenSession, Session
from sztafeta.store.database import Database
from sztafeta.store.members import MEMBER_COLUMNS, MEMBERS, member_of, networks_of
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import customer, member, session
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

_SESSION_COLUMNS: Final = (
    session.c.session_id,
    session.c.member_id,
    session.c.created_at,
    session.c.last_seen_at,
    session.c.address,
    session.c.user_agent,
    session.c.notice,
)
_BY_TOKEN: Final = (
    sa.select(*_SESSION_COLUMNS, customer.c.panel_networks, *MEMBER_COLUMNS)
    .select_from(MEMBERS.join(session, session.c.member_id == member.c.member_id))
    .where(session.c.token_sha256 == number("token_sha256", sa.LargeBinary))
)
_OF_MEMBER: Final = (
    sa.select(*_SESSION_COLUMNS)
    .where(session.c.member_id == number("member_id"))
    .order_by(session.c.last_seen_at.desc(), session.c.session_id.desc())
)
_TOUCH: Final = (
    sa.update(session)
    .values(last_seen_at=number("seen_at"), address=number("seen_from", sa.Text))
    .where(session.c.session_id == number("seen_id"), session.c.last_seen_at < number("seen_at"))
)


class Sessions:
    """Implements `SessionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_session(self, session: Session, token_sha256: bytes) -> Session:
        """Keep a new session; its number is filled in."""
        insert = _insert(session, token_sha256)
        made = await self._write(insert)
        return replace(session, session_id=made[0][0])

    async def open_session(self, token_sha256: bytes) -> OpenSession | None:
        """Find a session by its token, with its member as they are at this moment."""
        found = await self._rows(_BY_TOKEN, token_sha256=token_sha256)
        if not found:
            return None
        row = found[0]
        width = len(_SESSION_COLUMNS)
        return OpenSession(
            session=_session(row[:width]),
            panel_networks=networks_of(row[width]),
            member=member_of(row[width + 1 :]),
        )

    async def sessions(self, member_id: int) -> Sequence[Session]:
        """List a member's sessions, the one seen last first."""
        return [_session(row) for row in await self._rows(_OF_MEMBER, member_id=member_id)]

    async def renew_session(self, session_id: int, token_sha256: bytes) -> None:
        """Give a session another token; the old one is dead. Raises: NotThere."""
        change = sa.update(session).values(token_sha256=token_sha256)
        if not await self._count(change.where(session.c.session_id == session_id)):
            raise NotThere("there is no such session")

    async def touch_session(self, session_id: int, *, address: str, now: datetime) -> None:
        """Note that a session was used."""

        def steps() -> Steps[None]:
            yield self._database.dialect.query(
                _TOUCH, seen_id=session_id, seen_at=to_millis(now), seen_from=clean(address)
            )

        await self._database.write(Other(steps))

    async def leave_notice(self, session_id: int, notice: str) -> None:
        """Write the sentence for the next page, or take it away."""
        change = sa.update(session).values(notice=clean(notice))
        await self._count(change.where(session.c.session_id == session_id))

    async def end_session(self, session_id: int, *, member_id: int | None = None) -> bool:
        """Forget a session (of this member, if one is named); say whether there was one."""
        deletion = sa.delete(session).where(session.c.session_id == session_id)
        if member_id is not None:
            deletion = deletion.where(session.c.member_id == member_id)
        return bool(await self._count(deletion))

    async def end_sessions(self, member_id: int, *, but: int | None = None) -> int:
        """Forget a member's sessions, all but one; give their number."""
        deletion = sa.delete(session).where(session.c.member_id == member_id)
        if but is not None:
            deletion = deletion.where(session.c.session_id != but)
        return await self._count(deletion)

    async def forget_sessions(self, *, created_before: datetime, seen_before: datetime) -> int:
        """Forget what has run out."""
        has_run_out = sa.or_(
            session.c.created_at < to_millis(created_before),
            session.c.last_seen_at < to_millis(seen_before),
        )
        return await self._count(sa.delete(session).where(has_run_out))

    async def _rows(self, statement: sa.Executable, **values: object) -> Rows:
        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(statement, **values))

        return await self._database.read(steps)

    async def _write(self, statement: sa.Executable) -> Rows:
        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.once(statement))

        rows: Rows = await self._database.write(Other(steps))
        return rows

    async def _count(self, statement: sa.Executable) -> int:
        def steps() -> Steps[int]:
            changed = yield replace(self._database.dialect.once(statement), counts=True)
            count: int = changed[0][0]
            return count

        count: int = await self._database.write(Other(steps))
        return count


def _insert(one: Session, token_sha256: bytes) -> Any:
    values = {
        "token_sha256": token_sha256,
        "member_id": one.member_id,
        "created_at": to_millis(one.created_at),
        "last_seen_at": to_millis(one.last_seen_at),
        "address": clean(one.address),
        "user_agent": clean(one.user_agent),
        "notice": clean(one.notice),
    }
    return sa.insert(session).values(values).returning(session.c.session_id)


def _session(row: Row) -> Session:
    session_id, member_id, created_at, last_seen_at, address, user_agent, notice = row
    return Session(
        session_id=session_id,
        member_id=member_id,
        created_at=to_datetime(created_at),
        last_seen_at=to_datetime(last_seen_at),
        address=address,
        user_agent=user_agent,
        notice=notice,
    )
