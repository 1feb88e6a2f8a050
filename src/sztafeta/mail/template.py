"""Templates: an author's text with variables, read once and rendered for each recipient.

The language is minijinja's (Jinja's expressions, filters, `if`, `for`, `set`, `macro`), with Twig's `elseif`
understood. A value is never a template, HTML is escaped, subject and text are not, and nothing outside the
data can be reached: there is no loader, and values are plain data. Steps are counted (`FUEL`); what counting
cannot bound, the process that runs this does (`renderer/worker`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import minijinja

from sztafeta.mail.template_source import MissingRule, Rendered, TemplateFault, TemplateSource

FUEL: Final = 200_000
"""Steps of one rendering; a mail of a few hundred rows takes some ten thousand."""
MAX_OUTPUT: Final = 10 * 1024 * 1024
"""Characters of a rendered part; a message may not be larger anyway."""
PARTS: Final = ("subject", "html", "text")

# {% elseif %} is Twig's spelling; in a text or a comment it is left alone.
_ELSEIF = re.compile(r"(\{%[-+]?\s*)elseif\b")


class CompiledTemplate:
    """A template that was read; rendering it changes nothing."""

    def __init__(self, source: TemplateSource, *, missing: MissingRule) -> None:
        """Read a template whose MJML, if any, was made HTML already (`publish`).

        Raises:
            TemplateFault: a part cannot be read.
        """
        is_strict = missing is MissingRule.REFUSE
        self._environment = minijinja.Environment(
            debug=False,
            fuel=FUEL,
            undefined_behavior="strict" if is_strict else "chainable",
            auto_escape_callback=_escapes,
            keep_trailing_newline=True,
        )
        self._is_strict = is_strict
        self._source = partial(getattr, source)
        self._parts = [part for part in PARTS if getattr(source, part)]
        for part in self._parts:
            try:
                self._environment.add_template(part, _in_our_words(getattr(source, part)))
            except minijinja.TemplateError as error:
                raise _fault(error, part, getattr(source, part)) from error

    def render(self, data: Mapping[str, Any]) -> Rendered:
        """Put one recipient's values in.

        Raises:
            TemplateFault: a variable is missing, or the template goes wrong with these values.
        """
        rendered, lacking = {"subject": ""}, []
        for part in self._parts:
            try:
                rendered[part] = self._render(part, data)
            except TemplateFault as fault:
                if not fault.missing:
                    raise
                lacking.append(fault)
        if lacking:
            raise _together(lacking)
        return Rendered(**rendered)

    def _render(self, part: str, data: Mapping[str, Any]) -> str:
        try:
            text = self._environment.render_template(part, **data)
        except minijinja.TemplateError as error:
            missing = self._missing(part, data) if error.kind == "UndefinedError" else ()
            raise _fault(error, part, self._source(part), missing) from error
        if len(text) > MAX_OUTPUT:
            raise TemplateFault("the rendered part is larger than a message may be", part=part)
        return text

    def _missing(self, part: str, data: Mapping[str, Any]) -> tuple[str, ...]:
        """Name every variable of a part that the data lacks."""
        named = self._environment.undeclared_variables_in_template(part, nested=True)
        return tuple(sorted(name for name in named if not _holds(data, name.split("."))))

    def variables(self) -> frozenset[str]:
        """Name the variables that the template asks for; dotted where it looks inside one."""
        names: set[str] = set()
        for part in self._parts:
            names |= self._environment.undeclared_variables_in_template(part, nested=True)
        return frozenset(names)


def _escapes(part: str) -> bool:
    return part == "html"


def _in_our_words(source: str) -> str:
    return _ELSEIF.sub(r"\1elif", source)


def _holds(data: Any, path: list[str]) -> bool:
    for step in path:
        if not isinstance(data, Mapping) or step not in data:
            return False
        data = data[step]
    return True


def _fault(
    error: minijinja.TemplateError, part: str, source: str, missing: tuple[str, ...] = ()
) -> TemplateFault:
    """Say in a sentence what went wrong; the engine's own words, without its drawing of the source."""
    if missing:
        text = f"the call lacks {', '.join(missing)}"
    elif "fuel" in str(error):
        text = "the template takes too many steps"
    else:
        text = str(error).partition("\n")[0].rpartition(" (in ")[0] or str(error).partition("\n")[0]
    column = _column(_in_our_words(source), error.range)
    return TemplateFault(text, part=part, line=error.line, column=column, missing=missing)


def _together(lacking: list[TemplateFault]) -> TemplateFault:
    """Name what several parts lack in one fault, at the place of the first."""
    first = lacking[0]
    names = tuple(dict.fromkeys(name for fault in lacking for name in fault.missing))
    text = f"the call lacks {', '.join(names)}"
    return TemplateFault(text, part=first.part, line=first.line, column=first.column, missing=names)


def _column(source: str, octets: tuple[int, int] | None) -> int | None:
    """Count the letters from the beginning of the line to where it went wrong."""
    if octets is None:
        return None
    before = source.encode("utf-8", "replace")[: octets[0]].decode("utf-8", "replace")
    return len(before) - before.rfind("\n")
