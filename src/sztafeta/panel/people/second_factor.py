"""Administrator › My profile › second step: an app, recovery codes, passkeys."""

from __future__ import annotations

import json
from urllib.parse import quote

import segno
from markupsafe import Markup
from starlette.responses import JSONResponse, Response

from sztafeta.account.totp import make_seed, read_seed, seed_address, seed_text
from sztafeta.panel.needs import SIGNED_IN
from sztafeta.panel.pages import Pages
from sztafeta.panel.people.cookies import client_of, with_session
from sztafeta.panel.people.forms import AppForm, PasswordForm
from sztafeta.panel.people.profile import HERE
from sztafeta.panel.people.words import BUSY, LAST_FACTOR, PASSWORD_REFUSALS, REQUIRED_WHY
from sztafeta.panel.visit import Visit
from sztafeta.panel.ways import wanted
from sztafeta.service.people.hashing import TooBusy
from sztafeta.service.people.second_factors import SwitchedOn

pages = Pages("second_factor")


@pages.get("/profile/second-step", needs=SIGNED_IN, works_before_second_step=True)
async def second_step_needed(visit: Visit) -> Response:
    """Say why a second step is required, and offer both kinds; the door leads here."""
    if not visit.lacks_second_step:
        return visit.go(HERE)
    return visit.page(
        "people/second_step_needed.html",
        next=wanted(visit.request),
        required_why=REQUIRED_WHY,
        can_use_passkeys=visit.desk.people.passkeys.can_be_used,
    )


@pages.get("/profile/app", needs=SIGNED_IN, works_before_second_step=True)
async def app(visit: Visit) -> Response:
    """Show a fresh seed as a QR code."""
    return await _app_page(visit, visit.blank(AppForm), make_seed())


@pages.post("/profile/app", needs=SIGNED_IN, works_before_second_step=True)
async def switch_app_on(visit: Visit) -> Response:
    """Take the first code of an app; one that replaces another needs the password once more."""
    form = await visit.filled(AppForm)
    seed = read_seed(form.seed.data or "")
    if seed is None or visit.session_id is None:
        return visit.go(f"{HERE}/app?next={quote(wanted(visit.request), safe='')}")
    if not form.validate():
        return await _app_page(visit, form, seed, http_status=422)
    if await visit.desk.people.second_factors.has_totp(visit.member):
        refused = await _refusal_of(visit, form.password.data or "")
        if refused is not None:
            form.password.errors = [refused]
            return await _app_page(visit, form, seed, http_status=422)
    switched_on = await visit.desk.people.second_factors.switch_on(
        visit.member, visit.session_id, seed=seed, code=form.code.data, client=client_of(visit)
    )
    if switched_on is None:
        form.code.errors = [
            visit.gettext(
                "The app shows another code. Check that its clock is right, and type the newest."
            )
        ]
        return await _app_page(visit, form, seed, http_status=422)
    return _codes_page(visit, switched_on)


async def _app_page(
    visit: Visit, form: AppForm, seed: bytes, *, http_status: int = 200
) -> Response:
    address = seed_address(seed, account=visit.member.email, service=visit.desk.people.service_name)
    drawn = segno.make(address, error="m").svg_inline(scale=4, border=2, omitsize=True)
    return visit.page(
        "people/app.html",
        http_status=http_status,
        form=form,
        next=wanted(visit.request) if visit.lacks_second_step else "",
        seed=seed_text(seed),
        is_replaced=await visit.desk.people.second_factors.has_totp(visit.member),
        qr=Markup(drawn),  # noqa: S704 - drawn by us, of digits and an escaped address
    )


def _codes_page(visit: Visit, switched_on: SwitchedOn) -> Response:
    way = wanted(visit.request) if visit.lacks_second_step else HERE
    page = visit.page("people/codes.html", codes=switched_on.recovery_codes, way=way)
    return with_session(visit, page, switched_on.token)


