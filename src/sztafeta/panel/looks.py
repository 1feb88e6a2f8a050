"""How a page comes to its looks: Jinja2 with everything escaped, one environment a language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from sztafeta.panel.formats import Formats
from sztafeta.panel.texts import LANGUAGES, translations

_EXTENSIONS: Final = ("jinja2.ext.i18n", "jinja2.ext.do")


class Looks:
    """Renders the panel's templates."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.formats = {language: Formats(language, zone) for language in LANGUAGES}
        self._environments = {
            language: _environment(language, formats) for language, formats in self.formats.items()
        }

    def render(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        """Write a page."""
        return self._environments[language].get_template(template).render(values)


def _environment(language: str, formats: Formats) -> Environment:
    made = Environment(
        loader=PackageLoader("sztafeta.panel"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=_EXTENSIONS,
    )
    # What the extension of the line above adds to an environment is not in its type.
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "date": formats.date,
        "datetime": formats.datetime,
        "second": formats.second,
        "clock": formats.clock,
        "utc": formats.utc,
        "number": formats.number,
        "percent": formats.percent,
        "octets": formats.octets,
        "seconds": formats.seconds,
        "query": _query,
        "segment": lambda text: quote(str(text), safe=""),
    }
    made.globals |= {"formats": formats, "asset": _asset}
    return made


@cache
def _asset(name: str) -> str:
    """Name a static file with a trace of its content, so that browsers may keep it."""
    content = files("sztafeta.panel").joinpath("static", name).read_bytes()
    return f"/panel/static/{name}?{hashlib.sha256(content).hexdigest()[:10]}"


def _query(values: Mapping[str, object]) -> str:
    """Write a query string of what is neither None nor empty."""
    return urlencode(
        {name: str(value) for name, value in values.items() if value not in (None, "")}
    )
