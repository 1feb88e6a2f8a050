"""The zone that a domain's records go into, as the last look found it."""

from __future__ import annotations

from sztafeta.account.dns_hosts import DnsHost, dns_host
from sztafeta.service.domain_records import DomainReport


def is_zone_known(report: DomainReport) -> bool:
    """Say whether the domain's own zone was found, and not one far above it."""
    zone, domain = report.zone.apex, report.domain.domain
    return "." in zone and (domain == zone or domain.endswith(f".{zone}"))


def zone_of(report: DomainReport) -> str:
    """Name the zone; until it is found, the domain is taken for one."""
    return report.zone.apex if is_zone_known(report) else report.domain.domain


def host_of(report: DomainReport) -> DnsHost | None:
    """Find out who runs the zone."""
    return dns_host(report.zone.servers) if is_zone_known(report) else None
