"""Problems: how the HTTP API says no (RFC 9457), and the fields every answer carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import Response

from sztafeta.api.json_text import to_json
from sztafeta.api.pointers import faults_of
from sztafeta.api.problem_kinds import BY_CODE
from sztafeta.service.fault import Fault, Refusal

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(slots=True)
class Problem(Exception):
    """Raised by a route; written once, by the application."""

    code: str
    detail: str
    fix: str = ""
    errors: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, refusal: Refusal) -> Problem:
        """Say a verb's refusal in HTTP."""
        headers = {}
        if refusal.retry_after is not None:
            headers["Retry-After"] = str(refusal.retry_after)
        return cls(refusal.code, refusal.text, refusal.fix, refusal.faults, headers)

    @property
    def http_status(self) -> int:
        """The status that goes with the code."""
        return BY_CODE[self.code].http_status


def describe(problem: Problem, *, base_url: str, request_id: str) -> dict[str, Any]:
    """Give the problem as the JSON object that is sent (RFC 9457 §3)."""
    kind = BY_CODE[problem.code]
    document: dict[str, Any] = {
        "type": f"{base_url}/v1/errors/{kind.code}",
        "title": kind.title,
        "status": kind.http_status,
        "detail": problem.detail,
        "code": kind.code,
        "request_id": request_id,
        "retryable": kind.retryable,
        "fix": problem.fix or kind.meaning,
    }
    if problem.errors:
        document["errors"] = [
            {"pointer": one.pointer, "code": one.code, "detail": one.text} for one in problem.errors
        ]
    return document


def answer(problem: Problem, *, base_url: str, request_id: str) -> Response:
    """Write the answer."""
    return Response(
        to_json(describe(problem, base_url=base_url, request_id=request_id)),
        problem.http_status,
        headers=dict(problem.headers),
        media_type=MEDIA_TYPE,
    )


def invalid(errors: Sequence[Any]) -> Problem:
    """Say which values of a call cannot be used."""
    if any(one["type"] == "json_invalid" for one in errors):
        return Problem("malformed_body", f"The body is not JSON: {errors[0]['ctx']['error']}.")
    faults = faults_of(errors)
    return Problem("invalid", how_many(len(faults)), errors=faults)


def how_many(faults: int) -> str:
    """Count the faults that `errors` names."""
    return f"{faults} value(s) of the call cannot be used."
