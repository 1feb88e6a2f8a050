"""DELIVER: one attempt at one batch, in five steps, none of them long.

    plan      which recipients are still ours, and what they carry     (claim, sign)
    connect   a kept connection, or a new one along the route          (ports.Dialer)
    converse  the mail transaction                                      (smtp/, behind ports.Connection)
    judge     what each answer means                                    (service/judge, delivery/verdict)
    record    state, attempt, events, notices in one commit             (service/record)

The claim is on disk before the dial, so that a crash is never followed by an attempt that nobody counted.
"""

from __future__ import annotations

from datetime import datetime

from sztafeta.delivery.verdict import Answer, Failure, FailureKind, Stage, Verdict
from sztafeta.service.ports import (
    BodyDamaged,
    Claim,
    Clock,
    Connection,
    Dialer,
    DialFailure,
    Dialogue,
    DueRecipient,
    Parcel,
    QueuedMessage,
    QueueStore,
)
from sztafeta.service.ready_queue import Batch
from sztafeta.service.record import Record, Tried
from sztafeta.service.schedule import Schedule
from sztafeta.service.sign import Sign
from sztafeta.value import value

NO_ROUTE_YET = Failure(FailureKind.DNS_TEMPORARY, "the domain's route is not known yet")


@value(frozen=True, slots=True, kw_only=True)
class Attempted:
    """How an attempt at a batch ended, for whoever keeps the connections."""

    connection: Connection | None
    """Still open and usable, or None."""
    verdicts: tuple[Verdict, ...] = ()
    """What the site should learn from it; empty when nothing was ours to try."""


class Deliver:
    """Tries batches; one instance serves all sites."""

    def __init__(
        self,
        *,
        store: QueueStore,
        schedule: Schedule,
        dialer: Dialer,
        sign: Sign,
        record: Record,
        clock: Clock,
    ) -> None:
        self._store = store
        self._schedule = schedule
        self._dialer = dialer
        self._sign = sign
        self._record = record
        self._clock = clock

    async def attempt(self, batch: Batch, connection: Connection | None) -> Attempted:
        """Try a batch over a kept connection or a new one, and hand the outcome to the record."""
        started_at = self._clock.now()
        message = await self._message(batch)
        if isinstance(message, str):
            self._record.hold(batch, await self._claim_ours(batch, started_at), reason=message)
            return Attempted(connection=connection)
        signing = self._sign.begin(message)
        try:
            claimed = await self._claim_ours(batch, started_at)
            header_prefix = await signing if claimed else b""
        finally:
            signing.cancel()  # of no use when the claim failed; harmless when it is done
        if not claimed:
            return Attempted(connection=connection)
        tried = Tried(batch, message, claimed, started_at)
        connection = await self._converse(
            tried, _parcel(message, claimed, header_prefix), connection
        )
        return Attempted(connection=connection, verdicts=self._record.attempted(tried))

    async def _message(self, batch: Batch) -> QueuedMessage | str:
        """Find the batch's message in memory or in the store, or say why it cannot be sent."""
        fresh = self._schedule.fresh(batch)
        if fresh is not None:
            return fresh
        try:
            stored = await self._store.message(batch.message_id)
        except BodyDamaged as damaged:
            return str(damaged)
        return stored if stored is not None else "the message is missing in the store"

    async def expire(self, batch: Batch) -> None:
        """Give up on recipients that grew too old while they waited; not on those with a sender."""
        claimed = await self._claim(batch, self._clock.now())
        if claimed:
            message = await self._message(batch)
            self._record.expire(batch, claimed, None if isinstance(message, str) else message)

    def give_back(self, batch: Batch) -> None:
        """Make a batch due again after an error of ours; what was not claimed is left as it is."""
        self._record.give_back(batch)

    async def _claim_ours(self, batch: Batch, now: datetime) -> tuple[DueRecipient, ...]:
        """Claim a batch that was taken from the schedule; forget what is not ours to try any more."""
        claimed = await self._claim(batch, now)
        if len(claimed) < len(batch.recipients):
            for due in batch.recipients:
                if due not in claimed:
                    self._schedule.done(batch.queue, due.recipient_id, due_at=None)
        return claimed

    async def _claim(self, batch: Batch, now: datetime) -> tuple[DueRecipient, ...]:
        """Write the attempt before the dial; keep what was still ours to move."""
        lease = batch.queue.leased
        claims = [
            Claim(
                recipient_id=due.recipient_id,
                queue_id=lease.queue_id,
                epoch=lease.epoch,
                attempt=due.attempt + 1,
            )
            for due in batch.recipients
        ]
        ours = await self._store.claim(claims, now=now)
        if len(ours) == len(claims):
            return batch.recipients
        return tuple(due for due in batch.recipients if due.recipient_id in ours)

    async def _converse(
        self, tried: Tried, parcel: Parcel, connection: Connection | None
    ) -> Connection | None:
        """Hold the dialogue; a kept connection that proves dead is replaced, and nothing is counted."""
        if connection is not None:
            if connection.is_usable():
                dialogue = await connection.transact(parcel)
                if not dialogue.stale:
                    return await _keep(tried, connection, dialogue)
            await connection.quit()
        dialled = await self._dial(tried)
        if isinstance(dialled, DialFailure):
            tried.failed(dialled)
            return None
        return await _keep(tried, dialled, await dialled.transact(parcel))

    async def _dial(self, tried: Tried) -> Connection | DialFailure:
        """Open a connection along the site's route."""
        site = tried.batch.site
        tried.look_up = site.take_look_up()
        if site.route is None:
            failure = site.failure or NO_ROUTE_YET
            return DialFailure(answer=Answer(Stage.ROUTE, failure), hop="", transcript="", tried=0)
        return await self._dialer.dial(site.route, source=site.source, tls=site.route.tls)


async def _keep(tried: Tried, connection: Connection, dialogue: Dialogue) -> Connection | None:
    """Note what was said; give the connection back if it can carry more."""
    tried.spoke(connection, dialogue)
    if dialogue.reusable:
        return connection
    await connection.quit()
    return None


def _parcel(
    message: QueuedMessage, claimed: tuple[DueRecipient, ...], header_prefix: bytes
) -> Parcel:
    """Put together what the transaction carries."""
    forward_paths = tuple(due.forward_path for due in claimed)
    return Parcel(
        envelope=message.envelope.to(forward_paths),
        header_prefix=header_prefix,
        content=message.content,
        attempts=tuple(due.attempt + 1 for due in claimed),
    )
