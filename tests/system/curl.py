"""curl lines, read: the few options that our documents and programs print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_WITH_VALUE = {"-H", "-d", "-X", "--data-binary"}


@dataclass(slots=True)
class Request:
    """What a curl line asks for."""

    method: str = ""
    url: str = ""
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def read_curl(words: Sequence[str]) -> Request:
    """Read a curl line: words after `curl`."""
    request, rest = Request(), iter(words)
    for word in rest:
        if word not in _WITH_VALUE:
            request.url = request.url if word == "-s" else word
            continue
        value = next(rest)
        if word == "-H":
            name, _, text = value.partition(":")
            request.headers[name] = text.strip()
        elif word == "-X":
            request.method = value
        else:
            request.body = value.encode()
    request.method = request.method or ("GET" if request.body is None else "POST")
    return request
