"""Checks of a mail's HTML: who cannot read it, what mail programs drop, and where Gmail cuts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sztafeta.mail.checks.colours import ENOUGH, ENOUGH_FOR_LARGE, contrast, written
from sztafeta.mail.checks.finding import Check, Finding
from sztafeta.mail.checks.survey import MOST_READ, Piece, Survey
from sztafeta.mail.checks.tokens import Tag

CLIPPED_AT: Final = 102 * 1024
"""Octets of HTML that Gmail shows before "[Message clipped]"."""
NEARLY: Final = 0.9
_DROPPED: Final = {
    "script": Check.SCRIPT,
    **dict.fromkeys(("form", "input", "select", "textarea", "button"), Check.FORM),
    **dict.fromkeys(("iframe", "object", "embed", "applet", "video", "audio"), Check.FRAME),
}
"""Tags that mail programs drop."""
_IMPORT = re.compile(r"@import\b[^;]{0,200}", re.IGNORECASE)
_ADDRESS = re.compile(r"(https?|cid|data):|\{", re.IGNORECASE)


def html_findings(html: str, seen: Survey) -> Iterator[Finding]:
    """Give what is wrong with HTML, in no order."""
    yield from _size(html)
    yield from _language(html, seen)
    for tag in seen.tags:
        yield from _tag(tag)
    for line, sheet in seen.styles:
        for found in _IMPORT.finditer(sheet):
            yield Finding(check=Check.REMOTE_STYLE, line=line, detail=found[0].strip())
    yield from _contrast(seen.pieces)


def _size(html: str) -> Iterator[Finding]:
    octets = len(html.encode("utf-8", "replace"))
    if octets > CLIPPED_AT:
        yield Finding(check=Check.CLIPPED)
    elif octets > CLIPPED_AT * NEARLY:
        yield Finding(check=Check.NEARLY_CLIPPED)
    if len(html) > MOST_READ:
        yield Finding(check=Check.READ_IN_PART)


def _language(html: str, seen: Survey) -> Iterator[Finding]:
    if not html.strip():
        return
    root = next((tag for tag in seen.tags if tag.name == "html"), None)
    if root is None:
        yield Finding(check=Check.LANGUAGE_MISSING)
    elif not root.attributes.get("lang", "").strip():
        yield Finding(check=Check.LANGUAGE_MISSING, line=root.line, detail=root.source)


def _tag(tag: Tag) -> Iterator[Finding]:
    if tag.name in _DROPPED:
        yield _about(tag, _DROPPED[tag.name])
    elif any(name.startswith("on") for name in tag.attributes):
        yield _about(tag, Check.SCRIPT)
    if tag.name == "link" and "stylesheet" in tag.attributes.get("rel", "").lower():
        yield _about(tag, Check.REMOTE_STYLE)
    if tag.name == "img":
        yield from _picture(tag)


def _picture(tag: Tag) -> Iterator[Finding]:
    if "alt" not in tag.attributes:
        yield _about(tag, Check.PICTURE_WITHOUT_ALT)
    source = tag.attributes.get("src", "").strip().lower()
    if source.startswith("data:"):
        yield _about(tag, Check.PICTURE_AS_DATA)
    elif source.startswith("http:"):
        yield _about(tag, Check.PICTURE_PLAIN_HTTP)
    elif not _ADDRESS.match(source):
        yield _about(tag, Check.PICTURE_NOT_ABSOLUTE)


def _contrast(pieces: list[Piece]) -> Iterator[Finding]:
    """Give each pair of colours that is hard to read, once."""
    told: set[str] = set()
    for piece in pieces:
        shade = piece.shade
        if shade.ink is None or shade.ground is None or not shade.is_shown:
            continue
        reached = contrast(shade.ink, shade.ground)
        detail = f"{written(shade.ink)} / {written(shade.ground)} · {reached:.1f}:1"
        if reached < (ENOUGH_FOR_LARGE if shade.is_large else ENOUGH) and detail not in told:
            told.add(detail)
            yield Finding(
                check=Check.LOW_CONTRAST, line=piece.line, detail=f"{detail} · {piece.text[:60]}"
            )


def _about(tag: Tag, check: Check) -> Finding:
    return Finding(check=check, line=tag.line, detail=tag.source)
