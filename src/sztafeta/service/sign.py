"""SIGN: DKIM signatures for a message, made in a thread while the claim is being committed.

RSA is the dearest part of a delivery; OpenSSL releases the interpreter while it works.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from sztafeta.mail.dkim import Signer
from sztafeta.service.ports import AccountStore, Clock, QueuedMessage

KEYS_VALID_FOR = timedelta(seconds=60)
"""How long loaded keys are used before the store is asked again."""
KEYS_KEPT = 1000
"""Sending domains whose keys stay loaded."""


_Whose = tuple[int, str]
"""Customer and domain: a domain may have gone to another customer since its keys were loaded."""


class Hands(Protocol):
    """Threads that make signatures."""

    def begin(self, work: Callable[[], bytes]) -> asyncio.Future[bytes]:
        """Have a signature made; a future that is cancelled before its turn is left out."""


class Sign:
    """Signs with every key of the message's signing domain."""

    def __init__(self, *, accounts: AccountStore, hands: Hands, clock: Clock) -> None:
        self._accounts = accounts
        self._hands = hands
        self._clock = clock
        self._signers: OrderedDict[_Whose, tuple[Signer | None, datetime]] = OrderedDict()
        self._loading: dict[_Whose, asyncio.Task[Signer | None]] = {}
        """What many messages wait for together when a domain's keys have to be asked for."""

    def begin(self, message: QueuedMessage) -> asyncio.Future[bytes]:
        """Start signing; the result is the header fields to write before the message.

        Whoever does not want the result any more cancels it.
        """
        if message.signing_domain is None:
            return _nothing()
        whose = message.customer_id, message.signing_domain
        entry, now = self._signers.get(whose), self._clock.now()
        if entry is None or entry[1] <= now:
            return asyncio.ensure_future(self._load_and_sign(message, whose))
        if entry[0] is None:
            return _nothing()
        return self._hands.begin(partial(_sign, entry[0], message, now))

    async def _load_and_sign(self, message: QueuedMessage, whose: _Whose) -> bytes:
        loading = self._loading.get(whose)
        if loading is None:
            loading = self._loading[whose] = asyncio.create_task(self._load(whose))
            loading.add_done_callback(lambda _: self._loading.pop(whose))
        signer = await asyncio.shield(loading)
        if signer is None:
            return b""
        return await self._hands.begin(partial(_sign, signer, message, self._clock.now()))

    async def _load(self, whose: _Whose) -> Signer | None:
        now, (customer_id, domain) = self._clock.now(), whose
        found = await self._accounts.sending_domain(domain)
        signer = None
        if found is not None and found.keys and found.customer_id == customer_id:
            signer = Signer(domain, found.keys)
        self._signers[whose] = (signer, now + KEYS_VALID_FOR)
        while len(self._signers) > KEYS_KEPT:
            self._signers.popitem(last=False)
        return signer


def _nothing() -> asyncio.Future[bytes]:
    future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    future.set_result(b"")
    return future


def _sign(signer: Signer, message: QueuedMessage, now: datetime) -> bytes:
    return signer.sign(message.content.blocks(), now)
