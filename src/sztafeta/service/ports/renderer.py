"""The program that renders templates; it may stand anywhere, and never holds the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sztafeta.mail.template_source import MissingRule, Rendered, TemplateSource


class Renderer(Protocol):
    """The program that reads templates."""

    async def render(
        self,
        source: TemplateSource,
        *,
        missing: MissingRule,
        shared: Mapping[str, Any],
        data: Sequence[Mapping[str, Any]],
    ) -> Sequence[Rendered]:
        """Render a published source once for each of the values. Raises: TemplateFault."""

    async def publish(self, source: TemplateSource) -> tuple[str, Sequence[str]]:
        """Make the HTML that mail is made from, and name the variables. Raises: TemplateFault."""

    async def text_of(self, html: str) -> str:
        """Make text of HTML; empty when that takes too much."""
