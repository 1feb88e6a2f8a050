"""EmailLabs' calls name an SMTP account: a customer's own by its login, and no others."""

from __future__ import annotations

from collections.abc import Sequence

from sztafeta.account.api_key import ApiKey
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.desk import Desk


async def find_account(desk: Desk, key: ApiKey, login: str) -> SmtpAccount | None:
    """Find one of the customer's accounts; what is another's is not there."""
    if login == key.account.login:
        return key.account
    account = await desk.accounts.smtp_account(login)
    return account if account is not None and account.customer_id == key.customer_id else None


async def all_accounts(desk: Desk, key: ApiKey) -> Sequence[SmtpAccount]:
    """List the customer's accounts by login."""
    return await desk.account_administration.smtp_accounts(key.customer_name)
