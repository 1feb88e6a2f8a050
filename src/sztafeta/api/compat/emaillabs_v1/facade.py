"""EmailLabs v1 at the root of our host: who calls, which action, how an error looks (§1.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sztafeta.account.api_key import ApiKey, Scope
from sztafeta.api.body import IN_MEMORY
from sztafeta.api.caller import key_text, prove_text
from sztafeta.api.compat.emaillabs_v1 import accounts, blacklist, log, sending
from sztafeta.api.compat.emaillabs_v1.envelope import (
    BAD_KEY,
    DONE,
    FAILED,
    NOTHING,
    TWO_KEYS,
    Answer,
    Found,
    write,
)
from sztafeta.api.compat.emaillabs_v1.visit import Visit
from sztafeta.api.compat.facade import is_below
from sztafeta.api.compat.php_form import FormFault, Tree, parse_form
from sztafeta.api.credentials import BASIC, kinds_of, refuse_two_kinds
from sztafeta.api.desk import Desk, at_desk
from sztafeta.api.problem import Problem
from sztafeta.service.fault import Refusal

ROOT: Final = "/api"
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
BAD_KEYS: Final = "App Key is invalid"
FORM_WANTED: Final = "Send application/x-www-form-urlencoded, not multipart/form-data"
_CODES: Final = {400: TWO_KEYS, 401: BAD_KEY, 403: BAD_KEY, 404: NOTHING, 405: NOTHING}
"""HTTP statuses of problems → its own codes; any other is `FAILED`."""

Doer = Callable[[Visit], Awaitable[Found]]
ACTIONS: Final[dict[tuple[str, str], tuple[Doer, Scope]]] = {
    ("sendmail", "POST"): (sending.send, Scope.SEND),
    ("new_sendmail", "POST"): (sending.send, Scope.SEND),
    ("sendmail_templates", "POST"): (sending.send_template, Scope.SEND),
    ("add_template", "POST"): (sending.add_template, Scope.TEMPLATES),
    ("emails", "GET"): (log.emails, Scope.READ),
    ("smtp_events", "GET"): (log.smtp_events, Scope.READ),
    ("opens", "GET"): (log.opens_and_clicks, Scope.READ),
    ("clicks", "GET"): (log.opens_and_clicks, Scope.READ),
    ("blacklists", "GET"): (blacklist.show, Scope.READ),
    ("blacklists", "POST"): (blacklist.add, Scope.SUPPRESSIONS),
    ("blacklists", "DELETE"): (blacklist.remove, Scope.SUPPRESSIONS),
    ("blacklist_reasons", "GET"): (blacklist.reasons, Scope.READ),
    ("is_mail_tmp", "GET"): (accounts.is_temporary, Scope.READ),
    ("smtp", "GET"): (accounts.smtp, Scope.READ),
    ("agregate", "GET"): (log.aggregate, Scope.READ),
    ("agregate_tags", "GET"): (log.aggregate_tags, Scope.READ),
}


class EmailLabsV1:
    """Implements `Facade`."""

    def __init__(self) -> None:
        self.router = APIRouter()
        self.router.add_route(f"{ROOT}/{{action:path}}", act, METHODS, include_in_schema=False)

    def serves(self, path: str) -> bool:
        """Say whether a path is this dialect's."""
        return is_below(path, ROOT)

    def say(self, request: Request, problem: Problem) -> Response:
        """Write a problem in the dialect."""
        code = _CODES.get(problem.http_status, FAILED)
        found = Found(message=problem.detail)
        return write(request, code, found, status="error", headers=problem.headers)


async def act(request: Request) -> Response:
    """Do an action."""
    refuse_two_kinds(request)
    desk = at_desk(request)
    action, _, rest = request.path_params["action"].partition("/")
    try:
        key = await _prove(request, desk)
        doer = _doer(action, request.method, key)
        async with _form(request, desk) as form:
            found = await doer(Visit(request, desk, key, form, rest.rstrip("/")))
        return write(request, DONE, found)
    except Answer as answer:
        return write(request, answer.code, Found(message=str(answer)), status="error")


async def _prove(request: Request, desk: Desk) -> ApiKey:
    if BASIC not in kinds_of(request.headers):
        raise Answer(BAD_KEY, BAD_KEYS)
    text = key_text(request.headers.get("authorization", ""))
    proved = await prove_text(request, desk.keys, text)
    if isinstance(proved, Refusal):
        raise Answer(BAD_KEY, BAD_KEYS)
    return proved


def _doer(action: str, method: str, key: ApiKey) -> Doer:
    if (action, method) not in ACTIONS:
        known = ", ".join(f"{verb} {name}" for name, verb in ACTIONS)
        raise Answer(NOTHING, f"Unknown action {method} {action}; known: {known}")
    doer, scope = ACTIONS[action, method]
    if not key.may(scope):
        raise Answer(BAD_KEY, f"The key lacks the scope {scope.value}")
    return doer


@asynccontextmanager
async def _form(request: Request, desk: Desk) -> AsyncIterator[Tree]:
    """Read the body's fields, or without a body the query's; a big one beside the loop."""
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise Answer(FAILED, FORM_WANTED)
    async with desk.bodies.body(request) as body:
        octets = body.octets or request.scope["query_string"]
        try:
            if len(octets) > IN_MEMORY:
                form = await asyncio.to_thread(parse_form, octets)
            else:
                form = parse_form(octets)
        except FormFault as fault:
            raise Answer(FAILED, str(fault)) from fault
        yield form
