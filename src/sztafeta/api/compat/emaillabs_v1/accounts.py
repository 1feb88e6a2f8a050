"""EmailLabs v1, what is asked about SMTP accounts and addresses (emaillabs.md §1.3)."""

from __future__ import annotations

from sztafeta.api.compat.emaillabs_accounts import all_accounts
from sztafeta.api.compat.emaillabs_v1.blacklist import BY_ADDRESS, address_of
from sztafeta.api.compat.emaillabs_v1.envelope import NOTHING, Answer, Found, listed
from sztafeta.api.compat.emaillabs_v1.visit import Visit


async def smtp(visit: Visit) -> Found:
    """`smtp`: the customer's SMTP accounts."""
    found = await all_accounts(visit.desk, visit.key)
    rows = [{"account": one.login, "name": one.login, "status": int(one.enabled)} for one in found]
    return listed(rows, len(rows))


async def is_temporary(visit: Visit) -> Found:
    """`is_mail_tmp/email/{email}`: whether an address is of a service for throw-away mailboxes."""
    from disposable_email_domains import blocklist  # large, and seldom wanted

    if not visit.rest.startswith(BY_ADDRESS):
        raise Answer(NOTHING, f"Unknown action is_mail_tmp/{visit.rest}")
    address = address_of(visit.rest.removeprefix(BY_ADDRESS))
    is_listed = address.rpartition("@")[2] in blocklist
    return Found(data=[{"email": address, "is_tmp": int(is_listed)}], total=1)
