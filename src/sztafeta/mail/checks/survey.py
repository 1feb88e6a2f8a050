"""A survey of HTML: its tags with their lines, and how each piece of text is coloured.

It judges nothing. Mail is read as it comes: what is never closed, or closed unopened, is no fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from sztafeta.mail.checks.colours import BLACK, WHITE, Colour, read_colour
from sztafeta.mail.checks.tokens import EndTag, Tag, Text, tokens

MOST_READ: Final = 400_000
"""Letters; a mail of this size is cut by its readers long before."""
MOST_TOKENS: Final = 30_000
DEEPEST: Final = 200
_VOID: Final = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
)
_NOT_SHOWN: Final = frozenset({"head", "title", "style", "script", "template"})
_LARGE: Final = frozenset({"h1", "h2"})
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](px)?\s*(;|$)"
)
_SIZE = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*(px|pt|em|rem)?")


@dataclass(slots=True, kw_only=True)
class Anchor:
    """A link with what is shown of it."""

    tag: Tag
    words: str = ""
    has_picture: bool = False
    """A picture with alternative text stands in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shade:
    """How text looks at a place; None: that cannot be told."""

    ink: Colour | None = BLACK
    ground: Colour | None = WHITE
    is_large: bool = False
    is_shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of text."""

    text: str
    line: int
    shade: Shade


@dataclass(slots=True)
class Survey:
    """All that was seen."""

    tags: list[Tag] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    styles: list[tuple[int, str]] = field(default_factory=list)
    """Style sheets with their lines."""


def survey(html: str) -> Survey:
    """Look HTML over, the beginning of it when it is very long."""
    surveyor = _Surveyor()
    for token in islice(tokens(html[:MOST_READ]), MOST_TOKENS):
        surveyor.meet(token)
    return surveyor.seen


class _Surveyor:
    """Walks through HTML, and knows what it stands in."""

    def __init__(self) -> None:
        self.seen = Survey()
        self._open: list[tuple[str, Shade]] = []
        self._anchor: Anchor | None = None

    @property
    def _shade(self) -> Shade:
        return self._open[-1][1] if self._open else Shade()

    def meet(self, token: Tag | EndTag | Text) -> None:
        """Take the next token."""
        if isinstance(token, Tag):
            self._begin(token)
        elif isinstance(token, EndTag):
            self._end(token.name)
        else:
            self._text(token)

    def _begin(self, tag: Tag) -> None:
        self.seen.tags.append(tag)
        if tag.name == "a" and "href" in tag.attributes:
            self._anchor = Anchor(tag=tag)
            self.seen.anchors.append(self._anchor)
        if tag.name == "img" and self._anchor and tag.attributes.get("alt", "").strip():
            self._anchor.has_picture = True
        if tag.name not in _VOID and len(self._open) < DEEPEST:
            self._open.append((tag.name, _shade_of(tag, self._shade)))

    def _end(self, name: str) -> None:
        if name == "a":
            self._anchor = None
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == name:
                del self._open[index:]
                return

    def _text(self, token: Text) -> None:
        if self._open and self._open[-1][0] == "style":
            self.seen.styles.append((token.line, token.text))
        elif token.text.strip():
            if self._anchor is not None:
                self._anchor.words += token.text
            self.seen.pieces.append(
                Piece(text=token.text.strip(), line=token.line, shade=self._shade)
            )


def _shade_of(tag: Tag, around: Shade) -> Shade:
    """Give how text looks inside a tag."""
    style = declarations(tag.attributes.get("style", ""))
    hides = tag.name in _NOT_SHOWN or _HIDDEN.search(tag.attributes.get("style", "").lower())
    return replace(
        around,
        ink=_ink(tag, style, around),
        ground=_ground(tag, style, around),
        is_large=_is_large(tag, style, around),
        is_shown=around.is_shown and not hides,
    )


def _ink(tag: Tag, style: Mapping[str, str], around: Shade) -> Colour | None:
    if "color" in style:
        return read_colour(style["color"])
    if tag.name == "font" and "color" in tag.attributes:
        return read_colour(tag.attributes["color"])
    return None if tag.name == "a" else around.ink  # the reader's program colours links


def _ground(tag: Tag, style: Mapping[str, str], around: Shade) -> Colour | None:
    if "background-image" in style or "background" in tag.attributes:
        return None
    for name in ("background-color", "background"):
        if name in style:
            return (
                around.ground
                if style[name] in ("none", "transparent")
                else read_colour(style[name])
            )
    if "bgcolor" in tag.attributes:
        return read_colour(tag.attributes["bgcolor"])
    return around.ground


def _is_large(tag: Tag, style: Mapping[str, str], around: Shade) -> bool:
    if found := _SIZE.match(style.get("font-size", "")):
        size = float(found[1]) * {"pt": 4 / 3, "em": 16, "rem": 16}.get(found[2] or "px", 1)
        return size >= 24
    return around.is_large or tag.name in _LARGE


def declarations(style: str) -> Mapping[str, str]:
    """Read a style attribute, the last of each name."""
    pairs = (part.partition(":") for part in style.lower().split(";")[:100])
    return {
        name.strip(): value.replace("!important", "").strip()
        for name, colon, value in pairs
        if colon
    }
