"""The panel introduced to the verbs; it is served on the API's port, under `/panel`."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from zoneinfo import ZoneInfo

from starlette.types import ASGIApp, Receive, Scope, Send

from sztafeta.bootstrap.domains import registrations
from sztafeta.bootstrap.mail import mail_verbs
from sztafeta.bootstrap.people import TellSms, people_verbs
from sztafeta.bootstrap.smtp_accounts import smtp_accounts
from sztafeta.bootstrap.verbs import Verbs
from sztafeta.config import Settings
from sztafeta.config.settings import TlsMode
from sztafeta.panel.application import Panel
from sztafeta.panel.desk import Desk
from sztafeta.panel.entrance import Entrance
from sztafeta.service.api_keys import ApiKeys
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.people.sessions import Sessions
from sztafeta.service.ports import Clock
from sztafeta.service.shared_records import SharedRecords
from sztafeta.service.smtp_logins import SmtpLogins
from sztafeta.service.statistics.reading import Statistics
from sztafeta.service.suppression_list import SuppressionList
from sztafeta.store.open import Store

ROOT = "/panel"
SUBMISSION = 587
"""The port that RFC 6409 names for it."""


def panel(
    settings: Settings,
    store: Store,
    verbs: Verbs,
    *,
    keys: ApiKeys,
    logins: SmtpLogins,
    hashing: Hashing,
    clock: Clock,
    base_url: str,
    on_trouble: Callable[[str, Exception], None],
    on_sms: TellSms,
    is_demo: bool = False,
) -> Panel:
    """Give the panel, with everything it needs at its side."""
    sessions = Sessions(
        store=store.sessions,
        clock=clock,
        idle=settings.panel.session_idle,
        lifetime=settings.panel.session_lifetime,
    )
    audit = AuditLog(store=store.audit, clock=clock)
    zone = ZoneInfo(settings.panel.time_zone)
    desk = Desk(
        sessions=sessions,
        people=people_verbs(
            settings,
            store,
            verbs,
            sessions=sessions,
            hashing=hashing,
            audit=audit,
            clock=clock,
            base_url=base_url,
            on_trouble=on_trouble,
            on_sms=on_sms,
        ),
        mail=mail_verbs(settings, store, verbs, clock=clock, on_trouble=on_trouble),
        audit=audit,
        keys=keys,
        smtp_accounts=smtp_accounts(settings, store, hashing, clock),
        smtp_logins=logins,
        templates=verbs.templates,
        previews=verbs.previews,
        template_uses=verbs.template_uses,
        sandbox=verbs.sandbox,
        sending=verbs.sending,
        entrance=entrance(settings),
        accounts=store.accounts,
        account_administration=store.accounts,
        statistics=Statistics(
            store=store.statistics,
            rolling=store.rolling,
            accounts=store.accounts,
            clock=clock,
            zone=zone,
            limit=settings.limits.recipients_per_hour,
            free=settings.panel.free_recipients,
        ),
        domains=verbs.domains,
        domain_records=verbs.domain_records,
        suppressions=SuppressionList(store=store.suppressions, clock=clock),
        shared_records=SharedRecords(
            tickets=store.tickets, records=verbs.domain_records, clock=clock
        ),
        clock=clock,
        base_url=base_url,
        hostname=settings.hostname,
        domain_connect=registrations(settings),
        is_demo=is_demo,
    )
    return Panel(desk, zone=zone, on_trouble=on_trouble)


def entrance(settings: Settings) -> Entrance:
    """Say where programs send to: our name, unless only this machine reaches the ports."""
    by_tls = {mode: [one for one in settings.listeners if one.tls is mode] for mode in TlsMode}
    starttls, implicit = by_tls[TlsMode.STARTTLS], by_tls[TlsMode.IMPLICIT]
    preferred = next((one for one in starttls if one.port == SUBMISSION), None)
    chosen = preferred or (starttls[-1] if starttls else None)
    local = chosen is not None and ip_address(chosen.address).is_loopback
    return Entrance(
        host=chosen.address if local and chosen is not None else settings.hostname,
        port=None if chosen is None else chosen.port,
        tls_port=implicit[0].port if implicit else None,
        other_ports=tuple(one.port for one in starttls if one is not chosen),
    )


class Faces:
    """Two web applications on one port: the panel under `/panel`, the API everywhere else."""

    def __init__(self, panel: ASGIApp, api: ASGIApp) -> None:
        self._panel = panel
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        path = scope.get("path", "")
        is_panel = path == ROOT or path.startswith(ROOT + "/")
        await (self._panel if is_panel else self._api)(scope, receive, send)
