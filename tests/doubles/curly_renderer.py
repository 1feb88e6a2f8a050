"""A renderer of the plainest kind: `{{ name }}` and nothing else, for tests of what stands around one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from sztafeta.mail.template_source import MissingRule, Rendered, TemplateFault, TemplateSource

_VARIABLE = re.compile(r"\{\{ ?(\w+) ?\}\}")


class CurlyRenderer:
    """Implements `service.rendering.Renderer`; counts what it renders."""

    def __init__(self) -> None:
        self.rendered = 0

    async def render(
        self,
        source: TemplateSource,
        *,
        missing: MissingRule,
        shared: Mapping[str, Any],
        data: Sequence[Mapping[str, Any]],
    ) -> Sequence[Rendered]:
        """Put values in; `{%` it does not know."""
        if "{%" in source.html:
            line = source.html[: source.html.index("{%")].count("\n") + 1
            raise TemplateFault("a tag is not closed", part="html", line=line)
        return [
            self._one(source, missing, {**shared, **own}, index) for index, own in enumerate(data)
        ]

    def _one(
        self, source: TemplateSource, missing: MissingRule, data: Mapping[str, Any], index: int
    ) -> Rendered:
        self.rendered += 1
        parts: dict[str, str] = {}
        lacking: dict[str, str] = {}
        for part in ("subject", "html", "text"):
            text = getattr(source, part)
            lacking |= {name: part for name in _VARIABLE.findall(text) if name not in data}
            parts[part] = _VARIABLE.sub(lambda found: str(data.get(found[1], "")), text)
        if lacking and missing is MissingRule.REFUSE:
            part = next(iter(lacking.values()))
            raise TemplateFault("missing", part=part, missing=tuple(lacking), index=index)
        return Rendered(**parts)

    async def publish(self, source: TemplateSource) -> tuple[str, Sequence[str]]:
        """Take the HTML, or the MJML, as it is."""
        html = source.html or source.mjml
        if "{%" in html:
            raise TemplateFault("a tag is not closed", part="html", line=1)
        return html, sorted(set(_VARIABLE.findall(source.subject + html + source.text)))

    async def text_of(self, html: str) -> str:
        """Leave the tags out."""
        return unescape(re.sub(r"<[^>]+>", "", html))
