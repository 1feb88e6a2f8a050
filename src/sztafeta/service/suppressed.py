"""Who is suppressed: asked before each accept, without a question to the store for a customer who has none.

That a customer has none is believed for a second; a new suppression is in force within one. Messages of a
customer that wait together share one question.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sztafeta.delivery.suppression import suppressed_form
from sztafeta.mail.address import Mailbox
from sztafeta.service.ports import Clock, Suppression, SuppressionStore

BELIEVED_FOR: Final = timedelta(seconds=1)
CUSTOMERS_KEPT: Final = 10_000


class Suppressed:
    """A small memory in front of the suppressions."""

    def __init__(self, store: SuppressionStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._without_any: OrderedDict[int, datetime] = OrderedDict()
        """Customers without suppressions, with when that was seen."""
        self._asking: dict[int, asyncio.Task[bool]] = {}

    def has_surely_none(self, customer_id: int, now: datetime) -> bool:
        """Say whether a customer had no suppression a moment ago."""
        seen = self._without_any.get(customer_id)
        return seen is not None and seen <= now <= seen + BELIEVED_FOR

    async def among(
        self, customer_id: int, mailboxes: Iterable[Mailbox]
    ) -> Mapping[Mailbox, Suppression]:
        """Find which mailboxes are suppressed, and why."""
        if self.has_surely_none(customer_id, self._clock.now()) or await self._has_none(
            customer_id
        ):
            return {}
        forms = {mailbox: suppressed_form(mailbox) for mailbox in mailboxes}
        found = await self._store.suppressed(customer_id, set(forms.values()))
        return {mailbox: found[form] for mailbox, form in forms.items() if form in found}

    async def _has_none(self, customer_id: int) -> bool:
        """Ask the store, together with whoever asks for the same customer now."""
        asking = self._asking.get(customer_id)
        if asking is None:
            asking = self._asking[customer_id] = asyncio.ensure_future(self._ask(customer_id))
            asking.add_done_callback(lambda _: self._asking.pop(customer_id))
        return await asyncio.shield(asking)

    async def _ask(self, customer_id: int) -> bool:
        asked_at = self._clock.now()
        if await self._store.suppressions(customer_id, limit=1):
            self._without_any.pop(customer_id, None)
            return False
        self._without_any[customer_id] = asked_at
        self._without_any.move_to_end(customer_id)
        if len(self._without_any) > CUSTOMERS_KEPT:
            self._without_any.popitem(last=False)
        return True
