"""ANSWER: a call with an idempotency key is done once; its answer is committed with it (R-13)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sztafeta.service.fault import Refusal
from sztafeta.service.ports import Clock, Remembered
from sztafeta.service.refusals import KEY_TROUBLE
from sztafeta.service.remembering import KeyTrouble, KeyUse, Remembering, within
from sztafeta.service.sending.call import Caller
from sztafeta.service.sending.sent import Idempotency, Replayed, Sent

Done = TypeVar("Done")


class Answering:
    """Answers calls; one instance serves all faces."""

    def __init__(self, remembering: Remembering, *, clock: Clock) -> None:
        self._remembering = remembering
        self._clock = clock

    async def once(
        self,
        caller: Caller,
        idempotency: Idempotency | None,
        take: Callable[[], Awaitable[Done]],
    ) -> Done | Refusal | Replayed:
        """Do it, or give the answer of the earlier call with the same key."""
        if idempotency is None:
            return await take()
        outcome = await self._remembering.once(_use(caller, idempotency), take)
        if isinstance(outcome, Remembered):
            return Replayed(http_status=outcome.http_status, answer=outcome.answer)
        return KEY_TROUBLE[outcome] if isinstance(outcome, KeyTrouble) else outcome

    def compose(
        self,
        caller: Caller,
        idempotency: Idempotency | None,
        results: Sequence[Sent | Refusal],
    ) -> Remembered | None:
        """Compose the answer before the commit, so that both are one."""
        if idempotency is None:
            return None
        http_status, answer = idempotency.answer(results)
        return _use(caller, idempotency).remember(self._clock.now(), http_status, answer)


def _use(caller: Caller, idempotency: Idempotency) -> KeyUse:
    return KeyUse(
        customer_id=caller.account.customer_id,
        endpoint=within(idempotency.endpoint, caller.account, caller.mode),
        key=idempotency.key,
        request_sha256=idempotency.request_sha256,
    )
