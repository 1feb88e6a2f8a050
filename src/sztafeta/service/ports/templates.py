"""Templates and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sztafeta.mail.template_source import MissingRule, TemplateSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template of a customer; what it says stands in its versions."""

    template_id: int
    customer_id: int
    external_id: str
    """The name that calls use; unique within the customer."""
    name: str
    missing: MissingRule
    live: int | None
    """The number of the version that mail is made from; None: none was published."""
    newest: int
    """The number of the newest version; it is a draft when it is not published."""
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVersion:
    """One version; a published one never changes."""

    template_id: int
    number: int
    source: TemplateSource
    published_html: str
    """The HTML that mail is made from: MJML turned into HTML, CSS inlined; empty in a draft."""
    author: str
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Test data of a template, kept under a name."""

    name: str
    data: str
    """JSON, as its author wrote it."""


class ChangedMeanwhile(Exception):
    """Somebody else was faster."""


class SampleStore(Protocol):
    """Test data of templates; whose template it is, the caller has made sure."""

    async def samples(self, template_id: int) -> Sequence[Sample]:
        """List them by name."""

    async def keep_sample(self, template_id: int, sample: Sample, *, most: int) -> bool:
        """Keep it in the place of one of the same name; False: there are `most` others already."""

    async def forget_sample(self, template_id: int, name: str) -> None:
        """Forget it; harmless when it is not there."""


class TemplateStore(Protocol):
    """Each method is of one customer; what is another's is not there."""

    async def templates(
        self, customer_id: int, *, limit: int, after: int | None = None
    ) -> Sequence[Template]:
        """List them by their ids."""

    async def template(self, customer_id: int, ref: int | str) -> Template | None:
        """Find by id, or by external id."""

    async def create_template(self, template: Template, version: TemplateVersion) -> None:
        """Keep a new template with its first draft. Raises: AlreadyThere."""

    async def change_template(self, template: Template, *, seen: datetime | None = None) -> None:
        """Write name, external id and missing rule.

        Raises:
            AlreadyThere: the external id is another's.
            NotThere: there is no such template.
            ChangedMeanwhile: it was changed after `seen`.
        """

    async def delete_template(self, customer_id: int, template_id: int) -> None:
        """Forget a template with all versions. Raises: NotThere."""

    async def versions(self, template_id: int) -> Sequence[TemplateVersion]:
        """List them, the newest first."""

    async def version(self, template_id: int, number: int) -> TemplateVersion | None:
        """Find one."""

    async def save_draft(self, version: TemplateVersion) -> None:
        """Write the newest version if it is a draft, or add the next one.

        Raises:
            AlreadyThere: somebody else added that number first.
        """

    async def publish(
        self, template_id: int, number: int, *, published_html: str, now: datetime
    ) -> None:
        """Make a version the live one, at once for all. Raises: NotThere."""
