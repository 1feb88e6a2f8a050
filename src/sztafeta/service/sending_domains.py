"""SENDING DOMAINS: claimed by customers, proved in DNS, given other keys; the operator's need no proof.

A claim gives nobody a right: no mail is sent from an unverified domain, and another customer's claim is
simply replaced. Whoever publishes the record of a key of his is the owner, and then the name is taken.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sztafeta.account.sending_domain import DkimKey, KeyAlgorithm, SendingDomain
from sztafeta.mail.address import AddressFault, parse_domain
from sztafeta.mail.dkim_key import make_key, record_name, record_text
from sztafeta.mail.dkim_record import RecordState, judge_record
from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.ports import (
    AccountAdministration,
    AlreadyThere,
    Clock,
    NotThere,
    TextLookUp,
)

_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A TXT record to publish."""

    name: str
    value: str
    selector: str
    is_active: bool
    """Its key signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A record and what was found in its place."""

    record: Record
    state: RecordState
    found: tuple[str, ...]
    alias: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A domain as it stands, and what its records came to."""

    domain: SendingDomain
    looks: tuple[Look, ...]


class SendingDomains:
    """One customer's domains in each method; what is another's is not there."""

    def __init__(
        self, *, administration: AccountAdministration, texts: TextLookUp, clock: Clock
    ) -> None:
        self._administration = administration
        self._texts = texts
        self._clock = clock

    async def all_of(self, customer_id: int) -> Sequence[SendingDomain]:
        """List them by name."""
        return await self._administration.sending_domains(customer_id)

    async def find(self, customer_id: int, text: str) -> SendingDomain | Refusal:
        """Find one by its name."""
        try:
            name = read_domain(text)
        except AddressFault:
            return _not_found(text)
        found = await self._administration.sending_domains(customer_id)
        return next((one for one in found if one.domain == name), _not_found(text))

    async def claim(self, customer_id: int, text: str) -> SendingDomain | Refusal:
        """Add a domain that its keys' records will prove."""
        try:
            name = read_domain(text)
        except AddressFault as fault:
            return _unreadable(str(fault))
        now = self._clock.now()
        domain = SendingDomain(
            domain=name,
            customer_id=customer_id,
            pending=await _keys_in_a_thread(now),
            is_verified=False,
            needs_proof=True,
        )
        try:
            await self._administration.add_sending_domain(domain, now=now)
        except AlreadyThere:
            return _taken(name)
        return domain

    async def remove(self, customer_id: int, text: str) -> SendingDomain | Refusal:
        """Forget a domain and its keys; mail that is queued leaves unsigned."""
        domain = await self.find(customer_id, text)
        if isinstance(domain, Refusal):
            return domain
        try:
            await self._administration.remove_sending_domain(domain.domain)
        except NotThere:
            return _not_found(text)
        return domain

    async def rotate(self, customer_id: int, text: str) -> SendingDomain | Refusal:
        """Make other keys; the present ones go on signing until the new ones are seen in DNS."""
        domain = await self.find(customer_id, text)
        if isinstance(domain, Refusal):
            return domain
        return await self._write(
            replace(domain, pending=await _keys_in_a_thread(self._clock.now()))
        )

    async def verify(self, customer_id: int, text: str) -> Looked | Refusal:
        """Look for the records; a key that is seen signs from now on, and proves the domain."""
        looked = await self.look(customer_id, text)
        if isinstance(looked, Refusal):
            return looked
        seen = frozenset(
            one.record.selector for one in looked.looks if one.state is RecordState.FOUND
        )
        domain = looked.domain.with_seen(seen)
        if domain is looked.domain:
            return looked
        written = await self._write(domain)
        return written if isinstance(written, Refusal) else replace(looked, domain=written)

    async def look(self, customer_id: int, text: str) -> Looked | Refusal:
        """Look for the records and change nothing."""
        domain = await self.find(customer_id, text)
        if isinstance(domain, Refusal):
            return domain
        looks = await asyncio.gather(*(self._look(one) for one in records(domain)))
        return Looked(domain=domain, looks=tuple(looks))

    async def _look(self, record: Record) -> Look:
        answer = await self._texts.texts(record.name)
        state = RecordState.NO_ANSWER
        if answer.has_answered:
            state = judge_record(record.value, answer.texts, answer.alias)
        return Look(record=record, state=state, found=answer.texts, alias=answer.alias)

    async def _write(self, domain: SendingDomain) -> SendingDomain | Refusal:
        try:
            await self._administration.change_sending_domain(domain, now=self._clock.now())
        except NotThere:  # another customer claimed it in the meantime
            return _not_found(domain.domain)
        return domain


# -- what the operator's command line does alike -------------------------------------------------


def read_domain(text: str) -> str:
    """Read a domain as people write it; A-labels come out.

    Raises:
        AddressFault: mail is not sent from such a name.
    """
    trouble = (
        f"{text[:80]!r} is not a domain that mail is sent from; write for example shop.example.com"
    )
    try:
        name = parse_domain(text.rstrip("."))
    except AddressFault as fault:
        raise AddressFault(trouble) from fault
    if name.startswith("[") or "." not in name:
        raise AddressFault(trouble)
    return name


def new_keys(now: datetime) -> tuple[DkimKey, ...]:
    """Make a key of each kind; their selectors carry the day, and never stood in DNS before."""
    mark = now.strftime("%Y%m%d") + "".join(secrets.choice(_LETTERS) for _ in range(4))
    return (
        make_key(f"r{mark}", KeyAlgorithm.RSA),
        make_key(f"e{mark}", KeyAlgorithm.ED25519),
    )


def records(domain: SendingDomain) -> tuple[Record, ...]:
    """Give the records to publish: of keys that sign, and of those that wait to be seen."""
    keys = [(key, True) for key in domain.keys] + [(key, False) for key in domain.pending]
    return tuple(
        Record(
            name=record_name(domain.domain, key),
            value=record_text(key),
            selector=key.selector,
            is_active=is_active,
        )
        for key, is_active in keys
    )


async def _keys_in_a_thread(now: datetime) -> tuple[DkimKey, ...]:
    """An RSA key takes a tenth of a second to make."""
    return await asyncio.to_thread(new_keys, now)


# -- refusals ------------------------------------------------------------------------------------


def _not_found(text: str) -> Refusal:
    return Refusal(
        code="not_found",
        http_status=404,
        text=f"There is no sending domain {text}.",
        fix="List yours, or add it.",
    )


def _taken(name: str) -> Refusal:
    return Refusal(
        code="already_there",
        http_status=409,
        text=f"{name} is a sending domain already.",
        fix="If it is yours and somebody else added it, ask the operator.",
    )


def _unreadable(text: str) -> Refusal:
    return Refusal(
        code="invalid",
        http_status=422,
        text="The domain cannot be used.",
        fix="Write it like example.com.",
        faults=(Fault(pointer="/domain", code="invalid_domain", text=f"{text}."),),
    )
