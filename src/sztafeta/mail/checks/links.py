"""Checks of links by their spelling alone: nobody is asked whether they lead anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from sztafeta.mail.checks.finding import Check, Finding, Severity
from sztafeta.mail.checks.survey import Anchor

MOST_LINKS: Final = 500
_IN_TEXT = re.compile(r"https?://[^\s<>\"'()\[\]]{1,2000}")
_UNFILLED = re.compile(
    r"\{\{|\}\}|%7b%7b|\*\||\[\[|(?<=[/=])(undefined|null|none|nan)(?=[/&#?]|$)", re.I
)
_DANGEROUS: Final = frozenset({"javascript", "vbscript", "data", "file"})
_OTHER_KINDS: Final = frozenset({"tel", "sms", "geo", "webcal", "cid"})
_MAILTO = re.compile(r"mailto:[^@\s?]+@[^@\s?]+\.[^@\s?]+(\?.*)?", re.I)
_LOCAL = re.compile(r"localhost|.*\.(local|localhost|test|internal|lan|example|invalid)")
_SHOWN_HOST = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,24})(?:[/?#]\S*)?", re.I)
_HOST = re.compile(r"[^\s/\\<>\"{}|^`]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedLink:
    """A link, and what is wrong with it."""

    address: str
    words: str
    """What a reader sees of it; empty in plain text."""
    line: int
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity | None:
        """Give the worst of its findings; None: it is good."""
        found = {one.severity for one in self.findings}
        return next((one for one in Severity if one in found), None)


def checked_links(anchors: list[Anchor]) -> tuple[CheckedLink, ...]:
    """Check the links of HTML."""
    return tuple(_checked(anchor) for anchor in anchors[:MOST_LINKS])


def links_of_text(text: str) -> tuple[CheckedLink, ...]:
    """Check the addresses that stand in plain text, each once."""
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        for found in _IN_TEXT.finditer(line):
            seen.setdefault(found[0].rstrip(".,;:!?"), number)
    return tuple(
        CheckedLink(address=address, words="", line=line, findings=_found(address, "", line))
        for address, line in list(seen.items())[:MOST_LINKS]
    )


def _checked(anchor: Anchor) -> CheckedLink:
    address = anchor.tag.attributes["href"].strip()
    words = " ".join(anchor.words.split())
    findings = _found(address, words, anchor.tag.line)
    if not (words or anchor.has_picture or anchor.tag.attributes.get("aria-label")):
        findings += (Finding(check=Check.LINK_WITHOUT_WORDS, line=anchor.tag.line, detail=address),)
    return CheckedLink(address=address, words=words, line=anchor.tag.line, findings=findings)


def _found(address: str, words: str, line: int) -> tuple[Finding, ...]:
    return tuple(
        Finding(check=check, line=line, detail=address[:300]) for check in _checks(address, words)
    )


def _checks(address: str, words: str) -> Iterator[Check]:
    """Say what is wrong with an address; the first thing that makes it useless is enough."""
    if address in ("", "#"):
        yield Check.LINK_EMPTY
        return
    if _UNFILLED.search(address):
        yield Check.LINK_UNFILLED
        return
    kind = address.partition(":")[0].strip().lower() if ":" in address else ""
    if kind in _DANGEROUS:
        yield Check.LINK_SCRIPT
    elif kind == "mailto":
        if not _MAILTO.fullmatch(address):
            yield Check.LINK_BROKEN
    elif kind in ("http", "https"):
        yield from _checks_of_web(address, words)
    elif not (kind in _OTHER_KINDS or address.startswith("#")):
        yield Check.LINK_NOT_ABSOLUTE


def _checks_of_web(address: str, words: str) -> Iterator[Check]:
    parts = _split(address)
    if parts is None:
        yield Check.LINK_BROKEN
        return
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme == "http":
        yield Check.LINK_PLAIN_HTTP
    yield from _checks_of_host(host)
    shown = _SHOWN_HOST.fullmatch(words)
    if shown and not _is_of_one_house(shown[1].lower(), host):
        yield Check.LINK_SHOWS_ANOTHER


def _split(address: str) -> SplitResult | None:
    """Take a web address apart; None: it is none."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    has_blank = re.search(r"[\s<>\"]", address) is not None
    return parts if parts.hostname and _HOST.fullmatch(parts.netloc) and not has_blank else None


def _checks_of_host(host: str) -> Iterator[Check]:
    try:
        number = ip_address(host)
    except ValueError:
        if _LOCAL.fullmatch(host) or "." not in host:
            yield Check.LINK_LOCAL
        return
    yield Check.LINK_TO_NUMBERS if number.is_global else Check.LINK_LOCAL


def _is_of_one_house(shown: str, host: str) -> bool:
    """Say whether one name is the other's or stands under it; `www.` means nothing."""
    first, second = shown.removeprefix("www."), host.removeprefix("www.")
    return first == second or first.endswith("." + second) or second.endswith("." + first)
