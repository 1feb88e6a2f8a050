"""Whole answers: one that is there completely is written at once, past ASGI's two messages.

uvicorn takes an answer apart field by field, waits for its body and reckons its length. An application that
has all of it may hand it over through the extension named here (ASGI, "Extensions"). What is out of the
ordinary is left to uvicorn: the application then answers as if there were no extension.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

from uvicorn.protocols.http.httptools_impl import (
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

EXTENSION: Final = "sztafeta.whole_answer"
Field = tuple[bytes, bytes]
WholeAnswer = Callable[[int, Sequence[Field], bytes], bool]
"""Takes status, fields (Content-Length among them) and body; False: nothing was written."""


def whole_answer(cycle: RequestResponseCycle) -> WholeAnswer:
    """Give the extension of one request."""

    def answer(status: int, fields: Sequence[Field], body: bytes) -> bool:
        if cycle.response_started or cycle.disconnected or not cycle.keep_alive:
            return False
        if cycle.flow.write_paused or HEADER_VALUE_RE.search(b"".join(chain(*fields))):
            return False
        pieces = [STATUS_LINE[status]]
        for name, text in (*cycle.default_headers, *fields):
            pieces += (name, b": ", text, b"\r\n")
        pieces += (b"\r\n", body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.transport.write(b"".join(pieces))
        cycle.message_event.set()
        cycle.on_response()
        return True

    return answer
