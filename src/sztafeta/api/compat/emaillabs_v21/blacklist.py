"""EmailLabs v2.1, `email/blacklist`: our suppressions, one list for all accounts (emaillabs.md §2.2)."""

from __future__ import annotations

from typing import Any, Final

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.compat.emaillabs_v21.envelope import Outcome, Trouble, listed, refuse
from sztafeta.api.compat.emaillabs_v21.shapes import ENTRIES, ENTRY, read
from sztafeta.api.compat.emaillabs_v21.visit import Visit
from sztafeta.api.compat.emaillabs_words import REASON_OF, REASONS, local_text
from sztafeta.api.compat.screening import what_is_wrong_with
from sztafeta.delivery.suppression import suppressed_form
from sztafeta.mail.address import parse_mailbox
from sztafeta.service.ports import Suppression, SuppressionQuery

LONGEST_COMMENT: Final = 500
SOURCE: Final = "API"
NO_DOMAINS: Final = (
    "Domain blacklists are not supported: this service suppresses addresses, see email/blacklist"
)


async def show(visit: Visit) -> Outcome:
    """List entries, the newest first."""
    account = await visit.narrowed_account() or visit.key.account
    query = SuppressionQuery(customer_id=visit.key.customer_id)
    rows, _ = await visit.desk.suppressions.find_suppressions(
        query, limit=visit.limit, offset=visit.offset
    )
    return listed([_row(one, account) for one in rows])


def _row(entry: Suppression, account: SmtpAccount) -> dict[str, Any]:
    return {
        "email": entry.address,
        "smtpAccount": account.login,
        "reason": REASONS[entry.reason],
        "source": entry.source,
        "comment": entry.comment,
        "createdAt": local_text(entry.created_at),
    }


async def add(visit: Visit) -> Outcome:
    """Add an address; one that is listed already stays as it is."""
    shape = read(ENTRY, visit.octets)
    account = await visit.account(shape.smtp_account)
    if shape.reason not in REASON_OF:
        refuse(f"reason is one of {', '.join(REASON_OF)}", code="invalid_reason")
    if trouble := what_is_wrong_with(shape.email):
        refuse(trouble, code="invalid_address")
    entry = Suppression(
        customer_id=visit.key.customer_id,
        address=suppressed_form(parse_mailbox(shape.email)),
        reason=REASON_OF[shape.reason],
        source=SOURCE,
        comment=shape.comment[:LONGEST_COMMENT],
        created_at=visit.desk.clock.now(),
    )
    added = await visit.desk.suppressions.suppress([entry])
    await visit.note("suppression.added", entry.address, added=added)
    return Outcome([_row(entry, account)])


async def remove(visit: Visit) -> Outcome:
    """Remove addresses; those that are not listed are told beside the others."""
    await visit.account(visit.rest)
    gone, troubles = [], []
    for address in read(ENTRIES, visit.octets).id:
        if await _is_removed(visit, address):
            gone.append({"id": address})
        else:
            trouble = Trouble(
                title="Not found",
                message=f"{address} is not on the blacklist",
                code="not_found",
                parameter="id",
                value=address,
            )
            troubles.append(trouble)
    return Outcome(gone, troubles)


async def _is_removed(visit: Visit, address: str) -> bool:
    if what_is_wrong_with(address):
        return False
    form = suppressed_form(parse_mailbox(address))
    is_gone = await visit.desk.suppressions.unsuppress(visit.key.customer_id, form)
    if is_gone:
        await visit.note("suppression.removed", form)
    return is_gone


async def reasons(visit: Visit) -> Outcome:
    """Give the dictionary of reasons."""
    return listed(list(REASONS.values()))


async def refuse_domains(visit: Visit) -> Outcome:
    """`email/domain/blacklist`: said clearly, so that nobody believes a domain blocked."""
    refuse(NO_DOMAINS, code="not_supported", title="Not supported")
