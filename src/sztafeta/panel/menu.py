"""The menu: what stands in it, in which order, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sztafeta.account.member import Area, Member, Right
from sztafeta.panel.needs import ADMINISTRATOR, SIGNED_IN, Need, Needs
from sztafeta.panel.texts import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that the menu leads to."""

    text: str
    path: str
    icon: str
    needs: Need
    key: str = ""
    """The letter that follows `g`."""
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a heading; the first section has none."""

    text: str
    entries: Sequence[Entry]


PROFILE: Final = "/panel/profile"


def _read(area: Area) -> Needs:
    return Needs(area, Right.READ)


MENU: Final = (
    Section(
        "",
        (
            Entry(N_("Start"), "/panel", "start", SIGNED_IN, "s"),
            Entry(N_("Messages"), "/panel/messages", "messages", _read(Area.MESSAGES), "m"),
            Entry(N_("Where is the mail?"), "/panel/where", "where", _read(Area.MESSAGES), "w"),
            Entry(N_("Statistics"), "/panel/statistics", "statistics", _read(Area.MESSAGES), "t"),
        ),
    ),
    Section(
        N_("Sending"),
        (
            Entry(
                N_("SMTP accounts"), "/panel/smtp-accounts", "smtp", _read(Area.SMTP_ACCOUNTS), "k"
            ),
            Entry(N_("API keys"), "/panel/keys", "key", _read(Area.SMTP_ACCOUNTS), "a"),
            Entry(N_("Sending domains"), "/panel/domains", "domain", _read(Area.DOMAINS), "d"),
            Entry(N_("Templates"), "/panel/templates", "template", _read(Area.TEMPLATES), "z"),
            Entry(
                N_("Suppressed addresses"),
                "/panel/suppressions",
                "suppressed",
                _read(Area.SUPPRESSIONS),
                "x",
            ),
            Entry(N_("Test inbox"), "/panel/test-inbox", "inbox", _read(Area.MESSAGES), "i"),
        ),
    ),
    Section(
        N_("Administrator"),
        (
            Entry(N_("My profile"), PROFILE, "profile", SIGNED_IN, "p"),
            Entry(N_("People"), "/panel/people", "people", _read(Area.PEOPLE), "l"),
            Entry(N_("Audit log"), "/panel/audit", "audit", ADMINISTRATOR, "u"),
        ),
    ),
)


def menu_for(member: Member | None, path: str, *, is_held: bool = False) -> Sequence[Section]:
    """Give what a member may open, with the entry marked that leads here.

    Whoever is held until a second step is set up may open their profile.
    """
    if member is None:
        return ()
    here = _here(path)
    sections = []
    for section in MENU:
        entries = tuple(
            Entry(one.text, one.path, one.icon, one.needs, one.key, one is here)
            for one in section.entries
            if one.needs.allows(member) and (one.path == PROFILE or not is_held)
        )
        if entries:
            sections.append(Section(section.text, entries))
    return sections


def _here(path: str) -> Entry | None:
    """Find the entry with the longest path that this one begins with."""
    fitting = [
        entry
        for section in MENU
        for entry in section.entries
        if path == entry.path or (path.startswith(entry.path + "/") and entry.path != "/panel")
    ]
    return max(fitting, key=lambda entry: len(entry.path), default=None)
