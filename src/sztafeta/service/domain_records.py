"""RECORDS of sending domains: looked for where they are administered, compared, remembered.

A look asks the zone's own servers first, so that whoever has just published a record sees it within
seconds, whatever caches still say. Every look draws the consequences: a key that is seen signs, and a proof
that has been gone too long counts no more.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sztafeta.account.dns_records import (
    ExpectedRecord,
    OurNames,
    Purpose,
    RecordType,
    expected_records,
)
from sztafeta.account.domain_watch import (
    KeptCheck,
    News,
    WatchPlan,
    carried_on,
    judged,
    news_of,
    next_wait,
    proof_gone_since,
)
from sztafeta.account.record_check import (
    Check,
    Seen,
    Sighting,
    advice_for,
    check_record,
    is_right,
)
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.mail import spf
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import (
    AccountAdministration,
    Clock,
    KeptLook,
    NotThere,
    RecordCheckStore,
    Zone,
    ZoneLookUp,
)
from sztafeta.service.sending_domains import SendingDomains

LOOKS_AT_ONCE: Final = 10
FRESH_FOR: Final = timedelta(seconds=3)
"""A look so young is not repeated: pages that wait ask every five seconds."""

Tell = Callable[[SendingDomain, News], None]


def tell_nobody(domain: SendingDomain, news: News) -> None:
    """Keep it to ourselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A record to publish, and what the last look at it came to."""

    record: ExpectedRecord
    kept: KeptCheck | None = None

    @property
    def is_right(self) -> bool:
        """Say whether it was seen as it should be."""
        return self.kept is not None and self.kept.is_right

    @property
    def advice(self) -> str:
        """Give the value to publish when it is not the record's own: an SPF record completed."""
        return advice_for(self.record, self.kept.found) if self.kept and not self.is_right else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainReport:
    """A domain with its records, expected and found."""

    domain: SendingDomain
    rows: tuple[RecordRow, ...]
    zone: Zone = field(default_factory=Zone)
    looked_at: datetime | None = None

    @property
    def is_in_order(self) -> bool:
        """Say whether everything stands as it should."""
        return self.domain.is_verified and all(row.is_right for row in self.rows)

    @property
    def broken_since(self) -> datetime | None:
        """Say since when a record that was right is not any more."""
        since = [row.kept.wrong_since for row in self.rows if row.kept and row.kept.wrong_since]
        return min(since, default=None)

    @property
    def proof_gone_since(self) -> datetime | None:
        """Say since when it is the proof itself that is missing."""
        return proof_gone_since(self.domain, [row.kept for row in self.rows if row.kept])


