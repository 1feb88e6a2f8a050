"""SIGN UP: a firm registers, its e-mail address is confirmed by a link, its first password comes by SMS.

Until the address is confirmed nothing is kept but the ticket behind the link. An address that somebody has
already gets another letter and the same answer (S-31, W-18). The first password has been seen by a telephone
company: it must be changed at the first login.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from sztafeta.account.company import Company, account_name_of
from sztafeta.account.member import Member
from sztafeta.account.password import make_first_password
from sztafeta.account.smtp_account import SmtpAccount, make_password
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.people.letter_texts import Letter
from sztafeta.service.people.letters import Letters
from sztafeta.service.people.log_in import Client
from sztafeta.service.people.throttle import network_of
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import (
    AccountAdministration,
    AlreadyThere,
    Clock,
    MemberStore,
    SmsFailed,
    SmsGateway,
    TallyStore,
    TicketKind,
)

CONFIRM_VALID: Final = timedelta(hours=24)
HOUR: Final = timedelta(hours=1)
SIGN_UPS_AN_HOUR: Final = 10
"""Of one address."""
SMS_AN_HOUR: Final = 5
"""To one number, and caused by one address."""
NAMES_TRIED: Final = 100

# Without Polish letters it is one SMS: with them it would be two.
_SMS: Final = {
    "pl": "{service}: konto {account}, haslo do panelu: {password} Zmien je przy pierwszym logowaniu.",
    "en": "{service}: account {account}, panel password: {password} Change it at the first login.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpWish:
    """What a firm tells of itself; checked by the form."""

    company: Company
    email: str
    phone: str
    """In E.164."""
    name: str
    """The person's."""
    language: str = "pl"


class SignUpAnswer(Enum):
    """What becomes of it."""

    LETTER_SENT = "letter-sent"
    """Or would be, were the address not somebody's already."""
    PASSWORD_SENT = "password-sent"  # noqa: S105 - an answer's name
    WAIT = "wait"
    CLOSED = "closed"
    """The operator has set neither who writes the letters nor who sends the SMS."""
    SMS_FAILED = "sms-failed"
    GONE = "gone"
    """The link has run out, or the password was changed already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What a link led to."""

    answer: SignUpAnswer
    account_name: str = ""
    phone: str = ""


