"""The HTTP API introduced to the verbs and to its port."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from sztafeta.api.application import HttpApi
from sztafeta.api.body import Bodies
from sztafeta.api.compat.facades import FACADES
from sztafeta.api.desk import ApiLimits, Desk
from sztafeta.bootstrap.addresses import base_url, panel_url
from sztafeta.bootstrap.panel import Faces, panel
from sztafeta.bootstrap.people import TellSms
from sztafeta.bootstrap.smtp_accounts import smtp_accounts
from sztafeta.bootstrap.verbs import Verbs
from sztafeta.config import Settings
from sztafeta.delivery.queue_id import IdSource
from sztafeta.net.http_listener import HttpListener
from sztafeta.service.api_keys import ApiKeys
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.ports import Clock
from sztafeta.service.smtp_logins import SmtpLogins
from sztafeta.store.open import Store

ROOM_FOR_CODING = 1.5
"""A call is larger than its message: base64 in JSON, and names around it."""


def api_keys(store: Store, clock: Clock) -> ApiKeys:
    """Give the verb that proves keys."""
    return ApiKeys(store=store.api_keys, clock=clock, time=time.monotonic)


def http_api(
    settings: Settings,
    store: Store,
    verbs: Verbs,
    *,
    keys: ApiKeys,
    logins: SmtpLogins,
    ids: IdSource,
    clock: Clock,
    on_trouble: Callable[[str, Exception], None],
    on_sms: TellSms,
    is_demo: bool = False,
) -> HttpListener:
    """Give the port of the API and the panel, not opened yet."""
    limits = settings.limits
    hashing = Hashing()
    body_size = int(limits.message_size * ROOM_FOR_CODING)
    desk = Desk(
        keys=keys,
        accounts=store.accounts,
        account_administration=store.accounts,
        smtp_accounts=smtp_accounts(settings, store, hashing, clock),
        suppressions=store.suppressions,
        domains=verbs.domains,
        feed=store.feed,
        bodies=Bodies(body_size),
        limits=ApiLimits(message_size=limits.message_size, body_size=body_size),
        sending=verbs.sending,
        messages=verbs.messages,
        certify=verbs.certify,
        sandbox=verbs.sandbox,
        templates=verbs.templates,
        audit=AuditLog(store=store.audit, clock=clock),
        clock=clock,
        hostname=settings.hostname,
        base_url=base_url(settings),
    )
    api = HttpApi(desk, ids=ids, on_trouble=on_trouble, facades=FACADES)
    application = api.application
    hosts = {settings.hostname, urlsplit(desk.base_url).hostname or settings.hostname}
    if settings.panel.enabled:
        pages = panel(
            settings,
            store,
            verbs,
            keys=keys,
            logins=logins,
            hashing=hashing,
            clock=clock,
            base_url=panel_url(settings),
            on_trouble=on_trouble,
            on_sms=on_sms,
            is_demo=is_demo,
        )
        application = Faces(pages.application, application)
        hosts.add(urlsplit(panel_url(settings)).hostname or settings.hostname)
    return HttpListener(
        application,
        address=settings.api.address,
        port=settings.api.port,
        hosts=frozenset(hosts),
        trusted_proxies=[str(network) for network in settings.api.trusted_proxies],
        misdirected=api.misdirected,
    )
