"""The notebook: routes write into the audit log what a key's owner changed with it (W-26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from sztafeta.account.api_key import ApiKey
from sztafeta.api.caller import client_address
from sztafeta.service.people.audit import AuditLog


class Notebook:
    """Knows from where one request came, and its id."""

    def __init__(self, audit: AuditLog, request: Request) -> None:
        self._audit = audit
        self._request = request

    async def note(
        self,
        key: ApiKey,
        action: str,
        subject: str = "",
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what was done with a key; call it when it is done."""
        await self._audit.note_by_key(
            key,
            action,
            subject,
            address=client_address(self._request),
            request_id=self._request.state.request_id,
            before=before,
            after=after,
        )

    async def note_reading(self, key: ApiKey, action: str, subject: str) -> None:
        """Note that content was read with a key."""
        await self._audit.note_reading_by_key(
            key,
            action,
            subject,
            address=client_address(self._request),
            request_id=self._request.state.request_id,
        )


def notebook(request: Request) -> Notebook:
    """Give a request its notebook."""
    return Notebook(request.app.state.desk.audit, request)


AtNotebook = Annotated[Notebook, Depends(notebook)]
