"""The cookies of a login: the session's, and that of a half-finished login."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.responses import Response

from sztafeta.panel.door import SESSION_COOKIE
from sztafeta.panel.visit import Visit
from sztafeta.service.people.log_in import SECOND_STEP_VALID, Client

SECOND_STEP_COOKIE: Final = "__Host-second-step"


def client_of(visit: Visit) -> Client:
    """Say from where somebody comes, and with what."""
    return Client(
        address=visit.address, user_agent=visit.request.headers.get("user-agent", "")[:300]
    )


def with_session(visit: Visit, answer: Response, token: str) -> Response:
    """Put a session's token into the browser (W-05)."""
    _put(answer, SESSION_COOKIE, token, visit.desk.sessions.lifetime)
    answer.delete_cookie(SECOND_STEP_COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def with_second_step(answer: Response, token: str) -> Response:
    """Remember a half-finished login."""
    _put(answer, SECOND_STEP_COOKIE, token, SECOND_STEP_VALID)
    return answer


def without_session(answer: Response) -> Response:
    """Take the session's token out of the browser."""
    answer.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def _put(answer: Response, name: str, value: str, kept: timedelta) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=int(kept.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
