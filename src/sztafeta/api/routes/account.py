"""`/v1/me`, `/v1/limits`, `/v1/usage`: who am I, what may I, what have I used (ux §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from sztafeta.account.api_key import Mode, Scope
from sztafeta.api.desk import Anybody, AtDesk, Reader
from sztafeta.api.guarded import Guarded
from sztafeta.api.problem import Problem
from sztafeta.api.routes.shapes import View
from sztafeta.service.fault import Fault

router = APIRouter(prefix="/v1", tags=["account"], route_class=Guarded)
LONGEST_PERIOD: Final = timedelta(days=366)


class Me(View):
    """The caller."""

    customer: str
    """The customer whose key it is."""
    smtp_account: str
    """The SMTP account whose settings and statistics its mail goes by."""
    key: str
    """The key's id."""
    name: str
    """What people call the key."""
    mode: Mode
    """Live, or test: then nothing leaves."""
    scopes: Sequence[Scope]
    """What the key may do."""
    expires_at: datetime | None
    """When the key ends; null: never."""
    sending_domains: Sequence[str]
    """Domains that mail may come from."""


class Limits(View):
    """What a call and a message may have."""

    message_octets: int
    """Of a message as it goes over the wire; e-mail coding adds about 37 % to files."""
    call_octets: int
    """Of the body of a call that sends."""
    recipients_per_call: int
    """Recipients of a call."""
    calls_per_batch: int
    """Calls in one batch."""
    rows_per_page: int
    """Rows that one page of a list may have."""
    smtp_connections: int
    """Open SMTP connections at once."""
    retention_of_idempotency_keys: str = "24 h"
    """How long an idempotency key belongs to its call."""


class Day(View):
    """What was accepted on one day (UTC)."""

    day: date
    """From midnight to midnight, UTC."""
    smtp_account: str
    """The login that sent; empty when it was deleted."""
    mode: Mode
    """Live mail, or mail of test keys."""
    recipients: int
    """Recipients that were accepted."""
    octets: int
    """Size of the messages, once for each recipient."""


class Usage(View):
    """What was accepted in a period; a recipient is the unit."""

    first: date
    """First day."""
    last: date
    """Last day, included."""
    recipients: int
    """Live mail alone."""
    octets: int
    """Live mail alone."""
    days: Sequence[Day]
    """Day by day."""


@router.get("/me", response_model=Me, summary="Who am I")
async def me(key: Anybody) -> dict[str, Any]:
    """Say whose key this is and what it may do: the ping of an integration."""
    return {
        "customer": key.customer_name,
        "smtp_account": key.account.login,
        "key": f"key_{key.key_id}",
        "name": key.name,
        "mode": key.mode,
        "scopes": sorted(key.scopes, key=lambda scope: scope.value),
        "expires_at": key.expires_at,
        "sending_domains": sorted(key.narrow(key.account).sending_domains),
    }


@router.get("/limits", response_model=Limits, summary="What may I send")
async def limits(key: Anybody, desk: AtDesk) -> dict[str, Any]:
    """Say how much a message and a call may hold; the same over SMTP and HTTP."""
    return {
        "message_octets": desk.limits.message_size,
        "call_octets": desk.limits.body_size,
        "recipients_per_call": desk.limits.recipients,
        "calls_per_batch": desk.limits.batch,
        "rows_per_page": desk.limits.page,
        "smtp_connections": key.account.max_connections,
    }


@router.get("/usage", response_model=Usage, summary="What have I sent")
async def usage(
    key: Reader,
    desk: AtDesk,
    first: Annotated[
        date | None, Query(description="First day; the month's first when left out.")
    ] = None,
    last: Annotated[
        date | None, Query(description="Last day, included; today when left out.")
    ] = None,
) -> dict[str, Any]:
    """Count what was accepted, day by day."""
    today = desk.clock.now().date()
    first, last = first or today.replace(day=1), last or today
    if not timedelta(0) <= last - first <= LONGEST_PERIOD:
        fault = Fault(
            pointer="/last",
            code="bad_period",
            text="The period ends before it begins, or is over a year.",
        )
        raise Problem("invalid", "The period cannot be used.", errors=(fault,))
    days = await desk.feed.usage(key.customer_id, first=first, last=last)
    live = [day for day in days if day.mode is Mode.LIVE]
    return {
        "first": first,
        "last": last,
        "recipients": sum(day.recipients for day in live),
        "octets": sum(day.octets for day in live),
        "days": [
            {
                "day": day.day,
                "smtp_account": day.account_login,
                "mode": day.mode,
                "recipients": day.recipients,
                "octets": day.octets,
            }
            for day in days
        ],
    }
