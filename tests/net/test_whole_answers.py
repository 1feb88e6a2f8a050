"""Whole answers: the octets on the wire are those that uvicorn writes, and what is odd is left to it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Receive, Scope, Send

from sztafeta.api.shortcuts import WHOLE_ANSWER
from sztafeta.net.http_listener import HttpListener
from sztafeta.net.whole_answers import EXTENSION, Field

SOUND: Sequence[Field] = ((b"content-length", b"5"), (b"x-who", b"Alice"))


class Application:
    """Answers each request with its path's first five letters, whole if it may."""

    def __init__(self, fields: Sequence[Field] = SOUND) -> None:
        self.fields = fields
        self.is_whole = True
        self.taken: list[bool] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = scope["path"][1:6].encode()
        if self.is_whole:
            self.taken.append(scope["extensions"][EXTENSION](202, self.fields, body))
            if self.taken[-1]:
                return
        await send({"type": "http.response.start", "status": 202, "headers": list(self.fields)})
        await send({"type": "http.response.body", "body": body})


async def talk(application: Application, *requests: bytes) -> bytes:
    """Say all requests in one piece, the last with `Connection: close`, and hear all answers."""
    listener = HttpListener(application, address="127.0.0.1", port=0, hosts=frozenset())
    await listener.open()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"".join(requests))
        answers = await reader.read()
        writer.close()
    finally:
        await listener.close()
    return b"\r\n".join(one for one in answers.split(b"\r\n") if not one.startswith(b"date: "))


def get(path: str, *fields: str) -> bytes:
    lines = [f"GET /{path} HTTP/1.1", "Host: localhost", *fields, "", ""]
    return "\r\n".join(lines).encode()


def test_the_application_asks_for_it_by_its_name() -> None:
    assert WHOLE_ANSWER == EXTENSION


async def test_the_octets_are_those_of_two_messages_and_requests_are_answered_in_order() -> None:
    whole, apart = Application(), Application()
    apart.is_whole = False
    requests = [get("alice"), get("bobby"), get("close", "Connection: close")]
    heard = await talk(whole, *requests)
    assert heard == await talk(apart, *requests)
    assert heard.count(b"HTTP/1.1 202 ") == 3
    assert whole.taken == [True, True, False]


async def test_an_answer_with_a_broken_field_is_not_written() -> None:
    """uvicorn refuses it and closes: a line break would be a field of its own."""
    application = Application([*SOUND, (b"x-name", b"Alice\r\nx-forged: 1")])
    assert await talk(application, get("alice")) == b""
    assert application.taken == [False]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_only_a_connection_that_stays_is_answered_at_once(version: str) -> None:
    application = Application()
    request = get("alice", "Connection: close").replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    assert (await talk(application, request)).endswith(b"\r\n\r\nalice")
    assert application.taken == [False]
