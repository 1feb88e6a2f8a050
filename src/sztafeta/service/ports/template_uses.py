"""Who uses templates, and what the last data looked like."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TemplateUser:
    """Who sends a version of a template, and through which door."""

    template_id: int
    version: int
    account_id: int
    key_id: str
    """Empty: no API key was shown."""
    door: str
    """`api`, a foreign dialect of it (`emaillabs-v1`), or the name of an SMTP listener."""


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """How much somebody used it."""

    user: TemplateUser
    messages: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class LastData:
    """The data of a message that was sent, masked before it was kept (`mail/masking`)."""

    data: str
    """JSON."""
    at: datetime


class TemplateUseStore(Protocol):
    """Written in batches beside the mail path; whose template it is, the caller has made sure."""

    async def note_template_uses(
        self, uses: Sequence[TemplateUse], last: Mapping[int, LastData]
    ) -> None:
        """Add up uses of the day of their last message, and keep the last data of templates."""

    async def template_uses(
        self, template_ids: Collection[int], *, since: date
    ) -> Sequence[TemplateUse]:
        """Sum up the uses of templates from this day (UTC) on, the most frequent user first."""

    async def last_data(self, template_id: int) -> LastData | None:
        """Give the last data of a template."""

    async def forget_template_uses(self, before: date) -> None:
        """Forget the uses of days before this one, and the data of templates that are gone."""
