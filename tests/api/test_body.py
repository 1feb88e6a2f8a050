"""Bodies of calls: bounded, on disk once they are big, and read behind the door (issue 3, §5)."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256

import pytest
from starlette.requests import Request
from starlette.types import Message
from tests.doubles.native_house import BODY_SIZE, Caller, NativeHouse, a_message, read_answer

from sztafeta.api.body import HEARD_OUT, Bodies
from sztafeta.api.guarded import LARGEST
from sztafeta.api.problem import Problem


async def test_a_body_beyond_the_limit_is_refused_and_the_caller_hears_why(alice: Caller) -> None:
    answer = await alice("POST", "/v1/messages", content=b" " * (BODY_SIZE + 1))
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert str(BODY_SIZE) in answer.json["detail"]


async def test_the_limit_holds_for_a_body_that_announces_nothing(alice: Caller) -> None:
    """RFC 9112 §7.1: chunked."""
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    head = (
        "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {alice.made.text}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    octets = head.encode() + chunk * (BODY_SIZE // 0x100000 + 1) + b"0\r\n\r\n"
    answer = read_answer(await alice.house.wire(octets), "POST")
    assert (answer.status, answer.code) == (413, "body_too_large")


async def test_a_body_on_disk_is_read_like_any_other(house: NativeHouse, alice: Caller) -> None:
    message = await alice.sent(html="<p>Hi</p>" * 10_000)
    assert (await alice("GET", f"/v1/messages/{message}")).json["size"] > 90_000


def arriving(*pieces: bytes) -> Request:
    """Give a request whose body comes in these pieces."""
    messages = [
        {"type": "http.request", "body": piece, "more_body": place < len(pieces)}
        for place, piece in enumerate(pieces, start=1)
    ]

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return Request({"type": "http", "headers": []}, receive)


@pytest.mark.parametrize(
    "pieces", [(b"",), (b"baton",), (b"ba", b"ton"), (b"b", b"", b"aton"), (b"", b"baton")]
)
@pytest.mark.parametrize("in_memory", [2, 5])
async def test_a_body_is_the_same_in_one_piece_and_in_many(
    pieces: tuple[bytes, ...], in_memory: int
) -> None:
    async with Bodies(5, in_memory=in_memory).body(arriving(*pieces)) as body:
        assert body.octets == b"".join(pieces)
        assert body.sha256 == sha256(body.octets).digest()


@pytest.mark.parametrize("pieces", [(b"batons",), (b"baton", b"s")])
async def test_one_octet_too_many_is_refused_in_one_piece_and_in_many(
    pieces: tuple[bytes, ...],
) -> None:
    with pytest.raises(Problem, match="body_too_large"):
        async with Bodies(5).body(arriving(*pieces)):
            pass


async def test_big_bodies_take_turns_and_all_are_taken(house: NativeHouse, alice: Caller) -> None:
    answers = await asyncio.gather(*(alice.send(text="x " * 50_000) for _ in range(12)))
    assert [one.status for one in answers] == [202] * 12


async def test_other_calls_have_a_smaller_limit(alice: Caller) -> None:
    wish = {"name": "x", "html": "y" * LARGEST}
    answer = await alice("POST", "/v1/templates", wish)
    assert (answer.status, answer.code) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/templates"])
async def test_a_stranger_is_answered_before_his_body_is_read(
    house: NativeHouse, path: str
) -> None:
    """The answer comes while the body is still awaited."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {HEARD_OUT}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(head.encode())
    line = await reader.readline()
    writer.close()
    assert line.startswith(b"HTTP/1.1 401")


async def test_a_caller_who_goes_in_the_middle_of_his_body_has_sent_nothing(
    house: NativeHouse, alice: Caller
) -> None:
    content = json.dumps(a_message()).encode()
    head = (
        f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
        f"Authorization: Bearer {alice.made.text}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(head.encode() + content[:-1])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await alice.send()).status == 202
    assert len(house.store.letters) == 1
    assert house.troubles == []
