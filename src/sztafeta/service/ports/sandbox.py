"""The test inbox: what test keys sent is kept until somebody throws it away."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class SandboxStore(Protocol):
    """Reaches mail in test mode alone."""

    async def throw_away(self, customer_id: int, message_ids: Collection[int]) -> int:
        """Delete a customer's test messages with all that happened to them; give how many.

        One that somebody still tries to deliver stays.
        """
