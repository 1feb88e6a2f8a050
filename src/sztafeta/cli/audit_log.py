"""What the operator does on the command line, written into the customer's audit log (W-26)."""

from __future__ import annotations

from sztafeta.net.clock import SystemClock
from sztafeta.service.people.audit import AuditLog
from sztafeta.store.open import Store


def audit_of(store: Store) -> AuditLog:
    """Give the verb that writes it."""
    return AuditLog(store=store.audit, clock=SystemClock())
