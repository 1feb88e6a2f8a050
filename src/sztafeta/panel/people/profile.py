"""Administrator › My profile: one's data, the password, the second step, and the sessions."""

from __future__ import annotations

from starlette.responses import Response

from sztafeta.account.password import PasswordFault
from sztafeta.panel.needs import SIGNED_IN
from sztafeta.panel.pages import Pages
from sztafeta.panel.people.browsers import browser_of
from sztafeta.panel.people.cookies import client_of, with_session
from sztafeta.panel.people.forms import NewPasswordForm, ProfileForm
from sztafeta.panel.people.words import BUSY, PASSWORD_FAULTS, PASSWORD_REFUSALS, REQUIRED_WHY
from sztafeta.panel.texts import translations
from sztafeta.panel.visit import Visit
from sztafeta.service.people.hashing import TooBusy
from sztafeta.service.people.passwords import PasswordRefusal

pages = Pages("profile")
HERE = "/panel/profile"


@pages.get("/profile", needs=SIGNED_IN, works_before_second_step=True)
async def profile(visit: Visit) -> Response:
    """Show everything about oneself."""
    member = visit.member
    form = visit.blank(
        ProfileForm, data={"name": member.name, "phone": member.phone, "language": member.language}
    )
    return await _page(visit, form)


@pages.post("/profile", needs=SIGNED_IN, works_before_second_step=True)
async def change_profile(visit: Visit) -> Response:
    """Write one's name, telephone and language."""
    form = await visit.filled(ProfileForm)
    if not form.validate():
        return await _page(visit, form, http_status=422)
    await visit.desk.people.people.change_profile(
        visit.member,
        client_of(visit),
        name=form.name.data,
        phone=form.phone.data or "",
        language=form.language.data,
    )
    saved = translations(form.language.data).gettext("Your data was saved.")
    answer = visit.go(HERE, saved)
    answer.delete_cookie("language", secure=True, samesite="lax")
    return answer


async def _page(visit: Visit, form: ProfileForm, *, http_status: int = 200) -> Response:
    people, member = visit.desk.people, visit.member
    return visit.page(
        "people/profile.html",
        http_status=http_status,
        next="",
        form=form,
        sessions=await visit.desk.sessions.of_member(member.member_id),
        this_session=visit.session_id,
        browser_of=browser_of,
        has_app=await people.second_factors.has_totp(member),
        codes_left=await people.second_factors.codes_left(member),
        passkeys=await people.passkeys.of_member(member.member_id),
        can_use_passkeys=people.passkeys.can_be_used,
        is_required=people.required_second_step.binds(member),
        required_why=REQUIRED_WHY,
    )


# -- the password ---------------------------------------------------------------------------------


@pages.get(
    "/profile/password", needs=SIGNED_IN, works_before_second_step=True, works_before_password=True
)
async def password(visit: Visit) -> Response:
    """Ask for the new password."""
    return _password_page(visit, visit.blank(NewPasswordForm))


@pages.post(
    "/profile/password", needs=SIGNED_IN, works_before_second_step=True, works_before_password=True
)
async def change_password(visit: Visit) -> Response:
    """Change it; all other sessions end, and this one gets another token."""
    form = await visit.filled(NewPasswordForm)
    if not form.validate() or visit.session_id is None:
        return _password_page(visit, form, http_status=422)
    try:
        answer = await visit.desk.people.passwords.change(
            visit.member,
            visit.session_id,
            old=form.old.data or "",
            new=form.new.data,
            client=client_of(visit),
        )
    except TooBusy:
        form.new.errors = [visit.gettext(BUSY)]
        return _password_page(visit, form, http_status=503)
    if isinstance(answer, PasswordFault):
        form.new.errors = [visit.gettext(PASSWORD_FAULTS[answer])]
        return _password_page(visit, form, http_status=422)
    if isinstance(answer, PasswordRefusal):
        form.old.errors = [visit.gettext(PASSWORD_REFUSALS[answer])]
        return _password_page(visit, form, http_status=422)
    notice = visit.gettext("The panel password was changed. All other sessions have ended.")
    way = "/panel" if visit.member.must_change_password else HERE
    return with_session(visit, visit.go(way, notice), answer.token)


def _password_page(visit: Visit, form: NewPasswordForm, *, http_status: int = 200) -> Response:
    return visit.page(
        "people/password.html",
        http_status=http_status,
        form=form,
        is_first=visit.member.must_change_password,
    )


# -- sessions -------------------------------------------------------------------------------------


@pages.post(
    "/profile/sessions/{session_id:int}/end", needs=SIGNED_IN, works_before_second_step=True
)
async def end_session(visit: Visit) -> Response:
    """End one of one's own sessions."""
    number = visit.request.path_params["session_id"]
    if not await visit.desk.sessions.end_one_of(visit.member.member_id, number):
        return visit.not_found()
    await visit.desk.audit.note(visit.member, "session.ended", address=visit.address)
    return visit.go(HERE, visit.gettext("The session has ended."))


@pages.post("/profile/sessions/end", needs=SIGNED_IN, works_before_second_step=True)
async def end_other_sessions(visit: Visit) -> Response:
    """End all sessions but this one."""
    ended = await visit.desk.sessions.end_others(visit.member.member_id, visit.session_id)
    await visit.desk.audit.note(visit.member, "session.ended", address=visit.address)
    text = visit.ngettext("%(num)s session has ended.", "%(num)s sessions have ended.", ended)
    return visit.go(HERE, text % {"num": ended})
