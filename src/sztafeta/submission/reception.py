"""The reception: takes in the clients of all listeners, and parts with them when we shut down.

A connection through a `Door` becomes a `Conversation`. On shutdown each says 421 at its next command border
(RFC 5321 §3.8), and what is not done by the deadline is cut off: it was not promised, so nothing is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from sztafeta.service.ports import AccountStore
from sztafeta.smtp.server_replies import SHUTTING_DOWN_421
from sztafeta.submission.conversation import Conversation
from sztafeta.submission.desk import Acceptance, Desk, Door, LoginBook, NoBook
from sztafeta.submission.doorkeeper import Doorkeeper
from sztafeta.submission.journal import Journal, Silence
from sztafeta.submission.known_accounts import KnownAccounts
from sztafeta.submission.limits import Limits
from sztafeta.submission.login import Login
from sztafeta.submission.throttle import LoginThrottle, RecipientRate


class Reception:
    """All conversations of one node; made once by `bootstrap`, on the event loop."""

    def __init__(
        self,
        *,
        accounts: AccountStore,
        accept: Acceptance,
        limits: Limits | None = None,
        journal: Journal | None = None,
        logins: LoginBook | None = None,
        time: Callable[[], float] | None = None,
        now: Callable[[], datetime] = partial(datetime.now, UTC),  # noqa: B008 - the system's clock
    ) -> None:
        """`time` gives seconds of a steady clock; the event loop's unless told otherwise."""
        limits = limits or Limits()
        time = time or asyncio.get_running_loop().time
        known = KnownAccounts(accounts, time=time)
        self._desk = Desk(
            limits=limits,
            doorkeeper=Doorkeeper(limits),
            accounts=known,
            login=Login(known, LoginThrottle(limits), time=time, now=now),
            rate=RecipientRate(limits.recipients_per_hour),
            accept=accept,
            journal=journal or Silence(),
            logins=logins or NoBook(),
            time=time,
            now=now,
        )
        self._conversations: set[Conversation] = set()
        self._emptied = asyncio.Event()

    def converse(self, door: Door, address: str) -> Conversation:
        """Make the protocol of a connection that came through a door from an IP address."""
        return Conversation(self._desk, door, address, self)

    def began(self, conversation: Conversation) -> None:
        """Note a conversation that is under way."""
        self._conversations.add(conversation)

    def ended(self, conversation: Conversation) -> None:
        """Forget a conversation that is over."""
        self._conversations.discard(conversation)
        if not self._conversations:
            self._emptied.set()

    @property
    def connections(self) -> int:
        """Clients inside."""
        return self._desk.doorkeeper.total

    async def shut_down(self, patience: timedelta) -> int:
        """Say goodbye to everybody; give how many had to be cut off when the time was up.

        Close the listeners first.
        """
        for conversation in list(self._conversations):
            conversation.shut_down(SHUTTING_DOWN_421)
        try:
            async with asyncio.timeout(patience.total_seconds()):
                while self._conversations:
                    self._emptied.clear()
                    await self._emptied.wait()
        except TimeoutError:
            pass
        late = list(self._conversations)
        for conversation in late:
            conversation.cut_off()
        return len(late)
