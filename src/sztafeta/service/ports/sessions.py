"""Sessions of the panel: kept on the server, found by the hash of a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sztafeta.account.member import Member
from sztafeta.service.ports.members import Networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that somebody logged in with."""

    session_id: int
    member_id: int
    created_at: datetime
    last_seen_at: datetime
    address: str
    """Where it was seen last."""
    user_agent: str
    notice: str = ""
    """A sentence to show on the next page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session with its member and their customer's allow-list as they are at this moment."""

    session: Session
    member: Member
    panel_networks: Networks


class SessionStore(Protocol):
    """The token itself is nowhere; only its SHA-256 is kept."""

    async def create_session(self, session: Session, token_sha256: bytes) -> Session:
        """Keep a new session; its number is filled in."""

    async def open_session(self, token_sha256: bytes) -> OpenSession | None:
        """Find a session by its token."""

    async def sessions(self, member_id: int) -> Sequence[Session]:
        """List a member's sessions, the one seen last first."""

    async def renew_session(self, session_id: int, token_sha256: bytes) -> None:
        """Give a session another token; the old one is dead. Raises: NotThere."""

    async def touch_session(self, session_id: int, *, address: str, now: datetime) -> None:
        """Note that a session was used."""

    async def leave_notice(self, session_id: int, notice: str) -> None:
        """Write the sentence for the next page, or take it away."""

    async def end_session(self, session_id: int, *, member_id: int | None = None) -> bool:
        """Forget a session (of this member, if one is named); say whether there was one."""

    async def end_sessions(self, member_id: int, *, but: int | None = None) -> int:
        """Forget a member's sessions, all but one; give their number."""

    async def forget_sessions(self, *, created_before: datetime, seen_before: datetime) -> int:
        """Forget what has run out."""
