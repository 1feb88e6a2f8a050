"""A renderer of the plainest kind: `{{ name }}` and nothing else, for tests of what stands around one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from sztafeta.mail.template_source import MissingRule, Rendered, TemplateFault, TemplateSource

_VARIABLE = re.compile(r"\{\{ ?(\w+) ?\}\}")


@dataclass(frozen=True)
class CurlyTemplate:
    """A template that was read."""

    source: TemplateSource
    missing: MissingRule

    def render(self, data: Mapping[str, Any]) -> Rendered:
        """Put values in."""
        source = self.source
        return Rendered(
            subject=self._filled(source.subject, "subject", data),
            html=self._filled(source.html, "html", data),
            text=self._filled(source.text, "text", data),
        )

    def _filled(self, text: str, part: str, data: Mapping[str, Any]) -> str:
        lacking = tuple(name for name in _VARIABLE.findall(text) if name not in data)
        if lacking and self.missing is MissingRule.REFUSE:
            raise TemplateFault("variables are missing", part=part, missing=lacking)
        return _VARIABLE.sub(lambda found: str(data.get(found[1], "")), text)


class CurlyRenderer:
    """Implements `service.rendering.Renderer`; counts what it reads."""

    def __init__(self) -> None:
        self.compiled = 0

    def compile(self, source: TemplateSource, *, missing: MissingRule) -> CurlyTemplate:
        """Read a template; `{%` it does not know."""
        if "{%" in source.html:
            line = source.html[: source.html.index("{%")].count("\n") + 1
            raise TemplateFault("a tag is not closed", part="html", line=line)
        self.compiled += 1
        return CurlyTemplate(source, missing)

    def text_of(self, html: str) -> str:
        """Leave the tags out."""
        return unescape(re.sub(r"<[^>]+>", "", html))
