"""A forgotten password: a link by e-mail, and a new password by the link."""

from __future__ import annotations

from starlette.responses import Response

from sztafeta.account.password import PasswordFault
from sztafeta.panel.needs import ANYBODY
from sztafeta.panel.pages import Pages
from sztafeta.panel.people.cookies import client_of, without_session
from sztafeta.panel.people.forms import ForgottenForm, NewPasswordForm
from sztafeta.panel.people.words import BUSY, PASSWORD_FAULTS, PASSWORD_REFUSALS
from sztafeta.panel.visit import Visit
from sztafeta.service.people.hashing import TooBusy
from sztafeta.service.people.passwords import PasswordRefusal

pages = Pages("reset")


@pages.get("/forgotten", needs=ANYBODY)
async def forgotten(visit: Visit) -> Response:
    """Ask whose password it is."""
    return _forgotten_page(visit, visit.blank(ForgottenForm))


@pages.post("/forgotten", needs=ANYBODY)
async def take_forgotten(visit: Visit) -> Response:
    """Send a link if there is such a member; the page is the same if there is none (S-31)."""
    form = await visit.filled(ForgottenForm)
    if not form.validate():
        return _forgotten_page(visit, form, http_status=422)
    refused = await visit.desk.people.passwords.ask_for_reset(form.login.data, client_of(visit))
    if refused is not None:
        form.login.errors = [visit.gettext(PASSWORD_REFUSALS[refused])]
        return _forgotten_page(visit, form, http_status=429)
    return _forgotten_page(visit, form, is_sent=True)


def _forgotten_page(
    visit: Visit, form: ForgottenForm, *, http_status: int = 200, is_sent: bool = False
) -> Response:
    return visit.page(
        "people/forgotten.html",
        http_status=http_status,
        form=form,
        is_sent=is_sent,
        can_be_reset=visit.desk.people.passwords.can_be_reset,
    )


@pages.get("/reset/{token}", needs=ANYBODY)
async def reset(visit: Visit) -> Response:
    """Ask for the new password."""
    return await _page(visit, visit.blank(NewPasswordForm))


@pages.post("/reset/{token}", needs=ANYBODY)
async def take_reset(visit: Visit) -> Response:
    """Set it; nobody is logged in by that (W-17)."""
    form = await visit.filled(NewPasswordForm)
    if not form.validate():
        return await _page(visit, form, http_status=422)
    token = visit.request.path_params["token"]
    try:
        answer = await visit.desk.people.passwords.reset(token, form.new.data, client_of(visit))
    except TooBusy:
        form.new.errors = [visit.gettext(BUSY)]
        return await _page(visit, form, http_status=503)
    if isinstance(answer, PasswordFault):
        form.new.errors = [visit.gettext(PASSWORD_FAULTS[answer])]
        return await _page(visit, form, http_status=422)
    if isinstance(answer, PasswordRefusal):
        return await _page(visit, form)
    notice = visit.gettext(
        "The password was changed and all sessions have ended. Log in with the new one."
    )
    return without_session(visit.go("/panel/login", notice))


async def _page(visit: Visit, form: NewPasswordForm, *, http_status: int = 200) -> Response:
    token = visit.request.path_params["token"]
    member = await visit.desk.people.passwords.member_of_link(token)
    if member is None:
        return visit.page("people/link_gone.html", http_status=410, of_sign_up=False)
    return visit.page("people/reset.html", http_status=http_status, form=form, whose=member)
