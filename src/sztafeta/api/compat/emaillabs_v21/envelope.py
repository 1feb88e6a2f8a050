"""EmailLabs v2.1's envelope: `meta`, `data` and `errors` on every answer (emaillabs.md §2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from starlette.requests import Request
from starlette.responses import Response

from sztafeta.api.json_text import to_json
from sztafeta.service.fault import Refusal

MEDIA_TYPE: Final = "application/json"
ID_LETTERS: Final = 10
DONE, PARTLY, BAD_REQUEST, BAD_KEY, NO_ROWS = 200, 207, 400, 401, 404
LONGEST_VALUE: Final = 200
BODY: Final = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One of `errors`."""

    title: str
    message: str
    code: str
    parameter: str = ""
    value: str = ""

    def written(self) -> dict[str, Any]:
        """Give it as it is sent; `meta` only where something can be pointed at."""
        error: dict[str, Any] = {"title": self.title, "message": self.message, "code": self.code}
        if self.parameter:
            value = self.value[:LONGEST_VALUE]
            error["meta"] = {"parameter": self.parameter, "value": value, "source": BODY}
        return error


class Refused(Exception):
    """Ends a call with nothing done."""

    def __init__(self, status: int, *troubles: Trouble) -> None:
        super().__init__(troubles[0].message)
        self.status = status
        self.troubles = troubles


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call gives."""

    data: Sequence[Any] = ()
    troubles: Sequence[Trouble] = ()

    @property
    def status(self) -> int:
        """All, some, or none of the call was done."""
        if not self.troubles:
            return DONE
        return PARTLY if self.data else BAD_REQUEST


def write(
    request: Request, status: int, outcome: Outcome, headers: Mapping[str, str] | None = None
) -> Response:
    """Write an answer; `uniqId` is the end of the request's id in our log."""
    envelope = {
        "meta": {
            "numberOfErrors": len(outcome.troubles),
            "numberOfData": len(outcome.data),
            "status": status,
            "uniqId": request.state.request_id[-ID_LETTERS:],
        },
        "data": list(outcome.data),
        "errors": [one.written() for one in outcome.troubles],
    }
    return Response(to_json(envelope), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def refuse(message: str, *, code: str = "invalid", title: str = "Bad request") -> NoReturn:
    """End a call that cannot be done."""
    raise Refused(BAD_REQUEST, Trouble(title=title, message=message, code=code))


def listed(rows: Sequence[Any]) -> Outcome:
    """Give rows; a valid question that matches nothing is 404."""
    if not rows:
        nothing_matches()
    return Outcome(rows)


def nothing_matches() -> NoReturn:
    """End a question whose answer is no row."""
    raise Refused(NO_ROWS, Trouble(title="Not found", message="No data", code="no_data"))


def fail(refusal: Refusal) -> NoReturn:
    """End a call with what a verb refused; clients look for *is not authorized* (emaillabs.md §2.1)."""
    if refusal.code == "from_not_allowed":
        message = f"The sender's domain is not authorized: {refusal.text}"
        refuse(message, code=refusal.code, title="Sender")
    faults = refusal.faults or ()
    troubles = [
        Trouble(
            title="Validation",
            message=one.text,
            code=one.code,
            parameter=one.pointer.strip("/").replace("/", "."),
        )
        for one in faults
    ]
    status = BAD_REQUEST if refusal.http_status < 500 else refusal.http_status
    whole = Trouble(title="Bad request", message=refusal.text, code=refusal.code)
    raise Refused(status, *(troubles or [whole]))
