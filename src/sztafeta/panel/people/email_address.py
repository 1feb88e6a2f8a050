"""Administrator › My profile › E-mail address: asked for here, confirmed by a link to the new address."""

from __future__ import annotations

from starlette.responses import Response

from sztafeta.panel.needs import SIGNED_IN
from sztafeta.panel.pages import Pages
from sztafeta.panel.people.cookies import client_of, with_session
from sztafeta.panel.people.forms import EmailForm
from sztafeta.panel.people.profile import HERE
from sztafeta.panel.people.words import BUSY, EMAIL_FAULTS, PASSWORD_REFUSALS
from sztafeta.panel.visit import Visit
from sztafeta.service.people.email_change import EmailFault
from sztafeta.service.people.hashing import TooBusy
from sztafeta.service.people.passwords import PasswordRefusal

pages = Pages("email_address")


@pages.get("/profile/email", needs=SIGNED_IN)
async def email_address(visit: Visit) -> Response:
    """Ask for the new address."""
    return _page(visit, visit.blank(EmailForm))


@pages.post("/profile/email", needs=SIGNED_IN)
async def ask_for_email_address(visit: Visit) -> Response:
    """Send the link; the answer is the same for an address that somebody has (S-31)."""
    form = await visit.filled(EmailForm)
    if not form.validate():
        return _page(visit, form, http_status=422)
    new, password = form.email.data, form.password.data
    try:
        refused = await visit.desk.people.email_change.ask(
            visit.member, new, password=password, client=client_of(visit)
        )
    except TooBusy:
        form.password.errors = [visit.gettext(BUSY)]
        return _page(visit, form, http_status=503)
    if isinstance(refused, PasswordRefusal):
        form.password.errors = [visit.gettext(PASSWORD_REFUSALS[refused])]
        return _page(visit, form, http_status=422)
    if isinstance(refused, EmailFault):
        form.email.errors = [visit.gettext(EMAIL_FAULTS[refused])]
        return _page(visit, form, http_status=429 if refused is EmailFault.WAIT else 422)
    notice = visit.gettext(
        "A link is on its way to %(email)s. Open it within 30 minutes and confirm the change; until then"
        " your address stays as it is."
    )
    return visit.go(HERE, notice % {"email": new})


def _page(visit: Visit, form: EmailForm, *, http_status: int = 200) -> Response:
    is_open = visit.desk.people.email_change.is_open
    return visit.page("people/email.html", http_status=http_status, form=form, is_open=is_open)


@pages.get("/profile/email/{token}", needs=SIGNED_IN)
async def confirm_email_address(visit: Visit) -> Response:
    """Ask for a click: programs that check mail follow links, people press buttons."""
    token = visit.request.path_params["token"]
    new = await visit.desk.people.email_change.new_address(visit.member, token)
    return _gone(visit) if new is None else visit.page("people/email_confirm.html", new=new)


@pages.post("/profile/email/{token}", needs=SIGNED_IN)
async def change_email_address(visit: Visit) -> Response:
    """Change it; all other sessions end, and this one gets another token."""
    change, token = visit.desk.people.email_change, visit.request.path_params["token"]
    if visit.session_id is None or await change.new_address(visit.member, token) is None:
        return _gone(visit)
    answer = await change.confirm(visit.member, visit.session_id, token, client_of(visit))
    if isinstance(answer, EmailFault):
        return visit.go(HERE, visit.gettext(EMAIL_FAULTS[answer]))
    notice = visit.gettext("The e-mail address was changed. All other sessions have ended.")
    return with_session(visit, visit.go(HERE, notice), answer.token)


def _gone(visit: Visit) -> Response:
    """Say that the link does not work, whether it is another's, nobody's or an old one (W-01)."""
    return visit.page("people/email_link_gone.html", http_status=404)
