"""The way in and out: login, second step, logout."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from sztafeta.panel.needs import ANYBODY, SIGNED_IN
from sztafeta.panel.pages import Pages
from sztafeta.panel.people.cookies import (
    SECOND_STEP_COOKIE,
    client_of,
    with_second_step,
    with_session,
    without_session,
)
from sztafeta.panel.people.forms import CodeForm, LoginForm
from sztafeta.panel.people.words import login_sentence
from sztafeta.panel.visit import Visit
from sztafeta.panel.ways import wanted
from sztafeta.service.people.log_in import (
    LoggedIn,
    LoginFault,
    LoginRefused,
    SecondStepNeeded,
)

pages = Pages("entry")
SECOND_PATH: Final = "/panel/login/second"
PASSWORD_PATH: Final = "/panel/profile/password"  # noqa: S105 - a path
_STATUS: Final = {LoginFault.WAIT: 429, LoginFault.BUSY: 503}


@pages.get("/login", needs=ANYBODY)
async def login(visit: Visit) -> Response:
    """Ask for name and password."""
    if visit.visitor is not None:
        return visit.go(wanted(visit.request))
    return _login_page(visit, visit.blank(LoginForm))


@pages.post("/login", needs=ANYBODY)
async def take_login(visit: Visit) -> Response:
    """Take the first step."""
    form = await visit.filled(LoginForm)
    if not form.validate():
        return _login_page(visit, form, http_status=422)
    log_in = visit.desk.people.log_in
    answer = await log_in.by_password(form.login.data, form.password.data, client_of(visit))
    if isinstance(answer, LoginRefused):
        return _refused(visit, form, answer)
    if isinstance(answer, SecondStepNeeded):
        way = visit.go(f"{SECOND_PATH}?next={quote(wanted(visit.request), safe='')}")
        return with_second_step(way, answer.token)
    return _let_in(visit, answer)


def _login_page(
    visit: Visit, form: LoginForm, *, http_status: int = 200, fault: str = ""
) -> Response:
    people = visit.desk.people
    return visit.page(
        "people/login.html",
        http_status=http_status,
        form=form,
        fault=fault,
        next=wanted(visit.request),
        can_sign_up=people.sign_up.is_open,
        has_passkeys=people.passkeys.can_be_used,
    )


def _refused(visit: Visit, form: LoginForm, refused: LoginRefused) -> Response:
    """Show the form again; the password is typed anew."""
    answer = _login_page(
        visit,
        form,
        http_status=_STATUS.get(refused.fault, 422),
        fault=login_sentence(visit, refused),
    )
    if refused.wait:
        answer.headers["Retry-After"] = str(max(1, round(refused.wait.total_seconds())))
    return answer


def _let_in(visit: Visit, logged_in: LoggedIn) -> Response:
    must_change = logged_in.member.must_change_password
    return with_session(
        visit, visit.go(PASSWORD_PATH if must_change else wanted(visit.request)), logged_in.token
    )


# -- the second step ------------------------------------------------------------------------------


@pages.get("/login/second", needs=ANYBODY)
async def second_step(visit: Visit) -> Response:
    """Ask for the code of an app, a recovery code or a passkey."""
    return await _second_page(visit, visit.blank(CodeForm))


@pages.post("/login/second", needs=ANYBODY)
async def take_second_step(visit: Visit) -> Response:
    """Take the code."""
    form = await visit.filled(CodeForm)
    if not form.validate():
        return await _second_page(visit, form, http_status=422)
    answer = await visit.desk.people.second_step.by_code(
        _half(visit), form.code.data, client_of(visit)
    )
    if isinstance(answer, LoggedIn):
        return _let_in(visit, answer)
    if answer.fault is LoginFault.WRONG:
        form.code.errors = [
            visit.gettext("This code is wrong, was used already or is too old. Type the next one.")
        ]
        return await _second_page(visit, form, http_status=422)
    return _refused(visit, visit.blank(LoginForm), answer)


async def _second_page(visit: Visit, form: CodeForm, *, http_status: int = 200) -> Response:
    people = visit.desk.people
    member_id = await people.second_step.member_of(_half(visit))
    if member_id is None:
        return _refused(visit, visit.blank(LoginForm), LoginRefused(fault=LoginFault.GONE))
    passkeys = await people.passkeys.of_member(member_id)
    return visit.page(
        "people/second_step.html",
        http_status=http_status,
        form=form,
        next=wanted(visit.request),
        has_passkeys=bool(passkeys) and people.passkeys.can_be_used,
    )


def _half(visit: Visit) -> str:
    return visit.request.cookies.get(SECOND_STEP_COOKIE, "")


# -- passkeys -------------------------------------------------------------------------------------


@pages.post("/login/passkey/challenge", needs=ANYBODY)
async def passkey_challenge(visit: Visit) -> Response:
    """Give a browser something to sign: of a half-finished login, or of anybody."""
    people = visit.desk.people
    member_id = await people.second_step.member_of(_half(visit)) if _half(visit) else None
    challenge = await people.passkeys.ask(member_id)
    return JSONResponse({"token": challenge.token, "options": json.loads(challenge.options)})


@pages.post("/login/passkey", needs=ANYBODY)
async def take_passkey(visit: Visit) -> Response:
    """Take what a passkey signed."""
    form = await visit.form()
    second_step = visit.desk.people.second_step
    half = _half(visit) if await second_step.member_of(_half(visit)) is not None else ""
    answer = await second_step.by_passkey(
        str(form.get("challenge", "")), str(form.get("answer", "")), client_of(visit), token=half
    )
    if isinstance(answer, LoggedIn):
        return _let_in(visit, answer)
    fault = login_sentence(visit, answer)
    if answer.fault is LoginFault.WRONG:
        fault = visit.gettext("This passkey is not known here. Log in with the password.")
    return _login_page(visit, visit.blank(LoginForm), http_status=422, fault=fault)


# -- the way out ----------------------------------------------------------------------------------


@pages.post("/logout", needs=SIGNED_IN, works_before_password=True, works_before_second_step=True)
async def log_out(visit: Visit) -> Response:
    """End this session."""
    if visit.session_id is not None:
        await visit.desk.sessions.end(visit.session_id)
    return without_session(visit.go("/panel", visit.gettext("You are logged out.")))
