"""SMTP accounts introduced to the store and to the panel's passwords, for every face and the command line."""

from __future__ import annotations

from sztafeta.bootstrap.egress import egress_sources
from sztafeta.config import Settings
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.people.panel_passwords import PanelPasswords
from sztafeta.service.ports import Clock
from sztafeta.service.smtp_accounts import SmtpAccounts
from sztafeta.store.open import Store


def smtp_accounts(settings: Settings, store: Store, hashing: Hashing, clock: Clock) -> SmtpAccounts:
    """Give the verb that keeps SMTP accounts."""
    return SmtpAccounts(
        administration=store.accounts,
        accounts=store.accounts,
        panel_passwords=PanelPasswords(members=store.members, hashing=hashing),
        sources=egress_sources(settings),
        clock=clock,
    )
