"""A domain's report as its page shows it: names as the zone's editor wants them, states in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sztafeta.account.dns_hosts import DnsHost, dns_host
from sztafeta.account.dns_records import (
    ExpectedRecord,
    Purpose,
    RecordType,
    as_cname,
    relative_name,
    zone_line,
    zone_value,
)
from sztafeta.account.record_check import CheckState
from sztafeta.mail.address import shown_domain
from sztafeta.panel.domains.words import GONE, MISTAKES, NO_ANSWER, NOT_FOUND, PURPOSES, STATES
from sztafeta.service.domain_records import DomainReport, RecordRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    """A row of the table; texts that are msgids are translated by the template."""

    purpose: str
    reason: str
    type: str
    name: str
    full_name: str
    value: str
    is_required: bool
    is_pending: bool
    """A key that will sign when it is seen; another one signs now."""
    state: str
    badge: str
    sentence: str
    minutes: int
    """Until caches forget what was before; 0: they know."""
    found: tuple[str, ...]
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDomain:
    """What the page of a domain shows."""

    name: str
    id: str
    report: DomainReport
    host: DnsHost | None
    zone: str
    is_unknown: bool
    """DNS knows no such zone: it is not registered, or its name has a typing error."""
    by_cname: bool
    records: Sequence[ShownRecord]
    ends_at: datetime | None
    """When mail from it will be refused, if its proof does not come back."""

    @property
    def right(self) -> int:
        """Count the records that are in order."""
        return sum(row.is_right for row in self.report.rows)

    @property
    def digest(self) -> str:
        """Tell two pictures of a domain apart."""
        told = (self.report.domain.is_verified, self.ends_at, self.records, self.zone, self.host)
        return sha256(repr(told).encode()).hexdigest()[:16]


def shown(report: DomainReport, *, by_cname: bool, grace: timedelta) -> ShownDomain:
    """Put a report into words."""
    zone, servers = report.zone.apex, report.zone.servers
    domain = report.domain.domain
    is_inside = domain == zone or domain.endswith(f".{zone}")
    is_known = bool(zone) and "." in zone and is_inside
    host = dns_host(servers) if is_known else None
    since = report.proof_gone_since if report.domain.is_verified else None
    return ShownDomain(
        name=shown_domain(domain),
        id=domain,
        report=report,
        host=host,
        zone=zone if is_known else domain,
        is_unknown=bool(zone) and not is_known,
        by_cname=by_cname,
        records=[_record(row, zone if is_known else domain, host, by_cname) for row in report.rows],
        ends_at=since + grace if since and report.domain.needs_proof else None,
    )


def _record(row: RecordRow, zone: str, host: DnsHost | None, by_cname: bool) -> ShownRecord:
    record = as_cname(row.record) if by_cname else row.record
    said = PURPOSES[record.purpose]
    state, badge = STATES[row.kept.state] if row.kept else ("", "off")
    name = relative_name(record.name, zone)
    return ShownRecord(
        purpose=said.word,
        reason=said.sentence,
        type=record.type.value,
        name=host.root if host and name == "@" else name,
        full_name=record.name,
        value=_value(record, row.advice, host),
        is_required=record.is_required,
        is_pending=record.purpose is Purpose.DKIM and not record.signs,
        state=state,
        badge=badge,
        sentence=_sentence(row),
        minutes=_minutes(row),
        found=() if row.is_right or row.kept is None else row.kept.found,
        advice=row.advice,
    )


def _value(record: ExpectedRecord, advice: str, host: DnsHost | None) -> str:
    """Give what to enter: an owner's SPF record completed, or a text as the editor wants it."""
    if advice:
        return advice
    wants_quotes = host is not None and host.wants_quotes and record.type is RecordType.TXT
    return zone_value(record) if wants_quotes else record.value


def _sentence(row: RecordRow) -> str:
    if row.kept is None or row.is_right:
        return ""
    if row.kept.mistake is not None:
        return MISTAKES[row.kept.mistake]
    sentences = {
        CheckState.NOT_FOUND: NOT_FOUND,
        CheckState.GONE: GONE,
        CheckState.NO_ANSWER: NO_ANSWER,
    }
    return sentences.get(row.kept.state, "")


def _minutes(row: RecordRow) -> int:
    """Round up: nobody is disappointed."""
    if row.kept is None or row.kept.state is not CheckState.AT_ZONE:
        return 0
    return max(1, -(-row.kept.ttl // 60))


def zone_file(report: DomainReport, *, by_cname: bool) -> str:
    """Write the records as a zone file takes them."""
    return "".join(f"{line}\n" for line in _zone_lines(report, by_cname))


def _zone_lines(report: DomainReport, by_cname: bool) -> Iterator[str]:
    yield f"; {report.domain.domain}"
    for row in report.rows:
        record = as_cname(row.record) if by_cname else row.record
        yield zone_line(record, value=row.advice)