class SignUp:
    """Takes new customers in; one instance serves all."""

    def __init__(
        self,
        *,
        members: MemberStore,
        accounts: AccountAdministration,
        hashing: Hashing,
        tickets: TicketOffice,
        tallies: TallyStore,
        letters: Letters,
        sms: SmsGateway | None,
        audit: AuditLog,
        clock: Clock,
        service_name: str,
        new_account: Callable[[str, str], SmtpAccount],
        on_trouble: Callable[[str, Exception], None],
    ) -> None:
        """`new_account` makes an SMTP account of a login and its customer's name."""
        self._members = members
        self._accounts = accounts
        self._hashing = hashing
        self._tickets = tickets
        self._tallies = tallies
        self._letters = letters
        self._sms = sms
        self._audit = audit
        self._clock = clock
        self._service_name = service_name
        self._new_account = new_account
        self._on_trouble = on_trouble

    @property
    def is_open(self) -> bool:
        """Whether the operator has set what is needed."""
        return self._letters.are_open and self._sms is not None

    async def ask(self, wish: SignUpWish, client: Client) -> SignUpAnswer:
        """Send the link that confirms the address."""
        if not self.is_open:
            return SignUpAnswer.CLOSED
        if not await self._may("sign-up-from", network_of(client.address), SIGN_UPS_AN_HOUR):
            return SignUpAnswer.WAIT
        token = await self._tickets.give(
            TicketKind.SIGN_UP, valid=CONFIRM_VALID, details=_written(wish)
        )
        is_known = await self._members.credentials(wish.email) is not None
        await self._letters.write_bounded(
            Letter.ALREADY_THERE if is_known else Letter.CONFIRM,
            wish.email,
            wish.language,
            path="/panel/login" if is_known else f"/panel/sign-up/{token}",
            company=wish.company.name,
            phone=masked(wish.phone),
        )
        return SignUpAnswer.LETTER_SENT

    async def wish_of_link(self, token: str) -> SignUpWish | None:
        """Find out what a link confirms."""
        ticket = await self._tickets.look(token, TicketKind.SIGN_UP)
        return None if ticket is None else _read(ticket.details)

    async def confirm(self, token: str, client: Client) -> Confirmed:
        """Open the account and send its first password; again, if the SMS did not arrive.

        Raises: TooBusy.
        """
        wish = await self.wish_of_link(token)
        if wish is None or self._sms is None:
            return Confirmed(answer=SignUpAnswer.GONE)
        numbers = (("sms-to", wish.phone), ("sms-from", network_of(client.address)))
        for kind, subject in numbers:
            if not await self._may(kind, subject, SMS_AN_HOUR):
                return Confirmed(answer=SignUpAnswer.WAIT, phone=masked(wish.phone))
        password = make_first_password()
        member = await self._member_with(wish, password, client)
        if member is None:
            return Confirmed(answer=SignUpAnswer.GONE)
        answer = await self._send(self._sms, wish, member, password)
        return Confirmed(answer=answer, account_name=member.account_name, phone=masked(wish.phone))

    async def _send(
        self, sms: SmsGateway, wish: SignUpWish, member: Member, password: str
    ) -> SignUpAnswer:
        text = _SMS["en" if wish.language == "en" else "pl"].format(
            service=self._service_name, account=member.account_name, password=password
        )
        try:
            await sms.send(wish.phone, text)
        except SmsFailed as trouble:
            self._on_trouble("an SMS was not sent", trouble)
            return SignUpAnswer.SMS_FAILED
        return SignUpAnswer.PASSWORD_SENT

    async def _member_with(self, wish: SignUpWish, password: str, client: Client) -> Member | None:
        """Make the customer with its first member, or give them another first password."""
        password_hash = await self._hashing.hash(password)
        known = await self._members.credentials(wish.email)
        if known is None:
            return await self._register(wish, password_hash, client)
        if not known.member.must_change_password:
            return None
        await self._members.set_password(
            known.member.member_id, password_hash, must_change=True, now=self._clock.now()
        )
        return known.member

    async def _register(
        self, wish: SignUpWish, password_hash: str, client: Client
    ) -> Member | None:
        """Take the first name that is free."""
        first = account_name_of(wish.company.name)
        for name in [first, *(f"{first}-{number}" for number in range(2, NAMES_TRIED))]:
            try:
                member = await self._members.register(
                    wish.company,
                    _first_member(wish, name),
                    password_hash=password_hash,
                    now=self._clock.now(),
                )
            except AlreadyThere:
                if await self._members.credentials(wish.email) is not None:
                    return None  # somebody else was first with this address
                continue
            await self._open_smtp_account(name)
            await self._audit.note(member, "account.opened", name, address=client.address)
            return member
        return None

    async def _open_smtp_account(self, name: str) -> None:
        """Have the first SMTP account there, with a password that nobody knows until it is set."""
        try:
            await self._accounts.create_smtp_account(
                self._new_account(f"1.{name}.smtp", name),
                password=make_password(),
                now=self._clock.now(),
            )
        except AlreadyThere as taken:
            self._on_trouble("the first SMTP account was not made", taken)

    async def _may(self, kind: str, subject: str, most: int) -> bool:
        counted = await self._tallies.count(kind, subject, within=HOUR, now=self._clock.now())
        return counted.count <= most


def masked(phone: str) -> str:
    """Show enough of a number for its owner to know it."""
    return f"{phone[:3]} ••• ••• {phone[-3:]}".replace(" ", "\N{NO-BREAK SPACE}")


def _first_member(wish: SignUpWish, account_name: str) -> Member:
    return Member(
        member_id=0,
        customer_id=0,
        customer_name=account_name,
        account_name=account_name,
        email=wish.email,
        name=wish.name,
        phone=wish.phone,
        is_administrator=True,
        language=wish.language,
        must_change_password=True,
    )


def _written(wish: SignUpWish) -> dict[str, Any]:
    accepted_at = wish.company.terms_accepted_at
    company = asdict(replace(wish.company, terms_accepted_at=None)) | {
        "terms_accepted_at": None if accepted_at is None else accepted_at.isoformat()
    }
    return {
        "company": company,
        "email": wish.email,
        "phone": wish.phone,
        "name": wish.name,
        "language": wish.language,
    }


def _read(details: Any) -> SignUpWish:
    company = dict(details["company"])
    accepted_at = company.pop("terms_accepted_at")
    return SignUpWish(
        company=Company(**company, terms_accepted_at=_instant(accepted_at)),
        email=details["email"],
        phone=details["phone"],
        name=details["name"],
        language=details["language"],
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
