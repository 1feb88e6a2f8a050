"""The audit log: who did what, when and from where; values before and after, never secrets (W-26)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sztafeta.account.api_key import ApiKey
from sztafeta.account.audit_values import key_subject
from sztafeta.account.member import Member
from sztafeta.service.ports import AuditEntry, AuditQuery, AuditStore, Clock

HIDDEN: Final = "•••"
_SECRETS: Final = ("password", "secret", "token", "code", "private", "seed", "hash", "sha256")
"""A value whose name holds one of these words is not written down."""
LONGEST_TEXT: Final = 500
"""Of a value: a template's whole text has versions of its own."""
NOBODY: Final = "–"
READING_EVERY: Final = timedelta(hours=1)
"""Content that somebody reads again within this time is not noted again."""
READINGS_REMEMBERED: Final = 10_000


class AuditLog:
    """Notes what people do; one instance serves all pages."""

    def __init__(self, *, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._readings: OrderedDict[tuple[str, ...], datetime] = OrderedDict()

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
        entry = self._by_member(member, action, subject, address)
        details = _differing(before or {}, after or {})
        await self._add(replace(entry, details=details, by_customer_service=by_customer_service))

    async def note_reading(
        self, member: Member, action: str, subject: str, *, address: str
    ) -> None:
        """Note that a member read content; what they read again within the hour is noted once."""
        entry = self._by_member(member, action, subject, address)
        if not self._was_read(str(entry.member_id), entry):
            await self._add(entry)

    async def note_by_key(
        self,
        key: ApiKey,
        action: str,
        subject: str = "",
        *,
        address: str,
        request_id: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what was done with an API key."""
        entry = self._by_key(key, action, subject, address, request_id)
        await self._add(replace(entry, details=_differing(before or {}, after or {})))

    async def note_reading_by_key(
        self, key: ApiKey, action: str, subject: str, *, address: str, request_id: str
    ) -> None:
        """Note that content was read with an API key; once an hour."""
        entry = self._by_key(key, action, subject, address, request_id)
        if not self._was_read(key.key_id, entry):
            await self._add(entry)

    async def note_by_operator(
        self,
        customer_id: int,
        action: str,
        subject: str = "",
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what the operator's staff did, so that the customer sees it."""
        entry = self._entry(customer_id, action, subject)
        details = _differing(before or {}, after or {})
        await self._add(replace(entry, details=details, by_customer_service=True))

    async def note_of_nobody(
        self, customer_id: int, action: str, subject: str, *, address: str
    ) -> None:
        """Note what happened to a customer without anybody being logged in: a failed login."""
        await self._add(self._entry(customer_id, action, subject, address))

    def _by_member(self, member: Member, action: str, subject: str, address: str) -> AuditEntry:
        entry = self._entry(member.customer_id, action, subject, address)
        who = f"{member.name} <{member.email}>"
        return replace(entry, member_id=member.member_id, who=who)

    def _by_key(
        self, key: ApiKey, action: str, subject: str, address: str, request_id: str
    ) -> AuditEntry:
        entry = self._entry(key.customer_id, action, subject, address)
        return replace(entry, key_id=key.key_id, who=key_subject(key), request_id=request_id)

    def _entry(self, customer_id: int, action: str, subject: str, address: str = "") -> AuditEntry:
        return AuditEntry(
            customer_id=customer_id,
            at=self._clock.now(),
            member_id=None,
            who=NOBODY,
            action=action,
            subject=subject[:LONGEST_TEXT],
            address=address,
        )

    async def _add(self, entry: AuditEntry) -> None:
        await self._store.add_audit_entry(entry)

    def _was_read(self, reader: str, entry: AuditEntry) -> bool:
        """Say whether this reading is noted already; remember it."""
        reading = (reader, entry.action, entry.subject, entry.address)
        before = self._readings.get(reading)
        if before is not None and entry.at - before < READING_EVERY:
            return True
        self._readings[reading] = entry.at
        self._readings.move_to_end(reading)
        if len(self._readings) > READINGS_REMEMBERED:
            self._readings.popitem(last=False)
        return False

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
