"""Addresses that cannot be read, found before a call is made: these dialects tell them beside the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sztafeta.mail.address import AddressFault, parse_mailbox
from sztafeta.service.sending.call import Addressee, AddresseeKind, Call


def what_is_wrong_with(address: str) -> str:
    """Say why an address cannot be written to, in the dialect's sentence; empty when it can."""
    try:
        parse_mailbox(address)
    except AddressFault as fault:
        has_blank = any(char.isspace() for char in address.strip())
        why = "Address has white sign." if has_blank else f"{str(fault).capitalize()}."
        return f"Address: {address} is incorrect. {why}"
    return ""


@dataclass(frozen=True, slots=True)
class Screened:
    """A call with the addressees that can be written to."""

    asked: tuple[Addressee, ...]
    """All of them, in the order of the call."""
    call: Call | None
    """None: no one in To can be written to, and nothing is sent."""

    def troubles(self) -> Iterator[tuple[int, Addressee, str]]:
        """Give the place of those that cannot be written to, and why."""
        for place, one in enumerate(self.asked):
            if trouble := what_is_wrong_with(one.person.address):
                yield place, one, trouble


def screen(call: Call) -> Screened:
    """Leave out of a call whom nobody can write to."""
    good = tuple(one for one in call.addressees if not what_is_wrong_with(one.person.address))
    return Screened(call.addressees, replace(call, addressees=good) if _has_to(good) else None)


def _has_to(addressees: Sequence[Addressee]) -> bool:
    return any(one.kind is AddresseeKind.TO for one in addressees)
