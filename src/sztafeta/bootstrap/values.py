"""The settings as the parts' plain values: nothing below bootstrap knows that settings exist."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from ipaddress import ip_address

from sztafeta.config import Settings
from sztafeta.config.settings import DedicatedSource, Egress, LogFormat, TlsMode
from sztafeta.config.settings import Listener as ListenerSetting
from sztafeta.delivery.route import Ourselves, RouteRule
from sztafeta.delivery.shaping import SiteLimits
from sztafeta.log import Log
from sztafeta.net.address_wall import AddressWall, Target
from sztafeta.net.certificates import CertificateFiles, make_self_signed
from sztafeta.net.clock import SystemClock
from sztafeta.net.dialer import SmtpDialer
from sztafeta.net.listener import ListenerSpec
from sztafeta.net.resolver import DnsRouter, ResolverSettings
from sztafeta.net.timeouts import ClientTimeouts
from sztafeta.service.schedule import ScheduleLimits
from sztafeta.smtp.extensions import ServerProfile
from sztafeta.submission.limits import Limits


def open_log(settings: Settings) -> Log:
    """Write to standard error, in the form that the settings ask for."""
    chosen = settings.log.format
    is_pretty = chosen is LogFormat.PRETTY or (chosen is LogFormat.AUTO and sys.stderr.isatty())
    log = Log(level=settings.log.level.value, pretty=is_pretty)
    log.take_over_stdlib()
    return log


def certificate_files(settings: Settings, clock: SystemClock) -> CertificateFiles:
    """Name the certificate's files; without any, make a self-signed one in the data directory."""
    if settings.tls.certificate is not None and settings.tls.key is not None:
        return CertificateFiles(certificate=settings.tls.certificate, key=settings.tls.key)
    folder = settings.data_directory
    files = CertificateFiles(certificate=folder / "self-signed.crt", key=folder / "self-signed.key")
    if not files.certificate.exists():
        make_self_signed(files, settings.hostname, now=clock.now())
    return files


def profile(one: ListenerSetting, settings: Settings) -> ServerProfile:
    limits = settings.limits
    return ServerProfile(
        hostname=settings.hostname,
        max_size=limits.message_size,
        max_recipients=limits.recipients,
        max_messages=limits.messages_per_connection,
        offers_starttls=one.tls is TlsMode.STARTTLS,
        cleartext_auth=one.cleartext_auth,
        max_errors=limits.errors,
        max_junk=limits.junk_commands,
    )


def listener_spec(one: ListenerSetting) -> ListenerSpec:
    return ListenerSpec(
        name=one.name,
        address=one.address,
        port=one.port,
        tls=one.tls.value,
        proxy_protocol=one.proxy_protocol,
        trusted_proxies=one.trusted_proxies,
    )


def limits(settings: Settings, connections: int) -> Limits:
    limits = settings.limits
    return Limits(
        connections=connections,
        has_few_files=connections < limits.connections,
        reserve=limits.reserve,
        connections_per_address=limits.connections_per_address,
        unauthenticated_per_address=limits.unauthenticated_per_address,
        messages_per_connection=limits.messages_per_connection,
        recipients_per_hour=limits.recipients_per_hour,
        login_failures_per_minute=limits.login_failures_per_minute,
        login_failures_per_day=limits.login_failures_per_day,
        idle=limits.idle,
        slowest_rate=limits.slowest_rate,
    )


def site_limits(settings: Settings) -> SiteLimits:
    delivery = settings.delivery
    return SiteLimits(
        connections=delivery.connections_per_site,
        transactions_per_connection=delivery.transactions_per_connection,
        idle=delivery.idle,
        first_backoff=delivery.first_backoff,
        longest_backoff=delivery.longest_backoff,
    )


def schedule_limits(settings: Settings) -> ScheduleLimits:
    return ScheduleLimits(recipients_per_transaction=settings.delivery.recipients_per_transaction)


def router(settings: Settings, clock: SystemClock) -> DnsRouter:
    rules = [
        RouteRule(domains=one.domains, host=one.host, port=one.port, tls=one.tls)
        for one in settings.routes
    ]
    return DnsRouter(
        rules=rules,
        ourselves=Ourselves(names=own_names(settings), addresses=own_addresses(settings)),
        clock=clock,
        settings=resolver_settings(settings),
    )


def resolver_settings(settings: Settings) -> ResolverSettings:
    """Say how DNS is asked."""
    dns = settings.dns
    return ResolverSettings(
        nameservers=dns.nameservers,
        timeout=dns.timeout,
        lifetime=dns.lifetime,
        in_flight=dns.in_flight,
    )


def _sources(settings: Settings) -> Sequence[Egress | DedicatedSource]:
    return [settings.egress, *settings.dedicated_sources]


def own_names(settings: Settings) -> frozenset[str]:
    said = {(one.ehlo_name or "").lower() for one in _sources(settings)}
    return frozenset(({settings.hostname.lower()} | said) - {""})


def own_addresses(settings: Settings) -> frozenset[str]:
    """Give the addresses that are ours by the settings; those not public are never dialled anyway."""
    named = {one.address for one in settings.listeners}
    named |= {address for one in _sources(settings) for address in (one.ipv4, one.ipv6) if address}
    return frozenset(one for one in named if one and not ip_address(one).is_unspecified)


def dialer(settings: Settings, only: frozenset[Target] | None) -> SmtpDialer:
    wall = AddressWall(own=own_addresses(settings), only=only)
    timeouts = ClientTimeouts(**dict(settings.delivery.timeouts))
    return SmtpDialer(wall=wall, timeouts=timeouts, chunking=settings.delivery.chunking)
