"""Sessions of the panel: opened by a login, found by a token, ended by time, by a click or by a change.

The token has 256 random bits and is in the browser alone; the store has its SHA-256 (W-05).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from typing import Final

from sztafeta.account.member import Member
from sztafeta.service.ports import Clock, Networks, OpenSession, Session, SessionStore

TOUCHED_EVERY: Final = timedelta(minutes=1)
"""How exactly it is known when a session was used last."""
LONGEST_USER_AGENT: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whoever is behind a request: a member who has logged in, with their session."""

    member: Member
    session_id: int
    opened_at: datetime
    """When they logged in."""
    notice: str = ""
    """A sentence that a page before left for the next one."""


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(
        self,
        *,
        store: SessionStore,
        clock: Clock,
        idle: timedelta = timedelta(hours=12),
        lifetime: timedelta = timedelta(days=7),
    ) -> None:
        """A session ends when it was not used for `idle`, and after its `lifetime` anyway."""
        self._store = store
        self._clock = clock
        self._idle = idle
        self._lifetime = lifetime

    @property
    def lifetime(self) -> timedelta:
        """How long a browser may keep the token."""
        return self._lifetime

    async def open(self, member_id: int, *, address: str, user_agent: str) -> str:
        """Begin a session and give its token, which is shown this once."""
        now, token = self._clock.now(), _make_token()
        session = Session(
            session_id=0,
            member_id=member_id,
            created_at=now,
            last_seen_at=now,
            address=address,
            user_agent=user_agent[:LONGEST_USER_AGENT],
        )
        await self._store.create_session(session, _digest(token))
        return token

    async def find(self, token: str, *, address: str) -> Visitor | None:
        """Give the visitor as they are now; None when they must log in."""
        found = await self._store.open_session(_digest(token))
        now = self._clock.now()
        if found is None or not self._is_good(found, address, now):
            return None
        session = found.session
        if now - session.last_seen_at >= TOUCHED_EVERY:
            await self._store.touch_session(session.session_id, address=address, now=now)
        return Visitor(
            member=found.member,
            session_id=session.session_id,
            opened_at=session.created_at,
            notice=session.notice,
        )

    def _is_good(self, found: OpenSession, address: str, now: datetime) -> bool:
        session = found.session
        return (
            found.member.is_enabled
            and now - session.created_at < self._lifetime
            and now - session.last_seen_at < self._idle
            and is_allowed(address, found.panel_networks)
        )

    async def renew(self, session_id: int) -> str:
        """Give a session another token: after a change of password or rights the old one is dead."""
        token = _make_token()
        await self._store.renew_session(session_id, _digest(token))
        return token

    async def leave_notice(self, session_id: int, text: str) -> None:
        """Leave a sentence for the next page; an empty one takes it away."""
        await self._store.leave_notice(session_id, text)

    async def end(self, session_id: int) -> None:
        """Log out."""
        await self._store.end_session(session_id)

    async def end_one_of(self, member_id: int, session_id: int) -> bool:
        """End one of a member's sessions; say whether it was theirs."""
        return await self._store.end_session(session_id, member_id=member_id)

    async def end_others(self, member_id: int, but: int | None = None) -> int:
        """End a member's sessions, all but one; give their number."""
        return await self._store.end_sessions(member_id, but=but)

    async def of_member(self, member_id: int) -> Sequence[Session]:
        """List a member's sessions that have not run out, the one seen last first."""
        now = self._clock.now()
        return [
            session
            for session in await self._store.sessions(member_id)
            if now - session.created_at < self._lifetime and now - session.last_seen_at < self._idle
        ]

    async def forget_old(self) -> int:
        """Forget what has run out; called now and then."""
        now = self._clock.now()
        return await self._store.forget_sessions(
            created_before=now - self._lifetime, seen_before=now - self._idle
        )


def is_allowed(address: str, networks: Networks) -> bool:
    """Say whether the panel may be used from an address; an empty list allows every one."""
    if not networks:
        return True
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(plain in network for network in networks)


def _make_token() -> str:
    return secrets.token_urlsafe(32)


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
