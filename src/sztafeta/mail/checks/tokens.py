"""HTML as tags and text, read once from front to back: hostile HTML takes no longer than other HTML.

No tree is built. As the standard has it, a tag or comment that never ends takes the rest with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Final

_TAG = re.compile(
    r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>="']++|=\s*+"[^"]*+"|=\s*+'[^']*+'|[="'])*+)>"""
)
_ATTRIBUTE = re.compile(
    r"""([^\s=/>]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']++)))?+""", re.DOTALL
)
_RAW: Final = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("style", "script", "title", "textarea")
}
"""Elements whose content is no markup, and what ends it."""
_SOURCE_SHOWN: Final = 160


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag."""

    name: str
    attributes: Mapping[str, str]
    line: int
    source: str
    """As it stands there, shortened."""


@dataclass(frozen=True, slots=True)
class EndTag:
    """An end tag."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """What stands between tags."""

    text: str
    line: int


def tokens(html: str) -> Iterator[Tag | EndTag | Text]:
    """Read HTML."""
    at, line = 0, 1
    while (begin := html.find("<", at)) >= 0:
        if begin > at:
            yield Text(plain(html[at:begin]), line)
            line += html.count("\n", at, begin)
        token, at = _read(html, begin, line)
        if token is not None:
            yield token
        line += html.count("\n", begin, at)
        if isinstance(token, Tag) and token.name in _RAW:
            end = _RAW[token.name].search(html, at)
            until = len(html) if end is None else end.start()
            yield Text(html[at:until], line)
            line += html.count("\n", at, until)
            at = until
    if at < len(html):
        yield Text(plain(html[at:]), line)


def plain(text: str) -> str:
    """Read character references."""
    try:
        return unescape(text)
    except ValueError:  # a number of thousands of digits
        return text


def _read(html: str, begin: int, line: int) -> tuple[Tag | EndTag | Text | None, int]:
    """Read what begins with `<`; give it with where it ends."""
    if html.startswith("<!--", begin):
        return None, _after(html, "-->", begin + 4)
    following = html[begin + 1 : begin + 2]
    if following in ("!", "?"):
        return None, _after(html, ">", begin)
    found = _TAG.match(html, begin)
    if found is not None:
        name = found[2].lower()
        return (EndTag(name) if found[1] else _tag(found, name, line)), found.end()
    if following == "/" or following.isalpha():  # a tag without an end
        return None, len(html)
    return Text("<", line), begin + 1


def _tag(found: re.Match[str], name: str, line: int) -> Tag:
    attributes: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(found[3]):
        value = one[2] or one[3] or one[4] or ""
        attributes.setdefault(one[1].lower(), plain(value))
    source = " ".join(found[0][: _SOURCE_SHOWN * 2].split())
    return Tag(name, attributes, line, source[:_SOURCE_SHOWN])


def _after(html: str, mark: str, begin: int) -> int:
    found = html.find(mark, begin)
    return len(html) if found < 0 else found + len(mark)
