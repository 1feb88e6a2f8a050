"""The native routes, one file a column; `ROUTERS` is all of them, in the order of the reference."""

from __future__ import annotations

from sztafeta.api.routes import (
    account,
    certificates,
    domains,
    events,
    keys,
    messages,
    pages,
    sandbox,
    sending,
    smtp_accounts,
    suppressions,
    templates,
)

ROUTERS = (
    sending.router,
    messages.router,
    certificates.router,
    events.router,
    sandbox.router,
    templates.router,
    suppressions.router,
    domains.router,
    smtp_accounts.router,
    keys.router,
    account.router,
    pages.router,
)
