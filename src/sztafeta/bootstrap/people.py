"""The verbs of people introduced to the store, to the letters and to the SMS gateway."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

from sztafeta.account.member import Member
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.bootstrap.verbs import Verbs
from sztafeta.config import Settings
from sztafeta.config.settings import SmsProvider
from sztafeta.gateways.sms import SMSAPI_URL, ConsoleSms, HttpSms, SmsApi
from sztafeta.panel.people.desk import PeopleVerbs
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.beside import Beside
from sztafeta.service.people.email_change import EmailChange
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.people.invitations import Invitations
from sztafeta.service.people.letter_texts import Letter
from sztafeta.service.people.letters import Letters, Sender
from sztafeta.service.people.log_in import Client, LogIn
from sztafeta.service.people.passkeys import Passkeys
from sztafeta.service.people.passwords import Passwords, tell
from sztafeta.service.people.people import People
from sztafeta.service.people.required_second_step import RequiredSecondStep
from sztafeta.service.people.second_factors import SecondFactors
from sztafeta.service.people.second_step import SecondStep
from sztafeta.service.people.sessions import Sessions
from sztafeta.service.people.sign_up import SignUp
from sztafeta.service.people.throttle import LoginThrottle
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import Clock, SmsGateway
from sztafeta.store.open import Store

Trouble = Callable[[str, Exception], None]
TellSms = Callable[[str, str], None]
"""Shows a text message that is not sent: its number and its words."""


class LetterRefused(Exception):
    """A letter of the panel could not be sent; the settings must be changed."""


def people_verbs(
    settings: Settings,
    store: Store,
    verbs: Verbs,
    *,
    sessions: Sessions,
    hashing: Hashing,
    audit: AuditLog,
    clock: Clock,
    base_url: str,
    on_trouble: Trouble,
    on_sms: TellSms,
) -> PeopleVerbs:
    """Introduce the verbs to each other."""
    beside = Beside(on_trouble)
    tickets = TicketOffice(store=store.tickets, clock=clock)
    throttle = LoginThrottle(tallies=store.tallies, clock=clock)
    letters = _letters(settings, store, verbs, clock, base_url, on_trouble)
    log_in = LogIn(
        members=store.members,
        sessions=sessions,
        hashing=hashing,
        throttle=throttle,
        tickets=tickets,
        audit=audit,
        alarm=partial(_alarm, letters, clock),
        beside=beside,
    )
    passkeys = Passkeys(
        factors=store.second_factors,
        tickets=tickets,
        clock=clock,
        base_url=base_url,
        service_name=settings.panel.service_name,
    )
    passwords = Passwords(
        members=store.members,
        accounts=store.accounts,
        sessions=sessions,
        hashing=hashing,
        throttle=throttle,
        tickets=tickets,
        ticket_store=store.tickets,
        tallies=store.tallies,
        letters=letters,
        audit=audit,
        clock=clock,
        beside=beside,
    )
    required = RequiredSecondStep(settings.panel.require_second_step)
    return PeopleVerbs(
        sign_up=SignUp(
            members=store.members,
            accounts=store.accounts,
            hashing=hashing,
            tickets=tickets,
            tallies=store.tallies,
            letters=letters,
            sms=sms_gateway(settings, on_sms),
            audit=audit,
            clock=clock,
            service_name=settings.panel.service_name,
            new_account=partial(new_smtp_account, settings),
            on_trouble=on_trouble,
        ),
        log_in=log_in,
        second_step=SecondStep(
            members=store.members,
            factors=store.second_factors,
            passkeys=passkeys,
            tickets=tickets,
            throttle=throttle,
            log_in=log_in,
            clock=clock,
        ),
        required_second_step=required,
        passwords=passwords,
        email_change=EmailChange(
            members=store.members,
            sessions=sessions,
            passwords=passwords,
            tickets=tickets,
            ticket_store=store.tickets,
            tallies=store.tallies,
            letters=letters,
            audit=audit,
            clock=clock,
            beside=beside,
        ),
        second_factors=SecondFactors(
            factors=store.second_factors,
            passkeys=passkeys,
            sessions=sessions,
            letters=letters,
            audit=audit,
            clock=clock,
            required=required,
        ),
        passkeys=passkeys,
        people=People(
            members=store.members, accounts=store.accounts, sessions=sessions, audit=audit
        ),
        invitations=Invitations(
            members=store.members,
            hashing=hashing,
            passwords=passwords,
            tickets=tickets,
            ticket_store=store.tickets,
            letters=letters,
            audit=audit,
            clock=clock,
        ),
        beside=beside,
        service_name=settings.panel.service_name,
        terms_url=settings.panel.terms_url or "",
    )


def sms_gateway(settings: Settings, on_sms: TellSms) -> SmsGateway | None:
    """Give the gateway that the settings name."""
    sms = settings.panel.sms
    token = "" if sms.token is None else sms.token.get_secret_value()
    if sms.provider is SmsProvider.SMSAPI:
        return SmsApi(token=token, sender=sms.sender, url=sms.url or SMSAPI_URL)
    if sms.provider is SmsProvider.HTTP:
        return HttpSms(url=sms.url or "", token=token, sender=sms.sender)
    return ConsoleSms(on_sms) if sms.provider is SmsProvider.CONSOLE else None


def new_smtp_account(settings: Settings, login: str, customer: str) -> SmtpAccount:
    """Give an account as the settings want new ones; ids are the store's to fill in."""
    return SmtpAccount(
        account_id=0,
        customer_id=0,
        customer_name=customer,
        login=login,
        password_sha256=b"",
        max_connections=settings.limits.connections_per_account,
        ttl=settings.delivery.ttl,
    )


def _letters(
    settings: Settings,
    store: Store,
    verbs: Verbs,
    clock: Clock,
    base_url: str,
    on_trouble: Trouble,
) -> Letters:
    panel = settings.panel
    sender = None
    if panel.mail_account is not None and panel.mail_from is not None:
        sender = Sender(
            account=panel.mail_account, address=panel.mail_from, name=panel.service_name
        )
    return Letters(
        sender=sender,
        sending=verbs.sending,
        accounts=store.accounts,
        tallies=store.tallies,
        clock=clock,
        base_url=base_url,
        zone=ZoneInfo(panel.time_zone),
        on_refused=lambda why: on_trouble("a letter was not sent", LetterRefused(why)),
    )


async def _alarm(letters: Letters, clock: Clock, member: Member, client: Client) -> None:
    """Tell a member that their password is being guessed."""
    await tell(letters, Letter.GUESSED_AT, member, [member], client, clock)
