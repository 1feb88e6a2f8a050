"""Delivery certificates introduced to the key of this installation."""

from __future__ import annotations

from typing import Final

from sztafeta.bootstrap.addresses import panel_url
from sztafeta.config import Settings
from sztafeta.delivery.certificate.signing_key import SigningKey
from sztafeta.service.certify import KEYS_PATH, Certify
from sztafeta.store.open import Store

PURPOSE: Final = "delivery certificates"
"""What the key is derived for; another text is another key, and old certificates need the old one."""


def certify(settings: Settings, store: Store) -> Certify:
    """Give the verb; its key is the same on every node that has the master key."""
    return Certify(
        queues=store.queues,
        key=SigningKey(store.seal.derive(PURPOSE)),
        issuer=settings.hostname,
        keys_url=panel_url(settings) + KEYS_PATH,
    )
