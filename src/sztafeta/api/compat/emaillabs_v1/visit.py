"""One call of EmailLabs v1: who, what, and how a list of its is asked for (emaillabs.md §1.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request

from sztafeta.account.api_key import ApiKey
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.compat.emaillabs_accounts import find_account
from sztafeta.api.compat.emaillabs_v1.envelope import FAILED, NO_ROWS, NOTHING, Answer
from sztafeta.api.compat.emaillabs_words import read_time, through
from sztafeta.api.compat.php_form import Tree, text_at
from sztafeta.api.desk import Desk
from sztafeta.api.notebook import Notebook

USUAL_ROWS: Final = 100
MOST_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Visit:
    """One call, proved and read."""

    request: Request
    desk: Desk
    key: ApiKey
    form: Tree
    """The body's fields, or without a body the query's."""
    rest: str
    """What stands in the path behind the action."""

    async def note(self, action: str, subject: str, **after: object) -> None:
        """Write into the audit log what was done."""
        notebook = Notebook(self.desk.audit, self.request)
        await notebook.note(self.key, action, subject, after=after)

    def field(self, name: str) -> str:
        """Give a plain field; empty when it is not there."""
        return text_at(self.form, name)

    def required(self, name: str) -> str:
        """Give a plain field.

        Raises:
            Answer: it is not there.
        """
        value = self.field(name)
        if not value:
            raise Answer(FAILED, f"Field '{name}' is required")
        return value

    def number(self, name: str, otherwise: int) -> int:
        """Give a field that is a number."""
        value = self.field(name)
        is_number = value.isascii() and value.isdecimal() and len(value) < 10
        return int(value) if is_number else otherwise

    @property
    def limit(self) -> int:
        """How many rows are wanted at once."""
        return min(self.number("limit", USUAL_ROWS) or USUAL_ROWS, MOST_ROWS)

    @property
    def offset(self) -> int:
        """How many rows are passed over."""
        return self.number("offset", 0)

    def time(self, name: str) -> datetime | None:
        """Give a field that is a time, if it is there."""
        return _time(name, self.field(name))

    async def account(self, name: str) -> SmtpAccount:
        """Give the SMTP account that a field names.

        Raises:
            Answer: it is not there, or another customer's.
        """
        login = self.required(name)
        account = await find_account(self.desk, self.key, login)
        if account is None:
            raise Answer(FAILED, f"SMTP account {login} does not exist")
        return account

    def terms(self, known: Collection[str]) -> Mapping[str, str]:
        """Read `field::value|field::value`; official clients send it without encoding it.

        Raises:
            Answer: a field is none of those known: ignored, it would show too much.
        """
        terms: dict[str, str] = {}
        for term in filter(None, self.field("filter").split("|")):
            name, _, value = term.partition("::")
            if name.strip() not in known:
                raise Answer(FAILED, f"Unknown filter {name.strip()}; known: {', '.join(known)}")
            terms[name.strip()] = value.strip()
        return terms


def period(terms: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """Give the span of a filter; its last second belongs to it."""
    first = last = None
    for field in ("injected_time", "created_at"):
        first = _time(f"{field}.from", terms.get(f"{field}.from", "")) or first
        last = _time(f"{field}.to", terms.get(f"{field}.to", "")) or last
    return first, through(last)


def _time(name: str, text: str) -> datetime | None:
    found = read_time(text)
    if found is None and text:
        raise Answer(FAILED, f"{name}: {text} is neither a Unix time nor YYYY-MM-DD HH:MM")
    return found


async def account_in(visit: Visit, terms: Mapping[str, str]) -> SmtpAccount | None:
    """Give the SMTP account that a filter names, if it names one.

    Raises:
        Answer: it is not there, so nothing matches.
    """
    if "account" not in terms:
        return None
    account = await find_account(visit.desk, visit.key, terms["account"])
    if account is None:
        raise Answer(NOTHING, NO_ROWS)
    return account
