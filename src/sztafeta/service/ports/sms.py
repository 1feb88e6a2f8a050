"""Text messages to telephones."""

from __future__ import annotations

from typing import Protocol


class SmsFailed(Exception):
    """The gateway did not take the message; the text says why, for the operator's log."""


class SmsGateway(Protocol):
    """Whoever delivers text messages for us."""

    async def send(self, number: str, text: str) -> None:
        """Hand a message over; `number` is in E.164. Raises: SmsFailed."""
