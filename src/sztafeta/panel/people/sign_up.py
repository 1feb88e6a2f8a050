"""Signing up: the form, the letter, the SMS; and the invitation of somebody to a firm that is here."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from sztafeta.account.password import PasswordFault
from sztafeta.panel.needs import ANYBODY
from sztafeta.panel.pages import Pages
from sztafeta.panel.people.cookies import client_of
from sztafeta.panel.people.forms import AcceptForm, SignUpForm
from sztafeta.panel.people.words import BUSY, PASSWORD_FAULTS
from sztafeta.panel.visit import Visit
from sztafeta.service.people.hashing import TooBusy
from sztafeta.service.people.people import PeopleFault
from sztafeta.service.people.sign_up import SignUpAnswer, SignUpWish, masked

pages = Pages("sign_up")


@pages.get("/sign-up", needs=ANYBODY)
async def sign_up(visit: Visit) -> Response:
    """Ask a firm about itself."""
    return _form_page(visit, visit.blank(SignUpForm))


@pages.post("/sign-up", needs=ANYBODY)
async def take_sign_up(visit: Visit) -> Response:
    """Send the letter that confirms the address."""
    form = await visit.filled(SignUpForm)
    if not form.validate():
        return _form_page(visit, form, http_status=422)
    wish = SignUpWish(
        company=replace(form.told(), terms_accepted_at=visit.now),
        email=form.email.data,
        phone=form.phone.data,
        name=form.name.data,
        language=visit.language,
    )
    answer = await visit.desk.people.sign_up.ask(wish, client_of(visit))
    if answer is SignUpAnswer.WAIT:
        fault = visit.gettext("Many accounts were opened from your network. Try again in an hour.")
        return _form_page(visit, form, http_status=429, fault=fault)
    if answer is SignUpAnswer.CLOSED:
        return _form_page(visit, form, http_status=503)
    return visit.go("/panel/sign-up/sent")


def _form_page(
    visit: Visit, form: SignUpForm, *, http_status: int = 200, fault: str = ""
) -> Response:
    people = visit.desk.people
    if not people.sign_up.is_open:
        return visit.page("people/sign_up_closed.html", http_status=http_status)
    return visit.page(
        "people/sign_up.html",
        http_status=http_status,
        form=form,
        fault=fault,
        terms_url=people.terms_url,
    )


@pages.get("/sign-up/sent", needs=ANYBODY)
async def letter_sent(visit: Visit) -> Response:
    """Say where to look; the same for every address."""
    return visit.page("people/letter_sent.html")


@pages.get("/sign-up/{token}", needs=ANYBODY)
async def confirm(visit: Visit) -> Response:
    """Ask for a click: programs that check mail follow links, people press buttons."""
    wish = await visit.desk.people.sign_up.wish_of_link(visit.request.path_params["token"])
    if wish is None:
        return visit.page("people/link_gone.html", http_status=410, of_sign_up=True)
    return visit.page(
        "people/confirm.html", wish=wish, phone=masked(wish.phone), answer="", account_name=""
    )


@pages.post("/sign-up/{token}", needs=ANYBODY)
async def take_confirm(visit: Visit) -> Response:
    """Open the account and send the first password."""
    sign_up, token = visit.desk.people.sign_up, visit.request.path_params["token"]
    wish = await sign_up.wish_of_link(token)
    try:
        confirmed = await sign_up.confirm(token, client_of(visit))
    except TooBusy:
        return visit.go(visit.request.url.path, visit.gettext(BUSY))
    if wish is None or confirmed.answer is SignUpAnswer.GONE:
        return visit.page("people/link_gone.html", http_status=410, of_sign_up=True)
    return visit.page(
        "people/confirm.html",
        wish=wish,
        phone=confirmed.phone,
        answer=confirmed.answer.value,
        account_name=confirmed.account_name,
    )


# -- invitations ----------------------------------------------------------------------------------


@pages.get("/invitation/{token}", needs=ANYBODY)
async def invitation(visit: Visit) -> Response:
    """Ask whoever was invited for name and password."""
    return await _invitation_page(visit, visit.blank(AcceptForm))


@pages.post("/invitation/{token}", needs=ANYBODY)
async def take_invitation(visit: Visit) -> Response:
    """Make a member of whoever was invited."""
    form = await visit.filled(AcceptForm)
    if not form.validate():
        return await _invitation_page(visit, form, http_status=422)
    try:
        answer = await visit.desk.people.invitations.accept(
            visit.request.path_params["token"],
            name=form.name.data,
            phone=form.phone.data or "",
            language=visit.language,
            password=form.new.data,
            client=client_of(visit),
        )
    except TooBusy:
        form.new.errors = [visit.gettext(BUSY)]
        return await _invitation_page(visit, form, http_status=503)
    if isinstance(answer, PasswordFault):
        form.new.errors = [visit.gettext(PASSWORD_FAULTS[answer])]
        return await _invitation_page(visit, form, http_status=422)
    if isinstance(answer, PeopleFault):
        return visit.page("people/link_gone.html", http_status=410, of_sign_up=False)
    notice = visit.gettext(
        "Welcome. Log in with your e-mail and the password you have just chosen."
    )
    return visit.go("/panel/login", notice)


async def _invitation_page(visit: Visit, form: AcceptForm, *, http_status: int = 200) -> Response:
    wanted = await visit.desk.people.invitations.invited(visit.request.path_params["token"])
    if wanted is None:
        return visit.page("people/link_gone.html", http_status=410, of_sign_up=False)
    return visit.page("people/invitation.html", http_status=http_status, form=form, wanted=wanted)
