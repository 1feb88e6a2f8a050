"""EmailLabs v1, the blacklist: our suppressions in its words; one list for all accounts (§1.7)."""

from __future__ import annotations

from typing import Final

from sztafeta.api.compat.emaillabs_v1.envelope import (
    FAILED,
    NO_ROWS,
    NOTHING,
    Answer,
    Found,
    listed,
)
from sztafeta.api.compat.emaillabs_v1.rows import blacklist_row
from sztafeta.api.compat.emaillabs_v1.visit import Visit, account_in, period
from sztafeta.api.compat.emaillabs_words import REASON_OF, REASONS
from sztafeta.delivery.suppression import suppressed_form
from sztafeta.mail.address import AddressFault, parse_mailbox
from sztafeta.service.ports import Suppression, SuppressionQuery

FILTER: Final = ("account", "email", "reason", "source", "created_at.from", "created_at.to")
LONGEST_SOURCE: Final = 50
LONGEST_COMMENT: Final = 500
BY_ADDRESS: Final = "email/"


async def show(visit: Visit) -> Found:
    """`blacklists`, `blacklists/email/{email}`: a page of it, or one entry."""
    return await (_one(visit) if visit.rest else _page(visit))


async def _page(visit: Visit) -> Found:
    terms = visit.terms(FILTER)
    account = await account_in(visit, terms) or visit.key.account
    if "reason" in terms and terms["reason"] not in REASON_OF:
        raise Answer(NOTHING, NO_ROWS)
    first, last = period(terms)
    query = SuppressionQuery(
        customer_id=visit.key.customer_id,
        address=address_of(terms["email"]) if "email" in terms else "",
        reason=REASON_OF.get(terms.get("reason", "")),
        source=terms.get("source", ""),
        created_from=first,
        created_to=last,
    )
    rows, total = await visit.desk.suppressions.find_suppressions(
        query,
        limit=visit.limit,
        offset=visit.offset,
        is_descending=(visit.field("sort") or "-").startswith("-"),
    )
    return listed([blacklist_row(row, account.login) for row in rows], total)


async def _one(visit: Visit) -> Found:
    address = _address_in_path(visit)
    found = await visit.desk.suppressions.suppressed(visit.key.customer_id, [address])
    if address not in found:
        raise Answer(NOTHING, NO_ROWS)
    return Found(data=[blacklist_row(found[address], visit.key.account.login)], total=1)


async def add(visit: Visit) -> Found:
    """`POST blacklists`: add an address; one that is listed already stays as it is."""
    await visit.account("account")
    address, reason = address_of(visit.required("email")), visit.required("reason")
    if reason not in REASON_OF:
        raise Answer(FAILED, f"Field 'reason' must be one of {', '.join(REASON_OF)}")
    entry = Suppression(
        customer_id=visit.key.customer_id,
        address=address,
        reason=REASON_OF[reason],
        source=(visit.field("source") or "api")[:LONGEST_SOURCE],
        comment=visit.field("comment")[:LONGEST_COMMENT],
        created_at=visit.desk.clock.now(),
    )
    added = await visit.desk.suppressions.suppress([entry])
    await visit.note("suppression.added", address, added=added)
    return Found(message="Address added to blacklist", data=[address])


async def remove(visit: Visit) -> Found:
    """`DELETE blacklists/email/{email}`."""
    address = _address_in_path(visit)
    if not await visit.desk.suppressions.unsuppress(visit.key.customer_id, address):
        raise Answer(NOTHING, NO_ROWS)
    await visit.note("suppression.removed", address)
    return Found(message="Address removed from blacklist", data=[address])


async def reasons(visit: Visit) -> Found:
    """`blacklist_reasons`."""
    return listed(list(REASONS.values()), len(REASONS))


def _address_in_path(visit: Visit) -> str:
    if not visit.rest.startswith(BY_ADDRESS):
        raise Answer(NOTHING, f"Unknown action blacklists/{visit.rest}")
    return address_of(visit.rest.removeprefix(BY_ADDRESS))


def address_of(text: str) -> str:
    """Read an address as it is kept.

    Raises:
        Answer: it is none.
    """
    try:
        return suppressed_form(parse_mailbox(text.strip()))
    except AddressFault as fault:
        raise Answer(FAILED, f"Address: {text} is incorrect. {fault}") from fault
