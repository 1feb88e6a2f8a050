"""The other ways out of a domain's page: files for programs, and a link to the DNS host's own page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sztafeta.account.dns_exports.octodns import octodns
from sztafeta.account.dns_exports.terraform import Provider, terraform
from sztafeta.account.dns_exports.zone_file import zone_file
from sztafeta.account.dns_records import ExpectedRecord, Purpose, as_cname
from sztafeta.account.domain_connect import Registration, apply_url
from sztafeta.panel.domains.zone import host_of, zone_of
from sztafeta.service.domain_records import DomainReport, RecordRow


@dataclass(frozen=True, slots=True)
class File:
    """What is downloaded."""

    name: str
    text: str


def zone_file_of(report: DomainReport, *, by_cname: bool) -> File:
    """Give the records as a zone file."""
    domain = report.domain.domain
    return File(f"{domain}.zone", zone_file(domain, _to_publish(report, by_cname)))


def octodns_of(report: DomainReport, *, by_cname: bool) -> File:
    """Give the records for OctoDNS; its files are called like their zones."""
    zone = zone_of(report)
    return File(f"{zone}.yaml", octodns(zone, _to_publish(report, by_cname)))


def terraform_of(report: DomainReport, provider: Provider, *, by_cname: bool) -> File:
    """Give the records as resources of a Terraform provider."""
    text = terraform(provider, zone_of(report), _to_publish(report, by_cname))
    return File(f"{report.domain.domain}.tf", text)


def connect_url(report: DomainReport, registrations: Sequence[Registration]) -> str:
    """Lead to where the domain's DNS host publishes what is missing; empty: it does not offer that."""
    host, missing = host_of(report), _missing(report)
    if host is None or not missing:
        return ""
    found = next((one for one in registrations if one.dns_host == host.name), None)
    if found is None:
        return ""
    return apply_url(found, domain=report.domain.domain, zone=zone_of(report), records=missing)


def _to_publish(report: DomainReport, by_cname: bool) -> list[ExpectedRecord]:
    """Give the records with the values to enter: an owner's SPF record is completed."""
    return [_published(row, by_cname) for row in report.rows]


def _published(row: RecordRow, by_cname: bool) -> ExpectedRecord:
    record = as_cname(row.record) if by_cname else row.record
    return replace(record, value=row.advice or record.value)


def _missing(report: DomainReport) -> list[ExpectedRecord]:
    """Give the records of each kind that is not in order; of keys both, and the newest."""
    purposes = {row.record.purpose for row in report.rows if not row.is_right}
    records = [row.record for row in report.rows if row.record.purpose in purposes]
    has_pending = bool(report.domain.pending)
    return [
        one for one in records if one.purpose is not Purpose.DKIM or one.signs is not has_pending
    ]
