"""One call of EmailLabs v2.1: who, what, and how a list of its is asked for (emaillabs.md §2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request

from sztafeta.account.api_key import ApiKey
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.compat.emaillabs_accounts import find_account
from sztafeta.api.compat.emaillabs_v21.envelope import nothing_matches, refuse
from sztafeta.api.compat.emaillabs_words import read_time
from sztafeta.api.desk import Desk
from sztafeta.api.notebook import Notebook
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox

USUAL_ROWS: Final = 100
MOST_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Visit:
    """One call, proved; its body as it came."""

    request: Request
    desk: Desk
    key: ApiKey
    octets: bytes
    rest: str
    """What stands in the path behind the resource."""

    async def note(self, action: str, subject: str, **after: object) -> None:
        """Write into the audit log what was done."""
        notebook = Notebook(self.desk.audit, self.request)
        await notebook.note(self.key, action, subject, after=after)

    def parameter(self, name: str) -> str:
        """Give a parameter of the query; empty when it is not there."""
        return self.request.query_params.get(name, "")

    @property
    def limit(self) -> int:
        """How many rows are wanted. Raises: Refused."""
        return self._number("limit", USUAL_ROWS, 1, MOST_ROWS)

    @property
    def offset(self) -> int:
        """How many rows are passed over. Raises: Refused."""
        return self._number("offset", 0, 0, 10**9)

    def _number(self, name: str, otherwise: int, least: int, most: int) -> int:
        text = self.parameter(name)
        if not text:
            return otherwise
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else -1
        if not least <= number <= most:
            refuse(f"{name} is a number from {least} to {most}", code="invalid_parameter")
        return number

    def time(self, name: str) -> datetime | None:
        """Give a parameter that is a time. Raises: Refused."""
        text = self.parameter(name)
        found = read_time(text)
        if found is None and text:
            refuse(f"{name} is a Unix time or YYYY-MM-DD HH:MM", code="invalid_parameter")
        return found

    def mailbox(self, name: str) -> Mailbox | None:
        """Give a parameter that is an address; one that is none matches no row. Raises: Refused."""
        text = self.parameter(name)
        try:
            return parse_mailbox(text) if text else None
        except AddressFault:
            nothing_matches()

    async def narrowed_account(self) -> SmtpAccount | None:
        """Give the account that the query names; one that is not there matches no row. Raises: Refused."""
        login = self.parameter("smtpAccount")
        account = await find_account(self.desk, self.key, login) if login else None
        if login and account is None:
            nothing_matches()
        return account

    async def account(self, login: str) -> SmtpAccount:
        """Give the account that a call names. Raises: Refused."""
        account = await find_account(self.desk, self.key, login)
        if account is None:
            refuse(f"The SMTP account {login} does not exist", code="smtp_account_unknown")
        return account
