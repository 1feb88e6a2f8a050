"""The audit log: who did what, when and from where; values before and after, never secrets (W-26)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sztafeta.account.member import Member
from sztafeta.service.ports import AuditEntry, AuditQuery, AuditStore, Clock

HIDDEN: Final = "•••"
_SECRETS: Final = ("password", "secret", "token", "code", "private", "seed", "hash", "sha256")
"""A value whose name holds one of these words is not written down."""
LONGEST_TEXT: Final = 500
"""Of a value: a template's whole text has versions of its own."""
NOBODY: Final = "–"


class AuditLog:
    """Notes what people do; one instance serves all pages."""

    def __init__(self, *, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(
        self,
        member: Member,
        action: str,
        subject: str = "",
        *,
        address: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        by_customer_service: bool = False,
    ) -> None:
        """Note what a member did; call it when it is done.

        `action` is `<area>.<what>`, for example `domain.added`; `subject` names what it was done to. Of
        `before` and `after` only what differs is kept.
        """
        await self._add(
            member.customer_id,
            member,
            action,
            subject,
            address,
            _differing(before or {}, after or {}),
            by_customer_service=by_customer_service,
        )

    async def note_of_nobody(
        self, customer_id: int, action: str, subject: str, *, address: str
    ) -> None:
        """Note what happened to a customer without anybody being logged in: a failed login."""
        await self._add(customer_id, None, action, subject, address, {})

    async def _add(
        self,
        customer_id: int,
        member: Member | None,
        action: str,
        subject: str,
        address: str,
        details: Mapping[str, Any],
        *,
        by_customer_service: bool = False,
    ) -> None:
        entry = AuditEntry(
            customer_id=customer_id,
            at=self._clock.now(),
            member_id=None if member is None else member.member_id,
            who=NOBODY if member is None else f"{member.name} <{member.email}>",
            action=action,
            subject=subject[:LONGEST_TEXT],
            address=address,
            by_customer_service=by_customer_service,
            details=details,
        )
        await self._store.add_audit_entry(entry)

    async def entries(
        self, customer_id: int, query: AuditQuery, *, limit: int, before: int | None = None
    ) -> Sequence[AuditEntry]:
        """List them, the newest first, below a number."""
        return await self._store.audit_entries(customer_id, query, limit=limit, before=before)

    async def first_broken(self, customer_id: int) -> int | None:
        """Check the chain; give the number of the first entry that was changed or is gone."""
        return await self._store.broken_audit_entry(customer_id)


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what differs, with secrets hidden."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    kept = {
        "before": {name: _shown(name, before[name]) for name in names if name in before},
        "after": {name: _shown(name, after[name]) for name in names if name in after},
    }
    return {side: values for side, values in kept.items() if values}


def _shown(name: str, value: Any) -> Any:
    if any(word in name.lower() for word in _SECRETS):
        return HIDDEN
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
