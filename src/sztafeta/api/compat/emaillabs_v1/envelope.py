"""EmailLabs v1's envelope: `code` is a number and mirrors the HTTP status (emaillabs.md §1.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from starlette.requests import Request
from starlette.responses import Response

from sztafeta.api.json_text import to_json
from sztafeta.service.fault import Refusal

MEDIA_TYPE: Final = "text/html;charset=UTF-8"
ID_LETTERS: Final = 10
DONE, TWO_KEYS, BAD_KEY, NOTHING, FAILED = 200, 400, 401, 404, 500
"""Its codes; what a client did wrong is `FAILED` as well."""
NO_ROWS: Final = "No data"


class Answer(Exception):
    """Ends an action with an answer that is not a success."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Found:
    """What an action gives."""

    message: str | None = None
    data: Any = None
    total: int | None = None
    """Rows that match, whatever the page holds."""
    extra: Mapping[str, Any] = field(default_factory=dict)


def write(
    request: Request,
    code: int,
    found: Found,
    *,
    status: str = "success",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Write an answer; `req_id` is the end of the request's id in our log."""
    envelope: dict[str, Any] = {}
    if found.total is not None:
        envelope["number_of_elements"] = found.total
    envelope |= {
        "data": found.data,
        "req_id": request.state.request_id[-ID_LETTERS:],
        "message": found.message,
        "status": status,
        "code": code,
        **found.extra,
    }
    return Response(
        to_json(envelope), code, headers={**(headers or {}), "content-type": MEDIA_TYPE}
    )


def listed(rows: Sequence[Any], total: int) -> Found:
    """Give a page of rows; none at all is 404, which clients take for an empty list."""
    if not rows:
        raise Answer(NOTHING, NO_ROWS)
    return Found(data=rows, total=total)


def fail(refusal: Refusal) -> NoReturn:
    """End an action with what a verb refused."""
    faults = [fault.text for fault in refusal.faults if fault.text.lower() != refusal.text.lower()]
    raise Answer(FAILED, "; ".join([refusal.text, *faults[:5]]))
