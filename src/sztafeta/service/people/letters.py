"""The service's own letters: composed in the person's language, sent by the operator's own SMTP account.

They take the way of all mail: accepted, signed, queued, delivered, with a history that the operator can read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from sztafeta.account.api_key import Mode
from sztafeta.service.fault import Refusal
from sztafeta.service.people.letter_texts import TEXTS, Letter, LetterText
from sztafeta.service.ports import AccountStore, Clock, TallyStore
from sztafeta.service.sending.call import Addressee, Call, Caller, Person
from sztafeta.service.sending.send import SendVerb

DAY: Final = timedelta(days=1)
MOST_A_DAY: Final = 3
"""Letters that strangers can cause to one address in a day: nobody's inbox is bombed by us (W-18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes the letters."""

    account: str
    """The login of the operator's own SMTP account."""
    address: str
    name: str
    """What the service is called in the letters."""


class Letters:
    """Writes letters; without a sender there are none, and what needs them is closed."""

    def __init__(
        self,
        *,
        sender: Sender | None,
        sending: SendVerb,
        accounts: AccountStore,
        tallies: TallyStore,
        clock: Clock,
        base_url: str,
        zone: ZoneInfo,
        on_refused: Callable[[str], None],
    ) -> None:
        """`on_refused` is told why a letter could not be sent: the operator must change something."""
        self._sender = sender
        self._sending = sending
        self._accounts = accounts
        self._tallies = tallies
        self._clock = clock
        self._base_url = base_url
        self._zone = zone
        self._on_refused = on_refused

    @property
    def are_open(self) -> bool:
        """Whether letters can be sent at all."""
        return self._sender is not None

    def link(self, path: str) -> str:
        """Give the address of a page of the panel."""
        return f"{self._base_url}{path}"

    async def write_bounded(
        self, letter: Letter, email: str, language: str, *, path: str, **values: str
    ) -> bool:
        """Write a letter that strangers can cause, unless the address had enough of them today."""
        now = self._clock.now()
        counted = await self._tallies.count("letter-to", email.lower(), within=DAY, now=now)
        if counted.count > MOST_A_DAY:
            return False
        return await self.write(letter, email, language, path=path, **values)

    async def write(
        self, letter: Letter, email: str, language: str, *, path: str, **values: str
    ) -> bool:
        """Write a letter; say whether it is on its way."""
        sender = self._sender
        account = None if sender is None else await self._accounts.smtp_account(sender.account)
        if sender is None or account is None:
            self._on_refused("letters: panel.mail_account names no SMTP account")
            return False
        text = TEXTS[letter, language if language == "en" else "pl"]
        call = _call(
            text, sender, email, values | {"link": self.link(path), "service": sender.name}
        )
        caller = Caller(account=account, mode=Mode.LIVE, key_id="", address="", door="panel")
        sent = await self._sending.send(caller, call)
        if isinstance(sent, Refusal):
            faults = "; ".join(fault.text for fault in sent.faults)
            self._on_refused(f"letters: {sent.text} {faults}".strip())
            return False
        return True

    def when(self, at: datetime, language: str) -> str:
        """Write an instant into a sentence."""
        local = at.astimezone(self._zone)
        return f"{local:%d.%m.%Y, %H:%M}" if language != "en" else f"on {local:%Y-%m-%d at %H:%M}"


def _call(text: LetterText, sender: Sender, email: str, values: dict[str, str]) -> Call:
    return Call(
        author=Person(address=sender.address, name=sender.name),
        addressees=(Addressee(person=Person(address=email)),),
        subject=text.subject.format(**values),
        text=plain_text(text, values),
        html=html_text(text, values),
        headers=(("Auto-Submitted", "auto-generated"),),  # RFC 3834 §5
        tags=("panel",),
    )


def plain_text(text: LetterText, values: dict[str, str]) -> str:
    """Write a letter without looks."""
    parts = [part.format(**values) for part in text.before]
    if text.button:
        parts.append(f"{text.button}:\n{values['link']}")
    parts += [part.format(**values) for part in text.after]
    return "\n\n".join([*parts, f"-- \n{values['service']}"]) + "\n"


def html_text(text: LetterText, values: dict[str, str]) -> str:
    """Write a letter with a button; every value is escaped."""
    safe = {name: escape(value) for name, value in values.items()}
    link = safe["link"]
    anchor = f'<a href="{link}" style="color:#a8411f">{link}</a>'
    parts = [_PARAGRAPH.format(part.format(**safe | {"link": anchor})) for part in text.before]
    if text.button:
        parts.append(_BUTTON.format(link=link, text=escape(text.button)))
    quiet = [part.format(**safe) for part in text.after]
    parts += [
        _QUIET.format(part) for part in [*quiet, link if text.button else "", safe["service"]]
    ]
    return _FRAME.format("".join(part for part in parts if part != _QUIET.format("")))


_FRAME: Final = (
    '<div style="background:#f6f4f0;padding:32px 16px">'
    '<div style="max-width:520px;margin:0 auto;background:#fffefc;border:1px solid #e4dfd6;'
    "border-top:3px solid #a8411f;border-radius:12px;padding:28px 32px;color:#22201d;"
    'font:16px/1.6 system-ui,-apple-system,Segoe UI,sans-serif">{}</div></div>'
)
_PARAGRAPH: Final = '<p style="margin:0 0 16px">{}</p>'
_BUTTON: Final = (
    '<p style="margin:24px 0"><a href="{link}" style="display:inline-block;background:#a8411f;'
    "color:#ffffff;font-weight:600;text-decoration:none;border-radius:8px;padding:11px 22px"
    '">{text}</a></p>'
)
_QUIET: Final = (
    '<p style="margin:0 0 12px;color:#655f57;font-size:14px;overflow-wrap:anywhere">{}</p>'
)
