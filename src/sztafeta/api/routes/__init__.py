"""The native routes, one file a column; `ROUTERS` is all of them."""

from __future__ import annotations

from sztafeta.api.routes import account, keys, sending, suppressions, templates

ROUTERS = (account.router, keys.router, sending.router, suppressions.router, templates.router)
