"""Links from numbers to the messages behind them, in the query language of the message list."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from sztafeta.account.statistics.counts import What
from sztafeta.account.statistics.report import Period
from sztafeta.delivery.provider import Provider

STATUSES: Final = {
    What.DELIVERED: "delivered",
    What.BOUNCED: "bounced",
    What.EXPIRED: "expired",
    What.CANCELED: "canceled",
    What.SUPPRESSED: "suppressed",
    What.DEFERRED: "deferred",
}


def messages(
    what: What | None = None,
    *,
    bounce_class: str = "",
    provider: Provider | None = None,
    period: Period | None = None,
) -> str:
    """Lead to the list of messages that were counted."""
    words = [] if what is None else [f"status:{STATUSES[what]}"]
    if bounce_class:
        words.append(f"class:{bounce_class}")
    if provider is not None:
        words.append(f"provider:{provider.value}")
    if period is not None:
        words.append(f"since:{period.value}")
    return "/panel/messages" + (f"?{urlencode({'q': ' '.join(words)})}" if words else "")
