"""The catch-all MX: takes every message for every domain, without a login, and puts it into the letterbox.

It plays the internet in `make demo`. Two local parts play its bad days, so that a newcomer sees a whole life
in a minute: `bounced@…` is refused for good, `soft@…` for now.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol, cast

from sztafeta.inbox.letterbox import Arrived, Letterbox
from sztafeta.mail.opened import read_cover
from sztafeta.smtp.command import (
    Auth,
    Command,
    Content,
    ContentEnd,
    ContentStart,
    Ehlo,
    Mail,
    Pause,
    Quit,
    Rcpt,
    StartTls,
)
from sztafeta.smtp.reply import Reply, reply
from sztafeta.smtp.server import PlaintextUnread, ServerProfile, ServerSession

IDLE_SECONDS: Final = 300  # RFC 5321 §4.5.3.2.7
READY_FOR_TLS_220: Final = reply(220, "2.0.0", "Ready to start TLS")
NO_TLS_NOW_454: Final = reply(454, "4.7.0", "TLS is not available now")  # RFC 3207 §4
NO_LOGIN_503: Final = reply(503, "5.5.1", "No login is needed here")
SENDER_OK_250: Final = reply(250, "2.1.0", "Sender ok")
RECIPIENT_OK_250: Final = reply(250, "2.1.5", "Recipient ok")
KEPT_250: Final = reply(250, "2.0.0", "Ok: it is in the inbox")
IDLE_421: Final = reply(421, "4.4.2", "Idle for too long; closing")
BAD_DAYS: Final = {
    "bounced": reply(550, "5.1.1", "No such user here (this address always bounces)"),
    "soft": reply(451, "4.2.1", "Mailbox busy, try later (this address always defers)"),
}


class Encrypts(Protocol):
    """Begins TLS on an open wire."""

    def is_ready(self, address: str) -> bool:
        """Say whether a handshake may begin now."""

    def begin(
        self,
        wire: asyncio.Transport,
        protocol: asyncio.Protocol,
        *,
        address: str,
        on_ready: Callable[[asyncio.Transport], None],
    ) -> None:
        """Shake hands, then call `on_ready` with the transport to use from now on."""


class CatchAll:
    """Makes the conversation of each connection; `converse` is what a listener asks for."""

    def __init__(
        self, letterbox: Letterbox, *, hostname: str, max_size: int, encryption: Encrypts | None
    ) -> None:
        self.letterbox = letterbox
        self.encryption = encryption
        self.profile = ServerProfile(
            hostname=hostname,
            max_size=max_size,
            offers_auth=False,
            requires_auth=False,
            offers_starttls=encryption is not None,
        )

    def converse(self, client: str) -> asyncio.Protocol:
        """Begin a conversation with the client at an IP address."""
        return _Conversation(self)


class _Conversation(asyncio.Protocol):
    """One connection."""

    def __init__(self, catch_all: CatchAll) -> None:
        self._catch_all = catch_all
        self._session = ServerSession(catch_all.profile)
        self._wire: asyncio.Transport | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._reverse_path = ""
        self._recipients: list[str] = []
        self._content: list[bytes] = []

    # -- the wire ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._session.greet()
        self._write()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire = None
        if self._idle is not None:
            self._idle.cancel()

    def data_received(self, data: bytes) -> None:
        self._session.receive(data)
        while not isinstance(command := self._session.next_command(), Pause):
            _DO[type(command)](self, command)
        self._write()

    def _write(self) -> None:
        if self._wire is None:
            return
        if output := self._session.take_output():
            self._wire.write(output)
        if self._session.is_closing:
            self._wire.close()
        self._expect_more()

    def _expect_more(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._hang_up)

    def _hang_up(self) -> None:
        self._session.hang_up(IDLE_421)
        self._write()

    # -- the commands --------------------------------------------------------------------------

    def _welcome(self, command: Command) -> None:
        self._session.welcome()

    def _encrypt(self, command: Command) -> None:
        encryption, wire = self._catch_all.encryption, self._wire
        if encryption is None or wire is None or not encryption.is_ready(_address(wire)):
            self._session.reply(NO_TLS_NOW_454)
            return
        self._session.reply(READY_FOR_TLS_220)
        wire.write(self._session.take_output())
        encryption.begin(wire, self, address=_address(wire), on_ready=self._encrypted)

    def _encrypted(self, wire: asyncio.Transport) -> None:
        self._wire = wire
        try:
            self._session.start_tls()
        except PlaintextUnread:
            wire.abort()

    def _refuse_login(self, command: Command) -> None:
        self._session.reply(NO_LOGIN_503)

    def _mail(self, command: Command) -> None:
        assert isinstance(command, Mail)  # noqa: S101
        self._reverse_path = str(command.reverse_path or "")
        self._recipients, self._content = [], []
        self._session.reply(SENDER_OK_250)

    def _rcpt(self, command: Command) -> None:
        assert isinstance(command, Rcpt)  # noqa: S101
        mailbox = command.forward_path.mailbox
        answer = bad_day(mailbox.local_part)
        if answer is None:
            self._recipients.append(str(mailbox))
        self._session.reply(answer or RECIPIENT_OK_250)

    def _take(self, command: Command) -> None:
        self._session.take_content()

    def _gather(self, command: Command) -> None:
        assert isinstance(command, Content)  # noqa: S101
        self._content.append(command.data)

    def _keep(self, command: Command) -> None:
        assert isinstance(command, ContentEnd)  # noqa: S101
        content, self._content = b"".join(self._content), []
        if command.fault is not None:
            self._session.reply(command.fault)
            return
        cover = read_cover(content)
        arrived = Arrived(
            number=0,
            at=datetime.now(UTC),
            client=self._session.ehlo_name,
            tls=_tls(self._wire),
            reverse_path=self._reverse_path,
            recipients=tuple(self._recipients),
            author=cover.author,
            subject=cover.subject,
            snippet=cover.snippet,
            attachments=cover.attachments,
            size=len(content),
        )
        self._catch_all.letterbox.keep(arrived, content)
        self._session.reply(KEPT_250)

    def _quit(self, command: Command) -> None:
        """The session has drafted its 221 and closes."""


_DO: Final[dict[type, Callable[[_Conversation, Command], None]]] = {
    Ehlo: _Conversation._welcome,
    StartTls: _Conversation._encrypt,
    Auth: _Conversation._refuse_login,
    Mail: _Conversation._mail,
    Rcpt: _Conversation._rcpt,
    ContentStart: _Conversation._take,
    Content: _Conversation._gather,
    ContentEnd: _Conversation._keep,
    Quit: _Conversation._quit,
}


def bad_day(local_part: str) -> Reply | None:
    """Give the refusal that an address stands for; `bounced+anything@` does like `bounced@`."""
    return BAD_DAYS.get(local_part.partition("+")[0].lower())


def _address(wire: asyncio.Transport) -> str:
    peer = wire.get_extra_info("peername")
    return str(peer[0]) if peer else ""


def _tls(wire: asyncio.Transport | None) -> str:
    inside = wire.get_extra_info("ssl_object") if wire else None
    if not isinstance(inside, ssl.SSLObject | ssl.SSLSocket):
        return ""
    cipher = inside.cipher()
    return f"{inside.version()} {cipher[0] if cipher else ''}".strip()
