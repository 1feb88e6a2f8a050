"""The panel's verbs of mail introduced to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

from sztafeta.bootstrap.verbs import Verbs
from sztafeta.config import Settings
from sztafeta.panel.mail_desk import MailVerbs
from sztafeta.service.activity.acting import Acting
from sztafeta.service.activity.newsroom import EVERY, Newsroom
from sztafeta.service.activity.searching import Searching
from sztafeta.service.activity.telling import Telling
from sztafeta.service.ports import Clock
from sztafeta.store.open import Store


def mail_verbs(
    settings: Settings,
    store: Store,
    verbs: Verbs,
    *,
    clock: Clock,
    on_trouble: Callable[[str, Exception], None],
) -> MailVerbs:
    """Give the drawer."""
    searching = Searching(
        store=store.activity,
        administration=store.accounts,
        clock=clock,
        zone=ZoneInfo(settings.panel.time_zone),
    )
    return MailVerbs(
        searching=searching,
        telling=Telling(
            feed=store.feed,
            history=store.history,
            queues=store.queues,
            sight=verbs.sight,
            clock=clock,
        ),
        acting=Acting(
            searching=searching,
            messages=verbs.messages,
            administration=store.administration,
            accounts=store.accounts,
            clock=clock,
        ),
        certify=verbs.certify,
        newsroom=Newsroom(
            store=store.activity,
            clock=clock,
            pause=partial(asyncio.sleep, EVERY.total_seconds()),
            on_trouble=on_trouble,
        ),
        suppressions=store.suppressions,
        kept=settings.retention.messages,
    )
