"""The signers: threads that make signatures, and tell the loop of several at once.

A thread that is free takes a few of what waits, so that the loop is woken once for all of them; few enough
that the other threads have work, too.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

TAKEN_AT_ONCE: Final = 4
"""Signatures between two words to the loop."""

Work = Callable[[], bytes]
_Wish = tuple[Work, asyncio.Future[bytes]]
_Made = tuple[asyncio.Future[bytes], bytes, Exception | None]


class Signers:
    """Implements `service.sign.Hands`; make it with a running loop."""

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[_Wish | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"signer-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def begin(self, work: Work) -> asyncio.Future[bytes]:
        """Have a signature made; a future that is cancelled before its turn is left out."""
        future: asyncio.Future[bytes] = self._loop.create_future()
        self._waiting.put((work, future))
        return future

    def stop(self) -> None:
        """Make what waits, then end the threads."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        wish = self._waiting.get()
        while wish is not None:
            made: list[_Made] = []
            while wish is not None:
                made += _make(*wish)
                wish = None if len(made) == TAKEN_AT_ONCE else self._next()
            self._tell(made)
            wish = self._waiting.get()

    def _next(self) -> _Wish | None:
        """Take one that waits; the word to end is left for its turn."""
        try:
            wish = self._waiting.get_nowait()
        except Empty:
            return None
        if wish is None:
            self._waiting.put(None)
        return wish

    def _tell(self, made: Sequence[_Made]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, made)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return


def _make(work: Work, future: asyncio.Future[bytes]) -> list[_Made]:
    if future.cancelled():
        return []
    try:
        return [(future, work(), None)]
    except Exception as error:  # given to whoever waits for the signature
        return [(future, b"", error)]


def _resolve(made: Sequence[_Made]) -> None:
    for future, signature, error in made:
        if future.done():
            continue
        if error is None:
            future.set_result(signature)
        else:
            future.set_exception(error)
