"""What the parts report, written into the log and counted: the one place that knows both.

The parts state what they tell (`submission.journal`, `service.record`); this writes it. Queue-ids and account
names stand in the lines, never an address, a password or an unknown login (S-37).
"""

from __future__ import annotations

from collections.abc import Callable

from sztafeta.account.domain_watch import News
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.delivery.queue_id import to_text
from sztafeta.log import Log
from sztafeta.metrics import Metrics
from sztafeta.service.accept import Accepted
from sztafeta.service.record import AttemptLine
from sztafeta.smtp.reply import Reply
from sztafeta.submission.journal import Client


class Observer:
    """The journal of the submission face, and the ear of everything else."""

    def __init__(self, log: Log, metrics: Metrics) -> None:
        self._log = log
        self._events = log.events
        self._metrics = metrics

    # -- submission ----------------------------------------------------------------------------

    def opened(self, client: Client) -> None:
        """A client was let in."""
        self._metrics.sessions.labels(client.listener).inc()
        self._metrics.connections.labels(client.listener).inc()

    def closed(self, client: Client, reason: str, messages: int) -> None:
        """A client that was let in is gone."""
        self._metrics.connections.labels(client.listener).dec()
        self._events.debug(
            "session closed",
            listener=client.listener,
            address=client.address,
            reason=reason,
            messages=messages,
        )

    def refused(self, client: Client, limit: str, reply: Reply) -> None:
        """A connection was sent away."""
        self._metrics.refused_connections.labels(client.listener, limit).inc()
        self._events.info(
            "connection refused", listener=client.listener, address=client.address, limit=limit
        )

    def logged_in(self, client: Client, account: SmtpAccount, tls: str) -> None:
        """A login succeeded."""
        self._events.info(
            "logged in",
            login=account.login,
            listener=client.listener,
            address=client.address,
            tls=tls,
        )

    def login_failed(self, client: Client, account: SmtpAccount | None, reason: str) -> None:
        """A login failed; a password that came in the clear counts as exposed (S-13)."""
        self._metrics.auth_failures.labels(reason).inc()
        self._events.warning(
            "credential exposed" if reason == "cleartext" and account else "login failed",
            login=account.login if account else None,
            listener=client.listener,
            address=client.address,
            reason=reason,
        )

    def accepted(
        self,
        account: SmtpAccount,
        accepted: Accepted,
    ) -> None:
        """A message is on disk and was answered with 250."""
        self._metrics.accepted(
            recipients=accepted.recipients, octets=accepted.octets, took=accepted.took
        )
        self._log.accepted(
            account.login,
            accepted.queue_id,
            accepted.recipients,
            accepted.octets,
            accepted.took,
        )

    def rejected(self, account: SmtpAccount, stage: str, reply: Reply, code: str) -> None:
        """MAIL, RCPT or a message was refused."""
        self._metrics.rejections.labels(str(reply.code)).inc()
        self._events.info(
            "rejected", login=account.login, stage=stage, code=reply.code, reason=code
        )

    def trouble(self, what: str, why: BaseException, message_id: int | None = None) -> None:
        """An error of ours."""
        queue_id = {} if message_id is None else {"queue_id": to_text(message_id)}
        self._log.trouble(what, why, **queue_id)

    # -- sending domains -----------------------------------------------------------------------

    def domain_changed(self, domain: SendingDomain, news: News) -> None:
        """The watch over domains saw something."""
        is_bad = news in (News.BROKEN, News.WITHDRAWN)
        write = self._events.warning if is_bad else self._events.info
        write(f"domain {news.value}", domain=domain.domain, customer_id=domain.customer_id)

    # -- the HTTP API --------------------------------------------------------------------------

    def request_failed(self, request_id: str, why: Exception) -> None:
        """A request ended in an error of ours; its answer names the same id."""
        self._log.trouble("a request failed", why, request_id=request_id)

    # -- delivery ------------------------------------------------------------------------------

    def attempted(self, line: AttemptLine) -> None:
        """An attempt at one recipient ended."""
        self._metrics.attempted(
            outcome=line.outcome, stage=line.stage, took=line.took, age=line.age
        )
        self._log.attempt(line)

    # -- listeners and certificates ------------------------------------------------------------

    def unheard(self, listener: str) -> Callable[[str, str], None]:
        """Give the ear of one listener for connections that began wrongly."""

        def hear(address: str, reason: str) -> None:
            self._metrics.refused_connections.labels(listener, "beginning").inc()
            self._events.info(
                "connection closed", listener=listener, address=address, reason=reason
            )

        return hear

    def note(self, text: str) -> None:
        """Something the operator should read."""
        self._events.warning(text)