@pages.post("/profile/app/off", needs=SIGNED_IN, works_before_second_step=True)
async def switch_app_off(visit: Visit) -> Response:
    """Ask for no codes any more; the password is asked for once more."""
    refused = await _refuse_wrong_password(visit)
    if refused is not None or visit.session_id is None:
        return visit.go(HERE, refused or "")
    token = await visit.desk.people.second_factors.switch_off(
        visit.member, visit.session_id, client_of(visit)
    )
    if token is None:
        return visit.go(HERE, visit.gettext(LAST_FACTOR))
    notice = visit.gettext("The app is not asked for any more. All other sessions have ended.")
    return with_session(visit, visit.go(HERE, notice), token)


@pages.post("/profile/codes", needs=SIGNED_IN, works_before_second_step=True)
async def new_codes(visit: Visit) -> Response:
    """Replace the recovery codes; the password is asked for once more."""
    refused = await _refuse_wrong_password(visit)
    if refused is not None:
        return visit.go(HERE, refused)
    codes = await visit.desk.people.second_factors.new_codes(visit.member)
    await visit.desk.audit.note(visit.member, "second-factor.codes-made", address=visit.address)
    return visit.page("people/codes.html", codes=codes, way=HERE)


async def _refuse_wrong_password(visit: Visit) -> str | None:
    """Say what is wrong with the password that stands in the form."""
    form = await visit.filled(PasswordForm)
    return await _refusal_of(visit, form.password.data or "")


async def _refusal_of(visit: Visit, password: str) -> str | None:
    """Say what is wrong with the password that was typed once more."""
    try:
        refused = await visit.desk.people.passwords.refuse_wrong(
            visit.member, password, client_of(visit)
        )
    except TooBusy:
        return visit.gettext(BUSY)
    return None if refused is None else visit.gettext(PASSWORD_REFUSALS[refused])


# -- passkeys -------------------------------------------------------------------------------------


@pages.post("/profile/passkeys/challenge", needs=SIGNED_IN, works_before_second_step=True)
async def new_passkey_challenge(visit: Visit) -> Response:
    """Ask a browser to make a passkey; the password is asked for once more."""
    refused = await _refuse_wrong_password(visit)
    if refused is not None:
        return JSONResponse({"error": refused}, status_code=422)
    challenge = await visit.desk.people.passkeys.ask_for_new(visit.member)
    return JSONResponse({"token": challenge.token, "options": json.loads(challenge.options)})


@pages.post("/profile/passkeys", needs=SIGNED_IN, works_before_second_step=True)
async def add_passkey(visit: Visit) -> Response:
    """Keep the passkey that a browser made."""
    form = await visit.form()
    if visit.session_id is None:
        return visit.go(HERE)
    switched_on = await visit.desk.people.second_factors.add_passkey(
        visit.member,
        visit.session_id,
        challenge=str(form.get("challenge", "")),
        answer=str(form.get("answer", "")),
        name=str(form.get("name", "")) or visit.gettext("Passkey"),
        client=client_of(visit),
    )
    if switched_on is None:
        return visit.go(HERE, visit.gettext("The passkey was not added. Try again."))
    if switched_on.recovery_codes:
        return _codes_page(visit, switched_on)
    notice = visit.gettext("The passkey was added. All other sessions have ended.")
    way = wanted(visit.request) if visit.lacks_second_step else HERE
    return with_session(visit, visit.go(way, notice), switched_on.token)


@pages.post("/profile/passkeys/{passkey}/remove", needs=SIGNED_IN, works_before_second_step=True)
async def remove_passkey(visit: Visit) -> Response:
    """Forget a passkey; the password is asked for once more."""
    people, wanted = visit.desk.people, visit.request.path_params["passkey"]
    own = await people.passkeys.of_member(visit.member.member_id)
    found = next((one for one in own if one.credential_id.hex() == wanted), None)
    if found is None or visit.session_id is None:
        return visit.not_found()
    refused = await _refuse_wrong_password(visit)
    if refused is not None:
        return visit.go(HERE, refused)
    token = await people.second_factors.remove_passkey(
        visit.member, visit.session_id, found, client_of(visit)
    )
    if token is None:
        return visit.go(HERE, visit.gettext(LAST_FACTOR))
    notice = visit.gettext("The passkey was removed. All other sessions have ended.")
    return with_session(visit, visit.go(HERE, notice), token)
