"""The flow: all that was handed in, and where it went; the parts always add up to the whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from sztafeta.account.statistics.counts import What

FAILED = (What.BOUNCED, What.EXPIRED)
PARTS = frozenset(What) - {What.DEFERRED, What.WAITED}
"""What is counted once a recipient."""


@dataclass(slots=True)
class Flow:
    """What became of some recipients."""

    parts: dict[What, int] = field(default_factory=dict)
    """What was counted, without details."""

    def add(self, what: What, number: int) -> None:
        """Count something; deferrals and waits are no part of the flow."""
        if what in PARTS:
            self.parts[what] = self.parts.get(what, 0) + number

    def of(self, what: What) -> int:
        """Give one part."""
        return self.parts.get(what, 0)

    @property
    def accepted(self) -> int:
        """Those that were taken."""
        return self.of(What.ACCEPTED)

    @property
    def delivered(self) -> int:
        """Those that a receiver took."""
        return self.of(What.DELIVERED)

    @property
    def failed(self) -> int:
        """Those that bounced, or were given up."""
        return sum(self.of(what) for what in FAILED)

    @property
    def unfinished(self) -> int:
        """Those that are still under way."""
        ended = self.delivered + self.failed + self.of(What.CANCELED)
        return max(self.accepted - ended, 0)

    @property
    def whole(self) -> int:
        """All that was handed in, refused at once or not."""
        return self.accepted + self.of(What.SUPPRESSED)

    @property
    def meant(self) -> int:
        """The accepted without those that were canceled: nobody wanted them delivered any more."""
        return self.accepted - self.of(What.CANCELED)

    @property
    def rate(self) -> float | None:
        """The share of those meant to be delivered that a receiver took; None when there were none."""
        return self.delivered / self.meant if self.meant > 0 else None
