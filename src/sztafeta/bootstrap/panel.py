"""The panel introduced to the verbs; it is served on the API's port, under `/panel`."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from starlette.types import ASGIApp, Receive, Scope, Send

from sztafeta.bootstrap.people import TellSms, people_verbs
from sztafeta.bootstrap.verbs import Verbs
from sztafeta.config import Settings
from sztafeta.panel.application import Panel
from sztafeta.panel.desk import Desk
from sztafeta.service.api_keys import ApiKeys
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.sessions import Sessions
from sztafeta.service.ports import Clock
from sztafeta.store.open import Store

ROOT = "/panel"


def panel(
    settings: Settings,
    store: Store,
    verbs: Verbs,
    *,
    keys: ApiKeys,
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
    desk = Desk(
        sessions=sessions,
        people=people_verbs(
            settings,
            store,
            verbs,
            sessions=sessions,
            audit=audit,
            clock=clock,
            base_url=base_url,
            on_trouble=on_trouble,
            on_sms=on_sms,
        ),
        audit=audit,
        keys=keys,
        accounts=store.accounts,
        account_administration=store.accounts,
        clock=clock,
        base_url=base_url,
        hostname=settings.hostname,
        is_demo=is_demo,
    )
    return Panel(desk, zone=ZoneInfo(settings.panel.time_zone), on_trouble=on_trouble)


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
