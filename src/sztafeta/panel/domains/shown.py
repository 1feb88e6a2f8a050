"""A domain's report as its page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sztafeta.account.dns_hosts import DnsHost
from sztafeta.account.domain_connect import Registration
from sztafeta.mail.address import shown_domain
from sztafeta.panel.domains.exports import connect_url
from sztafeta.panel.domains.guide import Guide, guide
from sztafeta.panel.domains.records import ShownRecord, shown_record
from sztafeta.panel.domains.zone import host_of, is_zone_known, zone_of
from sztafeta.service.domain_records import DomainReport


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
    guide: Guide
    connect: str
    """Where its DNS host publishes what is missing, at a click; empty: not offered."""
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


def shown(
    report: DomainReport,
    *,
    by_cname: bool,
    grace: timedelta,
    language: str,
    registrations: Sequence[Registration] = (),
) -> ShownDomain:
    """Put a report into words."""
    domain, zone, host = report.domain.domain, zone_of(report), host_of(report)
    records = [shown_record(row, zone=zone, host=host, by_cname=by_cname) for row in report.rows]
    since = report.proof_gone_since if report.domain.is_verified else None
    return ShownDomain(
        name=shown_domain(domain),
        id=domain,
        report=report,
        host=host,
        zone=zone,
        is_unknown=bool(report.zone.apex) and not is_zone_known(report),
        by_cname=by_cname,
        records=records,
        guide=guide(host, zone, records, language),
        connect=connect_url(report, registrations),
        ends_at=since + grace if since and report.domain.needs_proof else None,
    )
