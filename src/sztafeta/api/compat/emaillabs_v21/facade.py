"""EmailLabs v2.1 at the root of our host: who calls, which resource, how an error looks (§2.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sztafeta.account.api_key import ApiKey, Scope
from sztafeta.api.caller import prove_text
from sztafeta.api.compat.emaillabs_v21 import blacklist, sending, statuses, templates
from sztafeta.api.compat.emaillabs_v21.envelope import (
    BAD_KEY,
    BAD_REQUEST,
    NO_ROWS,
    Outcome,
    Refused,
    Trouble,
    write,
)
from sztafeta.api.compat.emaillabs_v21.visit import Visit
from sztafeta.api.compat.facade import is_below
from sztafeta.api.credentials import APPLICATION_KEY, refuse_two_kinds
from sztafeta.api.desk import Desk, at_desk
from sztafeta.api.problem import Problem
from sztafeta.api.problem_kinds import BY_CODE
from sztafeta.service.fault import Refusal

ROOT: Final = "/v2.1"
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
_STATUSES: Final = {401: BAD_KEY, 403: BAD_KEY, 404: NO_ROWS, 405: NO_ROWS, 429: 429}
"""HTTP statuses of problems → its own; what else a client did wrong is 400, our own mistakes are 500."""

Doer = Callable[[Visit], Awaitable[Outcome]]
RESOURCES: Final[dict[tuple[str, str], tuple[Doer, Scope]]] = {
    ("email", "POST"): (sending.send, Scope.SEND),
    ("email", "GET"): (statuses.statuses, Scope.READ),
    ("email/open", "GET"): (statuses.opens_and_clicks, Scope.READ),
    ("email/click", "GET"): (statuses.opens_and_clicks, Scope.READ),
    ("email/smtpAccount", "GET"): (statuses.accounts, Scope.READ),
    ("email/smtpAccount", "OPTIONS"): (statuses.accounts, Scope.READ),
    ("email/template", "GET"): (templates.show, Scope.READ),
    ("email/template", "POST"): (templates.add, Scope.TEMPLATES),
    ("email/template", "DELETE"): (templates.remove, Scope.TEMPLATES),
    ("email/blacklist", "GET"): (blacklist.show, Scope.READ),
    ("email/blacklist", "POST"): (blacklist.add, Scope.SUPPRESSIONS),
    ("email/blacklist/{smtp}", "DELETE"): (blacklist.remove, Scope.SUPPRESSIONS),
    ("email/blacklist/reason", "GET"): (blacklist.reasons, Scope.READ),
    ("email/blacklist/reason", "OPTIONS"): (blacklist.reasons, Scope.READ),
    **{
        (f"email/domain/blacklist{rest}", method): (blacklist.refuse_domains, Scope.READ)
        for rest in ("", "/{smtp}")
        for method in ("GET", "POST", "DELETE")
    },
}
_ANY: Final = "{smtp}"


class EmailLabsV21:
    """Implements `Facade`."""

    def __init__(self) -> None:
        self.router = APIRouter()
        self.router.add_route(f"{ROOT}/{{resource:path}}", act, METHODS, include_in_schema=False)

    def serves(self, path: str) -> bool:
        """Say whether a path is this dialect's."""
        return is_below(path, ROOT)

    def say(self, request: Request, problem: Problem) -> Response:
        """Write a problem in the dialect."""
        otherwise = BAD_REQUEST if problem.http_status < 500 else 500
        status = _STATUSES.get(problem.http_status, otherwise)
        title = BY_CODE[problem.code].title
        trouble = Trouble(title=title, message=problem.detail, code=problem.code)
        return write(request, status, Outcome(troubles=(trouble,)), problem.headers)


async def act(request: Request) -> Response:
    """Do what is asked of a resource."""
    refuse_two_kinds(request)
    desk = at_desk(request)
    try:
        key = await _prove(request, desk)
        doer, rest = _doer(request.path_params["resource"].rstrip("/"), request.method, key)
        async with desk.bodies.body(request) as body:
            outcome = await doer(Visit(request, desk, key, body.octets, rest))
        return write(request, outcome.status, outcome)
    except Refused as refused:
        request.state.cause = refused.troubles[0].code
        return write(request, refused.status, Outcome(troubles=refused.troubles))


async def _prove(request: Request, desk: Desk) -> ApiKey:
    """Prove the key in Authorization, which stands there without a scheme."""
    if APPLICATION_KEY.lower() not in request.headers:
        raise Refused(BAD_KEY, _bad_key("Send Application-Key and Authorization"))
    text = request.headers.get("authorization", "").strip()
    proved = await prove_text(request, desk.keys, text)
    if isinstance(proved, Refusal):
        raise Refused(BAD_KEY, _bad_key(proved.text, proved.code))
    return proved


def _bad_key(message: str, code: str = "auth_missing") -> Trouble:
    return Trouble(title="Unauthorized", message=message, code=code)


def _doer(path: str, method: str, key: ApiKey) -> tuple[Doer, str]:
    """Find who does it, and what stands in the path for the SMTP account."""
    parent, _, last = path.rpartition("/")
    for pattern, rest in ((path, ""), (f"{parent}/{_ANY}", last)):
        if (pattern, method) in RESOURCES:
            doer, scope = RESOURCES[pattern, method]
            if not key.may(scope):
                message = f"The key lacks the scope {scope.value}"
                raise Refused(BAD_KEY, _bad_key(message, "scope_missing"))
            return doer, rest
    known = ", ".join(f"{verb} {name}" for name, verb in RESOURCES)
    message = f"There is no {method} {path} here; known: {known}"
    raise Refused(NO_ROWS, Trouble(title="Not found", message=message, code="unknown_resource"))
