"""Sending domains and their records introduced to DNS, to the store and to the watch."""

from __future__ import annotations

from ipaddress import ip_address

from sztafeta.account.dns_records import OurNames
from sztafeta.account.domain_connect import Registration
from sztafeta.account.domain_watch import WatchPlan
from sztafeta.bootstrap import values
from sztafeta.config import Settings
from sztafeta.net.texts import DnsTexts
from sztafeta.net.zones import DnsZones
from sztafeta.service.domain_records import DomainRecords, Tell, tell_nobody
from sztafeta.service.ports import Clock
from sztafeta.service.sending_domains import SendingDomains
from sztafeta.store.open import Store


def sending_domains(settings: Settings, store: Store, clock: Clock) -> SendingDomains:
    """Give the verbs on domains."""
    return SendingDomains(
        administration=store.accounts,
        texts=DnsTexts(values.resolver_settings(settings)),
        clock=clock,
    )


def domain_records(
    settings: Settings, store: Store, clock: Clock, tell: Tell = tell_nobody
) -> DomainRecords:
    """Give the look at records."""
    dns, watched = settings.dns, settings.domains
    return DomainRecords(
        domains=sending_domains(settings, store, clock),
        administration=store.accounts,
        checks=store.record_checks,
        zones=DnsZones(
            values.resolver_settings(settings),
            port=dns.zone_port,
            asks_private=dns.ask_private_zones,
        ),
        ours=our_names(settings),
        plan=WatchPlan(
            every=watched.look_every, when_broken=watched.look_when_broken, grace=watched.grace
        ),
        clock=clock,
        tell=tell,
    )


def our_names(settings: Settings) -> OurNames:
    """Give the names that customers' records lead to; our own name is good for SPF if nothing is set."""
    domains = settings.domains
    return OurNames(
        spf=domains.spf or _spf_of(settings.egress.ehlo_name or settings.hostname),
        dkim_zone=domains.dkim_zone or "",
        return_path=domains.return_path_host or "",
        tracking=domains.tracking_host or "",
    )


def registrations(settings: Settings) -> tuple[Registration, ...]:
    """Give the DNS hosts at which a template for Domain Connect is registered."""
    return tuple(
        Registration(
            dns_host=one.dns_host,
            url=one.url,
            provider_id=one.provider_id,
            service_id=one.service_id,
        )
        for one in settings.panel.domain_connect
    )


def _spf_of(name: str) -> tuple[str, ...]:
    """A name without dots is nothing that others could look up."""
    return (f"a:{name.lower()}",) if "." in name and not _is_address(name) else ()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
