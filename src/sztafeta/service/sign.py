"""SIGN: DKIM signatures for a message, made in a thread while the claim is being committed.

RSA is the dearest part of a delivery; OpenSSL releases the interpreter while it works.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import Executor
from datetime import datetime, timedelta

from sztafeta.mail.dkim import Signer
from sztafeta.service.ports import AccountStore, Clock, QueuedMessage

KEYS_VALID_FOR = timedelta(seconds=60)
"""How long loaded keys are used before the store is asked again."""
KEYS_KEPT = 1000
"""Sending domains whose keys stay loaded."""


class Sign:
    """Signs with every key of the message's signing domain."""

    def __init__(self, *, accounts: AccountStore, threads: Executor, clock: Clock) -> None:
        self._accounts = accounts
        self._threads = threads
        self._clock = clock
        self._signers: OrderedDict[tuple[int, str], tuple[Signer | None, datetime]] = OrderedDict()
        """By customer and domain: a domain may have gone to another customer since."""

    def begin(self, message: QueuedMessage) -> asyncio.Future[bytes]:
        """Start signing; the result is the header fields to write before the message.

        Whoever does not want the result any more cancels it.
        """
        if message.signing_domain is None:
            return _nothing()
        entry = self._signers.get((message.customer_id, message.signing_domain))
        now = self._clock.now()
        if entry is None or entry[1] <= now:
            return asyncio.ensure_future(self._load_and_sign(message, message.signing_domain))
        if entry[0] is None:
            return _nothing()
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._threads, _sign, entry[0], message, now)

    async def _load_and_sign(self, message: QueuedMessage, domain: str) -> bytes:
        now = self._clock.now()
        found = await self._accounts.sending_domain(domain)
        signer = None
        if found is not None and found.keys and found.customer_id == message.customer_id:
            signer = Signer(domain, found.keys)
        self._signers[message.customer_id, domain] = (signer, now + KEYS_VALID_FOR)
        while len(self._signers) > KEYS_KEPT:
            self._signers.popitem(last=False)
        if signer is None:
            return b""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _sign, signer, message, now)


def _nothing() -> asyncio.Future[bytes]:
    future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    future.set_result(b"")
    return future


def _sign(signer: Signer, message: QueuedMessage, now: datetime) -> bytes:
    return signer.sign(message.content.blocks(), now)
