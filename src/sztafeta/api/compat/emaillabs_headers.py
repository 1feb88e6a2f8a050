"""Header fields of EmailLabs' clients: some speak to the service, not to the receiver (§2.3, §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sztafeta.service.sending.call import Person


@dataclass(slots=True)
class SortedFields:
    """What a client's header fields say to whom."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    """For the receiver."""
    tags: list[str] = field(default_factory=list)
    reply_to: list[Person] = field(default_factory=list)


def sort_out(fields: Iterable[tuple[str, str]]) -> SortedFields:
    """Part the fields; links are never tracked, so `X-TRACKING-OFF` has nothing to turn off."""
    found = SortedFields()
    for name, value in fields:
        match name.lower():
            case "x-mailtags":
                found.tags += [tag.strip() for tag in value.split(";") if tag.strip()]
            case "reply-to":
                found.reply_to.append(Person(address=value.strip(), pointer="/reply_to"))
            case "x-tracking-off":
                continue
            case _:
                found.headers.append((name, value))
    return found
