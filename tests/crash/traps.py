"""The named crash points inside the process: around each commit, by what the commit holds, and in the reply.

Crash points that can be seen from outside (a client in the middle of DATA, a receiver that has the final dot)
need no trap: the test kills the service when its own side of the dialogue is there.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from sztafeta.smtp.server import ServerSession
from sztafeta.store.sqlite.writer import SqliteWriter
from sztafeta.store.units import Arrival, Care, Claims, Outcomes, Unit

TORN_REPLY = "accept.torn_reply"


def _accepts(units: Sequence[Unit]) -> bool:
    return any(isinstance(unit.work, Arrival) for unit in units)


def _claims(units: Sequence[Unit]) -> bool:
    return any(isinstance(unit.work, Claims) for unit in units)


def _records(units: Sequence[Unit]) -> bool:
    return any(isinstance(unit.work, Outcomes) for unit in units)


def _bounces(units: Sequence[Unit]) -> bool:
    return any(
        outcome.notices
        for unit in units
        if isinstance(unit.work, Outcomes)
        for outcome in unit.work.outcomes
    )


_COMMITS: dict[str, tuple[Callable[[Sequence[Unit]], bool], str]] = {
    "accept.before_commit": (_accepts, "before"),
    "accept.after_commit": (_accepts, "after"),
    "deliver.before_claim": (_claims, "before"),
    "deliver.after_claim": (_claims, "after"),
    "deliver.before_record": (_records, "before"),
    "deliver.after_record": (_records, "after"),
    "bounce.before_commit": (_bounces, "before"),
    "bounce.after_commit": (_bounces, "after"),
}
POINTS = (*_COMMITS, TORN_REPLY)


def set_trap(point: str, *, skip: int) -> None:
    """Die at a point when it is reached for the (skip + 1)-th time."""
    fuse = _Fuse(skip)
    if point == TORN_REPLY:
        _trap_reply(fuse)
    else:
        holds, side = _COMMITS[point]
        _trap_commit(holds, side, fuse)


class _Fuse:
    """Counts down, then kills this process."""

    def __init__(self, skip: int) -> None:
        self._left = skip

    def burn(self) -> bool:
        """Say whether it is time, one step nearer to it."""
        self._left -= 1
        return self._left < 0

    @staticmethod
    def kill() -> None:
        """Die as `kill -9` would have it: no handler, no flush, no goodbye."""
        os.kill(os.getpid(), signal.SIGKILL)


def _trap_commit(holds: Callable[[Sequence[Unit]], bool], side: str, fuse: _Fuse) -> None:
    """Die before or after the COMMIT of a batch that holds a kind of work."""
    together, commit = SqliteWriter._commit_together, SqliteWriter.commit
    in_hand: list[Sequence[Unit]] = []

    def commit_together(self: SqliteWriter, units: Sequence[Unit], care: Care) -> list[Any]:
        in_hand[:] = [units]
        return together(self, units, care)

    def commit_or_die(self: SqliteWriter) -> None:
        is_time = holds(in_hand[0]) and fuse.burn()
        if is_time and side == "before":
            fuse.kill()
        commit(self)
        if is_time:
            fuse.kill()

    SqliteWriter._commit_together = commit_together  # type: ignore[method-assign]
    SqliteWriter.commit = commit_or_die  # type: ignore[method-assign]


def _trap_reply(fuse: _Fuse) -> None:
    """Die when two octets of the answer to the final dot have left."""
    take = ServerSession.take_output

    def torn(self: ServerSession) -> bytes:
        output = take(self)
        if b"queued as" not in output or not fuse.burn():
            return output
        loop = asyncio.get_running_loop()
        loop.call_later(0.05, fuse.kill)  # the loop needs a turn to write them
        return output[:2]

    ServerSession.take_output = torn  # type: ignore[method-assign]
