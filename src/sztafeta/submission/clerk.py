"""The clerk: decides what one client asks for (AUTH, MAIL, RCPT, the message), without knowing the wire.

A decision is a reply, or `Work` that has to wait for the store and ends in a reply. Who may send is asked
anew at every MAIL, so a revoked account's open connection ends there (acceptance S-35).
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from sztafeta.account.login_cause import LoginCause
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.accept import Accepted
from sztafeta.service.composing import Source, Submission
from sztafeta.service.incoming import Incoming
from sztafeta.service.sender_rule import refuse_reverse_path
from sztafeta.smtp.command import Auth, Content, ContentEnd, Mail, Rcpt
from sztafeta.smtp.reply import Reply
from sztafeta.smtp.server_replies import AUTH_FIRST_530, RECIPIENT_OK_250, SENDER_OK_250
from sztafeta.submission.desk import Desk, Door
from sztafeta.submission.doorkeeper import network_of
from sztafeta.submission.journal import Client
from sztafeta.submission.replies import (
    CANNOT_CHECK_LOGIN_454,
    LOGIN_NO_LONGER_VALID_421,
    NO_ROOM_452,
    TOO_MANY_MESSAGES_421,
    TRY_AGAIN_451,
    too_many_recipients_451,
)
from sztafeta.submission.transaction import Transaction
from sztafeta.value import value


@value(frozen=True, slots=True)
class Work:
    """A decision that has to wait."""

    decision: Coroutine[Any, Any, Reply]
    otherwise: Reply
    """The reply when it fails for a reason of ours."""
    message_id: int | None = None
    """The message it is about, for the log."""


@value(frozen=True, slots=True)
class Wire:
    """What the clerk is told about the wire at the time of the login."""

    ehlo_name: str
    extended: bool
    tls: str
    """Version and cipher, or empty."""


class Clerk:
    """Serves one client from its arrival to its leaving."""

    def __init__(self, desk: Desk, door: Door, client: Client) -> None:
        self._desk = desk
        self._max_size = door.profile.max_size
        self._client = client
        self._network = network_of(client.address)
        self._account: SmtpAccount | None = None
        self._source: Source | None = None
        self._transaction: Transaction | None = None
        self._is_inside = False
        self.messages = 0
        """Messages accepted so far."""

    # -- coming and going ------------------------------------------------------------------------

    def arrive(self) -> Reply | None:
        """Count the client in, or say why it may not come in."""
        refusal = self._desk.doorkeeper.refusal(self._network)
        if refusal is not None:
            self._desk.journal.refused(self._client, "connections", refusal)
            return refusal
        self._desk.doorkeeper.enter(self._network)
        self._is_inside = True
        self._desk.journal.opened(self._client)
        return None

    def leave(self, reason: str) -> None:
        """Count the client out; what it had not finished sending is forgotten."""
        if not self._is_inside:
            return
        self._is_inside = False
        self._drop_transaction()
        account_id = None if self._account is None else self._account.account_id
        self._desk.doorkeeper.leave(self._network, account_id)
        self._desk.journal.closed(self._client, reason, self.messages)

    def forget_login(self) -> None:
        """Treat the client as a stranger again: TLS has begun (RFC 3207 §4.2)."""
        self._drop_transaction()
        if self._account is not None:
            self._desk.doorkeeper.log_out(self._network, self._account.account_id)
            self._account = self._source = None

    def _drop_transaction(self) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            transaction.discard()

    # -- AUTH ------------------------------------------------------------------------------------

    def log_in(self, auth: Auth, wire: Wire) -> Work:
        """Decide a login (RFC 4954 §4)."""
        return Work(self._log_in(auth, wire), CANNOT_CHECK_LOGIN_454)

    async def _log_in(self, auth: Auth, wire: Wire) -> Reply:
        desk, client = self._desk, self._client
        try:
            verdict = await desk.login.judge(auth, self._network, client.address)
        except Exception:
            desk.journal.login_failed(client, None, "store")
            raise
        account = verdict.account
        if account is None or verdict.failure is not None:
            desk.journal.login_failed(client, account, verdict.failure or "")
            self._tell_owner(account, wire, verdict.cause)
            return verdict.reply
        if not self._is_inside:
            return verdict.reply  # nobody is there to hear it
        refusal = desk.doorkeeper.log_in(self._network, account)
        if refusal is not None:
            desk.journal.refused(client, "account", refusal)
            return refusal
        self._account = account
        self._source = Source(
            listener=client.listener,
            address=client.address,
            client_name=wire.ehlo_name,
            extended=wire.extended,
            tls=wire.tls,
        )
        desk.journal.logged_in(client, account, wire.tls)
        self._tell_owner(account, wire, None)
        return verdict.reply

    def _tell_owner(
        self, account: SmtpAccount | None, wire: Wire, cause: LoginCause | None
    ) -> None:
        """Let the owner of a login see who used it, and why others could not."""
        if account is not None:
            self._desk.logins.note(
                account,
                address=self._client.address,
                tls=wire.tls,
                client_name=wire.ehlo_name,
                cause=cause,
            )

    # -- MAIL ------------------------------------------------------------------------------------

    def open_transaction(self, mail: Mail) -> Reply | Work:
        """Decide MAIL, with the account as it is now."""
        account = self._account
        if account is None:
            return AUTH_FIRST_530
        recent = self._desk.accounts.recent(account.login)
        if recent is None:
            return Work(self._look_up_and_open(mail, account), TRY_AGAIN_451)
        return self._open(mail, account, recent)

    async def _look_up_and_open(self, mail: Mail, account: SmtpAccount) -> Reply:
        return self._open(mail, account, await self._desk.accounts.find(account.login))

    def _open(self, mail: Mail, former: SmtpAccount, account: SmtpAccount | None) -> Reply:
        is_unchanged = account is former  # it was judged when it was read, a moment ago
        if account is None or not (is_unchanged or _may_go_on(former, account, self._desk.now())):
            return LOGIN_NO_LONGER_VALID_421
        self._drop_transaction()
        refusal = self._refuse_mail(mail, account)
        if refusal is None:
            self._account = account
            self._transaction = Transaction(mail)
        return refusal or SENDER_OK_250

    def _refuse_mail(self, mail: Mail, account: SmtpAccount) -> Reply | None:
        desk, limit = self._desk, self._desk.limits.messages_per_connection
        if limit and self.messages >= limit:
            return TOO_MANY_MESSAGES_421
        if not desk.accept.has_room(mail.size or self._max_size):
            return NO_ROOM_452
        rejection = refuse_reverse_path(account, mail.reverse_path)
        if rejection is None:
            return None
        desk.journal.rejected(account, "mail", rejection.reply, rejection.code)
        return rejection.reply

    # -- RCPT ------------------------------------------------------------------------------------

    def add_recipient(self, rcpt: Rcpt) -> Reply:
        """Decide RCPT."""
        transaction, account = self._transaction, self._account
        if transaction is None or account is None:
            return AUTH_FIRST_530
        desk = self._desk
        wait = desk.rate.take(account.account_id, desk.time())
        if wait:
            refusal = too_many_recipients_451(wait, desk.rate.an_hour)
            desk.journal.rejected(account, "rcpt", refusal, "recipient-rate")
            return refusal
        transaction.add(rcpt.forward_path)
        return RECIPIENT_OK_250

    # -- the message -----------------------------------------------------------------------------

    def begin_content(self) -> Reply | None:
        """Decide DATA or the first BDAT; None means: let it come."""
        transaction, account, source = self._transaction, self._account, self._source
        if transaction is None or account is None or source is None:
            return AUTH_FIRST_530
        submission = Submission(
            account=account,
            envelope=transaction.envelope(),
            forward_paths=transaction.forward_paths,
            source=source,
        )
        transaction.incoming = self._desk.accept.begin(submission)
        return None

    def add_content(self, content: Content) -> None:
        """Take a part of the message."""
        if self._transaction is not None and self._transaction.incoming is not None:
            self._transaction.incoming.add(content.data)

    def end_content(self, end: ContentEnd) -> Reply | Work:
        """Decide the whole message."""
        transaction, self._transaction = self._transaction, None
        account = self._account
        if transaction is None or transaction.incoming is None or account is None:
            return AUTH_FIRST_530
        incoming = transaction.incoming
        if end.fault is not None:
            incoming.discard()
            self._desk.journal.rejected(account, "content", end.fault, "malformed")
            return end.fault
        return Work(self._accept(incoming, account), TRY_AGAIN_451, incoming.message_id)

    async def _accept(self, incoming: Incoming, account: SmtpAccount) -> Reply:
        desk = self._desk
        outcome = await desk.accept.accept(incoming)
        if isinstance(outcome, Accepted):
            self.messages += 1
            desk.journal.accepted(account, outcome)
        else:
            desk.journal.rejected(account, "content", outcome.reply, outcome.code)
        return outcome.reply


def _may_go_on(former: SmtpAccount, account: SmtpAccount, now: datetime) -> bool:
    """Say whether a login still stands: not suspended, and with a password that is still good."""
    return account.enabled and account.accepts(former.password_sha256, now)
