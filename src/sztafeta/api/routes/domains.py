"""`/v1/domains`: sending domains, proved by the DKIM records that their owner publishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from sztafeta.account.sending_domain import SendingDomain
from sztafeta.api.desk import AtDesk, DomainEditor, Reader
from sztafeta.api.guarded import Guarded
from sztafeta.api.notebook import AtNotebook
from sztafeta.api.routes.shapes import Strict, View, good
from sztafeta.mail.address import shown_domain
from sztafeta.mail.dkim_record import TEXTS, RecordState
from sztafeta.service.sending_domains import Look, Looked, Record, records

router = APIRouter(prefix="/v1/domains", tags=["domains"], route_class=Guarded)


class NewDomain(Strict):
    """A domain to send from."""

    domain: Annotated[str, Field(min_length=1, max_length=253)]
    """As people write it, for example `sklep.pl`."""


class RecordView(View):
    """A DNS record to publish."""

    type: str = "TXT"
    """The type of the record."""
    name: str
    """The whole name; many zone editors append the domain by themselves."""
    value: str
    """The text, without quotation marks."""
    is_active: bool
    """Its key signs; the others wait until their record is seen in DNS."""


class DomainView(View):
    """A sending domain; private keys are never shown."""

    id: str
    """The domain in A-labels."""
    domain: str
    """As people write it."""
    is_verified: bool
    """Mail may be sent from it."""
    records: Sequence[RecordView]
    """What to publish in DNS."""


class Domains(View):
    """All sending domains of the customer."""

    data: Sequence[DomainView]
    """By name."""


class CheckedRecord(RecordView):
    """A record, and what DNS holds in its place."""

    status: RecordState
    """`found` when it is right, else the name of the mistake."""
    detail: str
    """What is so, and what to do."""
    found: Sequence[str]
    """The TXT records at its name."""
    alias: str
    """Where a CNAME at its name leads; empty without one."""


class Health(View):
    """A domain and its records as DNS has them now."""

    id: str
    """The domain in A-labels."""
    is_verified: bool
    """Mail may be sent from it."""
    is_healthy: bool
    """The records of all keys that sign are right."""
    records: Sequence[CheckedRecord]
    """Expected and found, side by side."""


@router.get("", response_model=Domains, summary="List sending domains")
async def list_domains(key: Reader, desk: AtDesk) -> dict[str, Any]:
    """List the domains that your mail may come from, and those that wait for their proof."""
    return {"data": [_shown(one) for one in await desk.domains.all_of(key.customer_id)]}


@router.post("", response_model=DomainView, status_code=201, summary="Add a sending domain")
async def add_domain(
    key: DomainEditor, desk: AtDesk, notebook: AtNotebook, wish: NewDomain
) -> dict[str, Any]:
    """Add a domain with new DKIM keys (RSA-2048 and Ed25519): publish the records, then verify it.

    Until then no mail is sent from it.
    """
    claimed = good(await desk.domains.claim(key.customer_id, wish.domain))
    await notebook.note(key, "domain.added", claimed.domain)
    return _shown(claimed)


@router.get("/{domain}", response_model=DomainView, summary="See a sending domain")
async def see_domain(key: Reader, desk: AtDesk, domain: str) -> dict[str, Any]:
    """Give one domain with its records."""
    return _shown(good(await desk.domains.find(key.customer_id, domain)))


@router.delete("/{domain}", status_code=204, summary="Remove a sending domain")
async def remove_domain(key: DomainEditor, desk: AtDesk, notebook: AtNotebook, domain: str) -> None:
    """Forget a domain and its keys; mail that is queued leaves unsigned."""
    good(await desk.domains.remove(key.customer_id, domain))
    await notebook.note(key, "domain.removed", domain)


@router.get("/{domain}/records", response_model=list[RecordView], summary="The records to publish")
async def see_records(key: Reader, desk: AtDesk, domain: str) -> Sequence[dict[str, Any]]:
    """Give the DNS records alone."""
    found = good(await desk.domains.find(key.customer_id, domain))
    return [_record(one) for one in records(found)]


@router.post("/{domain}/verify", response_model=Health, summary="Verify a sending domain")
async def verify_domain(key: DomainEditor, desk: AtDesk, domain: str) -> dict[str, Any]:
    """Look for the records now; a key whose record is right signs, and proves that the domain is yours."""
    return _health(good(await desk.domains.verify(key.customer_id, domain)))


@router.post("/{domain}/rotate-dkim", response_model=DomainView, summary="Change the DKIM keys")
async def rotate_keys(
    key: DomainEditor, desk: AtDesk, notebook: AtNotebook, domain: str
) -> dict[str, Any]:
    """Make new keys beside the present ones: publish their records, then verify to change over.

    Leave the old records in DNS for a week: mail that is under way was signed with their keys.
    """
    rotated = good(await desk.domains.rotate(key.customer_id, domain))
    await notebook.note(key, "domain.keys-rotated", rotated.domain)
    return _shown(rotated)


@router.get("/{domain}/health", response_model=Health, summary="Are its records right")
async def see_health(key: Reader, desk: AtDesk, domain: str) -> dict[str, Any]:
    """Compare the records with what DNS holds now; nothing is changed."""
    return _health(good(await desk.domains.look(key.customer_id, domain)))


def _shown(one: SendingDomain) -> dict[str, Any]:
    return {
        "id": one.domain,
        "domain": shown_domain(one.domain),
        "is_verified": one.is_verified,
        "records": [_record(record) for record in records(one)],
    }


def _record(one: Record) -> dict[str, Any]:
    return {"name": one.name, "value": one.value, "is_active": one.is_active}


def _health(looked: Looked) -> dict[str, Any]:
    active = {key.selector for key in looked.domain.keys}
    signing = [one for one in looked.looks if one.record.selector in active]
    return {
        "id": looked.domain.domain,
        "is_verified": looked.domain.is_verified,
        "is_healthy": bool(signing) and all(one.state is RecordState.FOUND for one in signing),
        "records": [_checked(one, active) for one in looked.looks],
    }


def _checked(one: Look, active: set[str]) -> dict[str, Any]:
    return {
        **_record(one.record),
        "is_active": one.record.selector in active,
        "status": one.state,
        "detail": TEXTS[one.state],
        "found": one.found,
        "alias": one.alias,
    }
