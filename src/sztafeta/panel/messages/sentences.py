"""Sentences about one recipient: what became of the message, why it waits, what to tell the customer."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from sztafeta.account.activity import Status
from sztafeta.delivery.waiting import Reason, Waiting
from sztafeta.event import EventKind
from sztafeta.panel.formats import Formats
from sztafeta.panel.messages.words import WAITING
from sztafeta.panel.texts import N_, translations
from sztafeta.service.activity.telling import Told
from sztafeta.service.ports import Attempt


class Speaker(Protocol):
    """A language with its habits."""

    @property
    def formats(self) -> Formats:
        """How dates and numbers are written."""

    def gettext(self, text: str) -> str:
        """Translate."""


class OtherLanguage:
    """A language beside the visitor's own."""

    def __init__(self, language: str, formats: Formats) -> None:
        self.formats = formats
        self._words = translations(language)

    def gettext(self, text: str) -> str:
        """Translate."""
        return self._words.gettext(text)


SUMMARY: Final = {
    Status.QUEUED: N_("Accepted at %(accepted)s; not tried yet."),
    Status.DEFERRED: N_(
        "Not delivered yet: %(host)s answered “not now”. The next attempt is at %(next)s."
    ),
    Status.SENDING: N_("Being handed over to the server of %(domain)s right now."),
    Status.HELD: N_("On hold since %(at)s: nothing is sent until somebody releases it."),
    Status.DELIVERED: N_(
        "Accepted by the server of %(domain)s at %(at)s, %(took)s after it was sent"
    ),
    Status.BOUNCED: N_("Refused for good by the server of %(domain)s at %(at)s."),
    Status.EXPIRED: N_(
        "Given up at %(at)s: until then, the server of %(domain)s had not taken it."
    ),
    Status.SUPPRESSED: N_("Not sent: %(address)s is on your list of suppressed addresses."),
    Status.CANCELED: N_("Canceled at %(at)s, before it was delivered."),
}
ANSWER: Final = {
    Status.QUEUED: N_(
        "We accepted your message for sending on %(date)s. It has not been sent yet."
    ),
    Status.DEFERRED: N_(
        "The server of %(domain)s asked us to deliver the message later. We keep trying; the next attempt is"
        " on %(next)s."
    ),
    Status.SENDING: N_("The message is being handed over to the server of %(domain)s right now."),
    Status.HELD: N_(
        "The message has been stopped on our side and will be sent after it is released."
    ),
    Status.DELIVERED: N_(
        "The server of %(domain)s accepted the message on %(date)s. If it is not in the inbox, please look"
        " into the spam folder, or ask the administrator of %(domain)s, giving this time and this reply of"
        " their server: %(reply)s"
    ),
    Status.BOUNCED: N_(
        "The server of %(domain)s refused the message on %(date)s for good. It said: %(reply)s Please check"
        " the address, or give us another one."
    ),
    Status.EXPIRED: N_(
        "The server of %(domain)s did not take the message although we tried until %(date)s. It said last:"
        " %(reply)s Please give us another address."
    ),
    Status.SUPPRESSED: N_(
        "We did not send the message, because earlier mail to %(address)s could not be delivered or was not"
        " wanted. Tell us if the address works again, and we will unblock it."
    ),
    Status.CANCELED: N_("The message was canceled on %(date)s before it was delivered."),
}


def summary(speaker: Speaker, told: Told, now: datetime) -> str:
    """Say in one sentence what became of the message."""
    values = _values(speaker, told, now)
    text = speaker.gettext(SUMMARY[told.status]) % values
    if told.status is not Status.DELIVERED:
        return text
    if told.recipient.attempt < 2:
        return f"{text}."
    number = speaker.gettext("attempt %(number)s") % {"number": told.recipient.attempt}
    return f"{text} ({number})."


def answer(speaker: Speaker, told: Told, now: datetime) -> str:
    """Give a text that can be sent to whoever asks where the mail is."""
    opening = speaker.gettext("Message “%(subject)s” to %(address)s, sent on %(accepted)s:") % {
        "subject": told.record.subject,
        "address": told.recipient.forward_path.mailbox,
        "accepted": speaker.formats.second(told.record.accepted_at),
    }
    return f"{opening}\n{speaker.gettext(ANSWER[told.status]) % _values(speaker, told, now)}"


def waiting_sentence(speaker: Speaker, waiting: Waiting, now: datetime) -> str:
    """Say what a recipient waits for."""
    if waiting.reason is Reason.IN_LINE and not waiting.connections:
        return speaker.gettext(WAITING[Reason.ABOUT_TO_GO])
    values = {
        "time": "" if waiting.until is None else when(speaker.formats, waiting.until, now),
        "ahead": speaker.formats.number(waiting.ahead),
        "connections": speaker.formats.number(waiting.connections),
    }
    return speaker.gettext(WAITING[waiting.reason]) % values


def when(formats: Formats, at: datetime, now: datetime) -> str:
    """Write an instant to the second: the clock alone when it is today."""
    is_today = formats.local(at).date() == formats.local(now).date()
    return formats.clock(at) if is_today else formats.second(at)


def _values(speaker: Speaker, told: Told, now: datetime) -> dict[str, object]:
    formats, recipient = speaker.formats, told.recipient
    at = _happened_at(told)
    last = recipient.attempts[-1] if recipient.attempts else None
    return {
        "accepted": when(formats, told.record.accepted_at, now),
        "at": when(formats, at, now),
        "date": formats.second(at),
        "took": formats.seconds(max(at - told.record.accepted_at, at - at)),
        "next": "" if recipient.due_at is None else when(formats, recipient.due_at, now),
        "domain": recipient.forward_path.mailbox.domain,
        "address": recipient.forward_path.mailbox,
        "host": _host(last) or recipient.forward_path.mailbox.domain,
        "reply": reply_of(last) or "–",
    }


def _happened_at(told: Told) -> datetime:
    """Say when the recipient came to where it stands."""
    recipient = told.recipient
    if told.status is Status.HELD:
        held = [one.at for one in recipient.events if one.kind is EventKind.HELD]
        return held[-1] if held else told.record.accepted_at
    return recipient.final_at or told.record.accepted_at


def _host(attempt: Attempt | None) -> str:
    return "" if attempt is None else attempt.hop.partition("[")[0]


def reply_of(attempt: Attempt | None) -> str:
    """Give the receiver's reply as it came, or what went wrong instead."""
    return "" if attempt is None else attempt.reply
