"""The examination of a mail: its HTML and its links together."""

from __future__ import annotations

from dataclasses import dataclass

from sztafeta.mail.checks.finding import Check, Finding, Severity
from sztafeta.mail.checks.html import html_findings
from sztafeta.mail.checks.links import CheckedLink, checked_links, links_of_text
from sztafeta.mail.checks.survey import survey

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found."""

    html_size: int
    """Octets."""
    findings: tuple[Finding, ...]
    """Of the HTML, the worst first, then by line."""
    links: tuple[CheckedLink, ...]

    @property
    def faulty_links(self) -> tuple[CheckedLink, ...]:
        """Give the links with findings."""
        return tuple(one for one in self.links if one.findings)

    @property
    def troubles(self) -> int:
        """Count what is more than a hint."""
        of_links = sum(one.severity is not None for one in self.links)
        return of_links + sum(one.severity is not Severity.HINT for one in self.findings)


def examine(html: str, text: str = "") -> Examination:
    """Look a mail over; a part that is not there is empty."""
    seen = survey(html)
    findings = list(html_findings(html, seen)) if html else []
    if html and not text.strip():
        findings.append(Finding(check=Check.TEXT_MISSING))
    order = list(Severity)
    findings.sort(key=lambda one: (order.index(one.severity), one.line))
    return Examination(
        html_size=len(html.encode("utf-8", "replace")),
        findings=tuple(findings[:MOST_SHOWN]),
        links=checked_links(seen.anchors) if html else links_of_text(text),
    )
