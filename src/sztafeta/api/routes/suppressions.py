"""`/v1/suppressions`: addresses that mail is not sent to; read, add, remove."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from sztafeta.api.desk import AtDesk, Reader, SuppressionEditor
from sztafeta.api.guarded import Guarded
from sztafeta.api.notebook import AtNotebook
from sztafeta.api.problem import Problem
from sztafeta.api.routes.shapes import After, Limit, Page, Strict, View, cursor_mark, page_of
from sztafeta.delivery.suppression import suppressed_form
from sztafeta.mail.address import AddressFault, parse_mailbox
from sztafeta.service.fault import Fault
from sztafeta.service.ports import Suppression, SuppressionReason

router = APIRouter(prefix="/v1/suppressions", tags=["suppressions"], route_class=Guarded)


class NewSuppressions(Strict):
    """Addresses to suppress."""

    addresses: Annotated[list[str], Field(min_length=1, max_length=1000)]
    """Up to 1,000; the case of letters means nothing."""
    reason: SuppressionReason = SuppressionReason.MANUAL
    """Why no mail is to be sent."""
    comment: Annotated[str, Field(max_length=500)] = ""
    """For people."""


class Suppressed(View):
    """One suppressed address."""

    address: str
    """In lower case, its domain in A-labels."""
    reason: SuppressionReason
    """Why no mail is sent."""
    source: str
    """What added it: the API, SMTP, or a bounce."""
    comment: str
    """For people."""
    created_at: datetime
    """Since when."""


class Added(View):
    """How many addresses were new."""

    added: int
    """New ones."""
    already_there: int
    """Those that were suppressed before."""


@router.get("", response_model=Page[Suppressed], summary="List suppressions")
async def list_suppressions(
    key: Reader,
    desk: AtDesk,
    limit: Limit = 100,
    after: After = None,
    reason: Annotated[SuppressionReason | None, Query(description="This alone.")] = None,
) -> dict[str, Any]:
    """List suppressed addresses in their alphabetical order."""
    rows = await desk.suppressions.suppressions(
        key.customer_id, limit=limit + 1, after=cursor_mark(after), reason=reason
    )
    page = page_of(rows, limit, lambda row: row.address)
    return {**page, "data": [_shown(row) for row in page["data"]]}


@router.post("", response_model=Added, status_code=201, summary="Suppress addresses")
async def suppress(
    key: SuppressionEditor, desk: AtDesk, notebook: AtNotebook, wish: NewSuppressions
) -> dict[str, Any]:
    """Suppress addresses; those already there stay as they are."""
    now = desk.clock.now()
    addresses = dict.fromkeys(_readable(wish.addresses))
    added = await desk.suppressions.suppress(
        [
            Suppression(
                customer_id=key.customer_id,
                address=address,
                reason=wish.reason,
                source="api",
                comment=wish.comment,
                created_at=now,
            )
            for address in addresses
        ]
    )
    counted = {"added": added, "already_there": len(addresses) - added}
    subject = ", ".join(addresses)
    await notebook.note(key, "suppression.added", subject, after=counted)
    return counted


@router.get("/{address:path}", response_model=Suppressed, summary="Is it suppressed")
async def see_suppression(key: Reader, desk: AtDesk, address: str) -> dict[str, Any]:
    """Say why and since when an address is suppressed; 404 when it is not."""
    (form,) = _readable([address])
    found = await desk.suppressions.suppressed(key.customer_id, [form])
    if form not in found:
        raise Problem("not_found", f"{address} is not suppressed.")
    return _shown(found[form])


@router.delete("/{address:path}", status_code=204, summary="Lift a suppression")
async def unsuppress(
    key: SuppressionEditor, desk: AtDesk, notebook: AtNotebook, address: str
) -> None:
    """Let mail go to an address again."""
    (form,) = _readable([address])
    if not await desk.suppressions.unsuppress(key.customer_id, form):
        raise Problem("not_found", f"{address} is not suppressed.")
    await notebook.note(key, "suppression.removed", form)


def _readable(addresses: Sequence[str]) -> list[str]:
    forms, faults = [], []
    for place, address in enumerate(addresses):
        try:
            forms.append(suppressed_form(parse_mailbox(address)))
        except AddressFault as fault:
            pointer = f"/addresses/{place}"
            faults.append(Fault(pointer=pointer, code="invalid_address", text=f"{fault}."))
    if faults:
        raise Problem("invalid", "Some addresses cannot be read.", errors=faults)
    return forms


def _shown(row: Suppression) -> dict[str, Any]:
    return {
        "address": row.address,
        "reason": row.reason,
        "source": row.source,
        "comment": row.comment,
        "created_at": row.created_at,
    }
