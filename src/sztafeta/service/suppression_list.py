"""SUPPRESSED ADDRESSES of a customer: looked through, added to, taken from, read in and written out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sztafeta.account.suppression_file import read_listing
from sztafeta.delivery.suppression import suppressed_form
from sztafeta.mail.address import AddressFault, parse_mailbox
from sztafeta.service.ports import (
    Clock,
    Suppression,
    SuppressionQuery,
    SuppressionReason,
    SuppressionStore,
)

SLICE: Final = 500
FAULTS_SHOWN: Final = 20

Mark = tuple[datetime, str]
"""Where a page ends: the time and the address of its last entry."""


@dataclass(slots=True)
class ReadIn:
    """What came of a list."""

    service: str = ""
    added: int = 0
    already_there: int = 0
    faulty: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    """The first lines that hold no address, with their numbers."""


class SuppressionList:
    """Each method is of one customer; what is another's is not there."""

    def __init__(self, *, store: SuppressionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def search(
        self, query: SuppressionQuery, *, limit: int, before: Mark | None = None
    ) -> Sequence[Suppression]:
        """List what is meant, the newest first."""
        return await self._store.search_suppressions(query, limit=limit, before=before)

    async def read_in(
        self,
        customer_id: int,
        text: str,
        *,
        source: str,
        reason: SuppressionReason,
        comment: str = "",
    ) -> ReadIn:
        """Add the addresses of a list; what it says of their reasons counts more than `reason`."""
        listing, lines = read_listing(text)
        result, waiting = ReadIn(service=listing.service), dict[str, Suppression]()
        for line in lines:
            try:
                address = suppressed_form(parse_mailbox(line.address))
            except AddressFault:
                result.faulty += 1
                if len(result.faults) < FAULTS_SHOWN:
                    result.faults.append((line.number, line.address[:100]))
                continue
            waiting[address] = Suppression(
                customer_id=customer_id,
                address=address,
                reason=SuppressionReason(line.reason) if line.reason else reason,
                source=source,
                comment=line.comment or comment,
                created_at=self._clock.now(),
            )
            if len(waiting) == SLICE:
                await self._add(waiting, result)
        await self._add(waiting, result)
        return result

    async def _add(self, waiting: dict[str, Suppression], result: ReadIn) -> None:
        if waiting:
            added = await self._store.suppress(list(waiting.values()))
            result.added += added
            result.already_there += len(waiting) - added
            waiting.clear()

    async def remove(self, customer_id: int, text: str) -> Suppression | None:
        """Let mail go to an address again; give what was kept about it."""
        try:
            address = suppressed_form(parse_mailbox(text))
        except AddressFault:
            return None
        found = await self._store.suppressed(customer_id, [address])
        is_gone = await self._store.unsuppress(customer_id, address)
        return found.get(address) if is_gone else None

    async def everything(self, customer_id: int) -> AsyncIterator[Suppression]:
        """Give all of them by address, a slice at a time."""
        mark: str | None = None
        while True:
            page = await self._store.suppressions(customer_id, limit=SLICE, after=mark)
            for one in page:
                yield one
            if len(page) < SLICE:
                return
            mark = page[-1].address
