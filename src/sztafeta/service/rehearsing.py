"""REHEARSE: mail in test mode takes the same way as all mail, up to a dialler that opens no socket.

Its ready queues have a pool of their own, whose router gives one site without hops; the dialler knows that
site and plays what `delivery/rehearsal` says. Claims, attempts, events and history are the real ones.
"""

from __future__ import annotations

from typing import Final

from sztafeta.delivery.egress import EgressSource
from sztafeta.delivery.rehearsal import play
from sztafeta.delivery.route import Route
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.delivery.verdict import Failure
from sztafeta.service.ports import (
    TEST_POOL,
    Connection,
    Dialer,
    DialFailure,
    Dialogue,
    Parcel,
    QueueKey,
    Router,
)
from sztafeta.smtp.dialogue import Transcript
from sztafeta.smtp.reply import Reply

STAGE: Final = Route(site="(test mode)", hops=(), valid_for_seconds=3600.0)
"""The one site of test mail; no host can have its name."""


class RehearsalRouter:
    """Leads test mail to the stage and everything else where it belongs."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def route_for(self, key: QueueKey) -> Route | Failure:
        """Give the stage, or what the real router says."""
        return STAGE if key.pool == TEST_POOL else await self._router.route(key.domain)


class RehearsalDialer:
    """Plays on the stage and dials everywhere else."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer

    async def dial(
        self, route: Route, *, source: EgressSource, tls: TlsRequirement
    ) -> Connection | DialFailure:
        """Give a connection that plays, or a real one."""
        if route.site == STAGE.site:
            return Rehearsal()
        return await self._dialer.dial(route, source=source, tls=tls)


class Rehearsal:
    """A connection to nobody."""

    hop = "test mode"
    tls = ""

    def __init__(self) -> None:
        self._transactions = 0

    @property
    def transactions(self) -> int:
        """How many it has carried."""
        return self._transactions

    async def transact(self, parcel: Parcel) -> Dialogue:
        """Play each recipient's answer to its attempt."""
        self._transactions += 1
        paths = parcel.envelope.forward_paths
        answers = tuple(
            play(path.mailbox, attempt)
            for path, attempt in zip(paths, parcel.attempts, strict=True)
        )
        transcript = Transcript()
        for path, answer in zip(paths, answers, strict=True):
            transcript.entries.append(f"RCPT TO:<{path.mailbox}>\r\n".encode())
            transcript.entries.append(answer.said if isinstance(answer.said, Reply) else "")
        return Dialogue(answers=answers, transcript=str(transcript), reusable=True, dsn_passed=True)

    async def quit(self) -> None:
        """Leave."""

    def is_usable(self) -> bool:
        """Be ready for more."""
        return True
