"""The API's reference and its errors as documents, from the same tables as its pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sztafeta.api.application import native_web
from sztafeta.api.openapi import describe_api
from sztafeta.api.problem_kinds import KINDS
from sztafeta.api.reference import Operation, Row, groups

BASE_URL = "http://127.0.0.1:8080"
HEAD = "<!-- Printed from src/sztafeta by `make docs`; do not edit. -->"


def reference() -> str:
    """Write every call."""
    lines = ["# The API, call by call", "", HEAD, ""]
    lines += [
        "The same as a page of the service: `/v1/reference`. How to begin: [the guide](guide.md)."
    ]
    for group in groups(describe_api(native_web(), BASE_URL), BASE_URL):
        lines += ["", f"## {group.title}"]
        for one in group.operations:
            lines += _operation(one)
    return "\n".join(lines) + "\n"


def errors() -> str:
    """Write every problem."""
    lines = ["# Errors of the API", "", HEAD, ""]
    lines += [
        "A `code` never changes its meaning; each has a page on the service itself: `/v1/errors`."
    ]
    lines += ["", "| code | status | title | what to do | retry |", "|---|---|---|---|---|"]
    for kind in KINDS:
        retry = "yes" if kind.retryable else ""
        meaning = kind.meaning.replace("|", "\\|")
        lines.append(f"| `{kind.code}` | {kind.http_status} | {kind.title} | {meaning} | {retry} |")
    return "\n".join(lines) + "\n"


def _operation(one: Operation) -> Iterator[str]:
    yield from ("", f"### {one.summary}", "", f"`{one.method.upper()} {one.path}`", "", one.text)
    yield from _table("parameter", one.parameters)
    yield from _table("body", one.body)
    if one.example:
        yield from ("", "```sh", one.example, "```")
    yield from _table(f"answer {one.status}", one.answer)


def _table(what: str, rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"| {what} | kind | |", "|---|---|---|")
    for row in rows:
        kind = f"{row.kind}, required" if row.required else row.kind
        text = " ".join(row.text.split()).replace("|", "\\|")
        yield f"| `{row.name}` | {kind} | {text} |"
