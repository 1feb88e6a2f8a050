"""What is written in one turn leaves in one piece, and nothing is lost when a connection is closed."""

from __future__ import annotations

import asyncio

from sztafeta.net.gathering import LARGEST, GatheringTransport


class Recorder(asyncio.Transport):
    """Keeps what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append("closed")

    def abort(self) -> None:
        self.done.append("aborted")


async def gathering() -> tuple[GatheringTransport, Recorder]:
    real = Recorder()
    return GatheringTransport(real, asyncio.get_running_loop()), real


async def test_the_writes_of_one_turn_leave_together_in_the_next() -> None:
    transport, real = await gathering()
    transport.write(b"head")
    transport.write(b"body")
    assert real.done == []
    await asyncio.sleep(0)
    assert real.done == [b"headbody"]


async def test_the_writes_of_two_turns_leave_in_two_pieces() -> None:
    transport, real = await gathering()
    for octets in (b"first", b"second"):
        transport.write(octets)
        await asyncio.sleep(0)
    assert real.done == [b"first", b"second"]


async def test_much_leaves_at_once_so_that_the_writer_is_told_to_wait() -> None:
    transport, real = await gathering()
    transport.write(b"x" * LARGEST)
    assert real.done == [b"x" * LARGEST]
    await asyncio.sleep(0)
    assert len(real.done) == 1


async def test_what_is_held_leaves_before_the_connection_is_closed() -> None:
    transport, real = await gathering()
    transport.write(b"last")
    transport.close()
    await asyncio.sleep(0)
    assert real.done == [b"last", "closed"]


async def test_what_is_held_is_forgotten_when_the_connection_is_aborted() -> None:
    transport, real = await gathering()
    transport.write(b"never")
    transport.abort()
    await asyncio.sleep(0)
    assert real.done == ["aborted"]