class DomainRecords:
    """Looks for records; what is another customer's is not there."""

    def __init__(
        self,
        *,
        domains: SendingDomains,
        administration: AccountAdministration,
        checks: RecordCheckStore,
        zones: ZoneLookUp,
        ours: OurNames,
        plan: WatchPlan,
        clock: Clock,
        tell: Tell = tell_nobody,
    ) -> None:
        self._domains = domains
        self._administration = administration
        self._checks = checks
        self._zones = zones
        self._ours = ours
        self._plan = plan
        self._clock = clock
        self._tell = tell
        self._places = asyncio.Semaphore(LOOKS_AT_ONCE)

    @property
    def offers_cname(self) -> bool:
        """Say whether keys may stand in a zone of the operator's."""
        return bool(self._ours.dkim_zone)

    @property
    def plan(self) -> WatchPlan:
        """Say how closely domains are watched."""
        return self._plan

    async def all_of(self, customer_id: int) -> Sequence[DomainReport]:
        """Give a customer's domains as they were seen last."""
        domains = await self._domains.all_of(customer_id)
        looks = await self._checks.kept_looks(customer_id)
        return [self._report(one, looks.get(one.domain, KeptLook())) for one in domains]

    async def kept(self, customer_id: int, text: str) -> DomainReport | Refusal:
        """Give a domain as it was seen last, without asking anybody."""
        domain = await self._domains.find(customer_id, text)
        if isinstance(domain, Refusal):
            return domain
        return self._report(domain, await self._checks.kept_look(customer_id, domain.domain))

    async def look(self, customer_id: int, text: str) -> DomainReport | Refusal:
        """Look for the records now, and draw the consequences."""
        domain = await self._domains.find(customer_id, text)
        if isinstance(domain, Refusal):
            return domain
        before = await self._checks.kept_look(customer_id, domain.domain)
        if before.looked_at and self._clock.now() - before.looked_at < FRESH_FOR:
            return self._report(domain, before)
        async with self._places:
            zone, checks = await self._checked(domain, before)
        return await self._conclude(domain, before, zone, checks)

    async def _conclude(
        self, domain: SendingDomain, before: KeptLook, zone: Zone, checks: Sequence[Check]
    ) -> DomainReport | Refusal:
        """Write down what was seen, and what follows from it for the domain as it is by now."""
        found = await self._domains.find(domain.customer_id, domain.domain)
        if isinstance(found, Refusal):
            return found
        domain, now = found, self._clock.now()
        known = {(one.purpose, one.name): one for one in before.checks}
        kept = tuple(
            carried_on(known.get((one.record.purpose, one.record.name)), one, now) for one in checks
        )
        after = await self._write(domain, judged(domain, kept, plan=self._plan, now=now))
        look = KeptLook(zone=zone, looked_at=now, checks=kept)
        wait = next_wait(after, kept, plan=self._plan, now=now)
        await self._checks.keep_look(domain.customer_id, domain.domain, look, next_look=now + wait)
        for news in news_of(domain, after, before.checks, kept):
            self._tell(after, news)
        return self._report(after, look)

    async def _write(self, domain: SendingDomain, after: SendingDomain) -> SendingDomain:
        if after is domain:
            return domain
        try:
            await self._administration.change_sending_domain(after, now=self._clock.now())
        except NotThere:  # removed, or claimed by somebody else in the meantime
            return domain
        return after

    def _report(self, domain: SendingDomain, look: KeptLook) -> DomainReport:
        known = {(one.purpose, one.name): one for one in look.checks}
        rows = tuple(
            RecordRow(record=record, kept=known.get((record.purpose, record.name)))
            for record in expected_records(domain, self._ours)
        )
        return DomainReport(domain=domain, rows=rows, zone=look.zone, looked_at=look.looked_at)

    # -- the look ---------------------------------------------------------------------------------

    async def _checked(
        self, domain: SendingDomain, before: KeptLook
    ) -> tuple[Zone, Sequence[Check]]:
        zone = await self._zones.zone_of(domain.domain)
        records = expected_records(domain, self._ours)
        sightings = await asyncio.gather(*(self._sighting(zone, one) for one in records))
        was_right = {(one.purpose, one.name) for one in before.checks if one.right_at}
        keys = {record.key for record in records if record.key}
        checks = [
            check_record(
                record,
                sighting,
                was_right=(record.purpose, record.name) in was_right,
                other_keys=tuple(keys - {record.key}),
            )
            for record, sighting in zip(records, sightings, strict=True)
        ]
        return zone, checks

    async def _sighting(self, zone: Zone, record: ExpectedRecord) -> Sighting:
        kind = _question_for(record)
        at_zone, in_caches = await asyncio.gather(
            self._zones.at_zone(zone, record.name, kind),
            self._zones.in_caches(record.name, kind),
        )
        sighting = Sighting(at_zone=at_zone, in_caches=in_caches)
        if not is_right(record, sighting.first):
            return await self._with_neighbours(zone, record, sighting)
        if record.purpose is Purpose.SPF:
            return Sighting(
                at_zone=at_zone, in_caches=in_caches, look_ups=await self._look_ups(sighting.first)
            )
        return sighting

    async def _with_neighbours(
        self, zone: Zone, record: ExpectedRecord, sighting: Sighting
    ) -> Sighting:
        """Look around for what went wrong."""
        kind = _question_for(record)
        doubled, bare, anything, addresses = await asyncio.gather(
            self._ask(zone, f"{record.name}.{zone.apex or record.name}", kind),
            self._ask_another(zone, record.name, record.name.replace("_", ""), kind),
            self._ask_another(zone, record.name, _beside(record), kind),
            self._addresses(zone, record),
        )
        return Sighting(
            at_zone=sighting.at_zone,
            in_caches=sighting.in_caches,
            doubled=doubled,
            bare=bare,
            anything=anything,
            addresses=addresses,
        )

    async def _ask(self, zone: Zone, name: str, kind: RecordType) -> Seen:
        if zone.addresses:
            return await self._zones.at_zone(zone, name, kind)
        return await self._zones.in_caches(name, kind)

    async def _ask_another(self, zone: Zone, name: str, other: str, kind: RecordType) -> Seen:
        """Ask for another name, if it is another one."""
        return await self._ask(zone, other, kind) if other != name else Seen()

    async def _addresses(self, zone: Zone, record: ExpectedRecord) -> tuple[str, ...]:
        """A proxy that hides a CNAME answers with addresses of its own."""
        if record.type is not RecordType.CNAME:
            return ()
        return (await self._ask(zone, record.name, RecordType.A)).texts

    async def _look_ups(self, seen: Seen) -> int:
        """Count what an SPF record costs its readers; no further than one too many."""
        waiting = [text for text in seen.texts if spf.is_spf(text)]
        count, known = 0, set[str]()
        while waiting and count <= spf.MOST_LOOK_UPS:
            text = waiting.pop()
            count += spf.costs(text)
            targets = [one for one in spf.leads_to(text) if one not in known]
            known.update(targets)
            found = await _each(targets[: spf.MOST_LOOK_UPS], self._spf_at)
            waiting.extend(found)
        return count

    async def _spf_at(self, name: str) -> str:
        seen = await self._zones.in_caches(name, RecordType.TXT)
        return next((text for text in seen.texts if spf.is_spf(text)), "")


async def _each(names: Sequence[str], ask: Callable[[str], Awaitable[str]]) -> Sequence[str]:
    return await asyncio.gather(*(ask(name) for name in names))


def _question_for(record: ExpectedRecord) -> RecordType:
    """A key may be reached by a CNAME, so it is asked for as a text in any case."""
    is_alias = record.purpose in (Purpose.RETURN_PATH, Purpose.TRACKING)
    return RecordType.CNAME if is_alias else RecordType.TXT


def _beside(record: ExpectedRecord) -> str:
    """Name a neighbour that nobody can have published; the domain itself has none."""
    if record.purpose is Purpose.SPF:
        return record.name
    return f"sztafeta-{secrets.token_hex(6)}.{record.name.partition('.')[2]}"
