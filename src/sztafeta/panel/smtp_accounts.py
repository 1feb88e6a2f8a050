"""SMTP accounts: what programs log in with, and its own password (Konta SMTP › Aktywne konta)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from starlette.responses import Response
from wtforms import BooleanField, PasswordField, RadioField, StringField
from wtforms.validators import Optional

from sztafeta.account.audit_values import account_values
from sztafeta.account.login_cause import LoginCause
from sztafeta.account.member import Area, Right
from sztafeta.account.recipes import PROGRAMS, program_of
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.account.smtp_password import PasswordFault
from sztafeta.delivery.egress import SHARED
from sztafeta.panel.forms import Choice, Form, at_most, options
from sztafeta.panel.needs import ADMINISTRATOR, Needs
from sztafeta.panel.network_field import NetworksField
from sztafeta.panel.pages import Pages
from sztafeta.panel.recipes import parts_of, recipes_of, ways_in
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.smtp_accounts import NewPassword, overlap_left

pages = Pages("smtp_accounts")

HOME: Final = "/panel/smtp-accounts"
READ: Final = Needs(Area.SMTP_ACCOUNTS, Right.READ)
WRITE: Final = Needs(Area.SMTP_ACCOUNTS, Right.WRITE)

SHARED_IP: Final = N_("shared IP")
DRAWN, CHOSEN = "drawn", "chosen"
OVERLAPS: Final = (
    ("0", N_("at once")),
    ("1", N_("after one hour")),
    ("24", N_("after one day")),
    ("168", N_("after seven days")),
)
FAULTS: Final = {
    PasswordFault.TOO_SHORT: N_("At least 16 characters, or let us draw one."),
    PasswordFault.TOO_LONG: N_("At most 128 characters."),
    PasswordFault.UNPRINTABLE: N_(
        "Use letters without accents, digits and signs of an English keyboard, no blank at the ends."
    ),
    PasswordFault.TELLING: N_("The login or your firm's name is in it: choose something else."),
    PasswordFault.WEAK: N_("Too easy to guess: mix more different letters, digits and signs."),
    PasswordFault.PANEL: N_(
        "Somebody logs in to the panel with this password. An SMTP password stands in programs and their"
        " configuration: choose another one, or let us draw one."
    ),
}
CAUSES: Final = {
    LoginCause.WRONG_PASSWORD: N_(
        "The password is wrong. Copy it anew, or set another one and enter it in the program."
    ),
    LoginCause.FORMER_PASSWORD: N_(
        "The password was replaced; the program still uses the former one. Enter the present one there."
    ),
    LoginCause.BLANKS: N_(
        "The password is right, with a blank, a line end or quotation marks around it. Remove them."
    ),
    LoginCause.API_KEY: N_("An API key was used. SMTP takes this account's own password."),
    LoginCause.EMPTY: N_("The program sent an empty password. Enter it in its settings."),
    LoginCause.WRONG_IDENTITY: N_(
        "The program asked to act for another login. Leave its field for an identity empty."
    ),
    LoginCause.NETWORK: N_(
        "The password is right, but the address is not on this account's list. Add it below."
    ),
    LoginCause.CLEARTEXT: N_(
        "The program logged in without TLS. Switch TLS on there, and change the password: it was readable."
    ),
    LoginCause.SUSPENDED: N_(
        "The account is switched off. Switch it on below, or ask customer service."
    ),
}


class AccountForm(Form):
    """What its owner sets."""

    display_name = StringField(N_("Name"), [Optional(), at_most(100)])
    enabled = BooleanField(N_("Programs may log in and send"))
    tls_required = BooleanField(N_("TLS is required"))
    networks = NetworksField(N_("Where it may log in from"), [Optional()])
    egress = Choice(N_("Outgoing address"), choices=options(((SHARED, SHARED_IP),)), default=SHARED)

    def offer(self, sources: Sequence[str]) -> None:
        """Let the outgoing address be chosen among these."""
        named = [(one, one) for one in sources if one != SHARED]
        self.egress.choices = options([(SHARED, SHARED_IP), *named])


class PasswordForm(Form):
    """How the password is changed."""

    how = RadioField(
        N_("New password"),
        choices=options(((DRAWN, N_("drawn for you (safest)")), (CHOSEN, N_("your own")))),
        default=DRAWN,
    )
    password = PasswordField(N_("Your own password"), [Optional(), at_most(200)])
    overlap = Choice(N_("The former password ends"), choices=options(OVERLAPS), default="0")


@pages.get("/smtp-accounts", needs=READ)
async def list_accounts(visit: Visit) -> Response:
    """List the accounts that this member reaches."""
    accounts = await _reached(visit)
    return visit.page(
        "smtp_accounts/list.html",
        accounts=accounts,
        logins=await visit.desk.smtp_logins.last_of(accounts),
        entrance=visit.desk.entrance,
    )


@pages.post("/smtp-accounts", needs=ADMINISTRATOR)
async def create_account(visit: Visit) -> Response:
    """Make the next login with a drawn password."""
    wish = SmtpAccount(account_id=0, customer_id=0, customer_name="", login="", password_sha256=b"")
    made = await visit.desk.smtp_accounts.create_next(visit.member.customer_name, wish)
    if made is None:
        return visit.go(HOME, visit.gettext("100 accounts are the most: delete one first."))
    await _note(visit, "smtp-account.made", made.account)
    return _show_password(visit, made)


@pages.get("/smtp-accounts/{login}", needs=READ)
async def show_account(visit: Visit) -> Response:
    """Show an account: settings, last use, and why logins failed."""
    account = await _find(visit)
    return visit.not_found() if account is None else await _show(visit, account)


@pages.post("/smtp-accounts/{login}", needs=WRITE)
async def change_account(visit: Visit) -> Response:
    """Write its settings; in force within a second."""
    account = await _find(visit)
    if account is None:
        return visit.not_found()
    form = await visit.filled(AccountForm)
    form.offer(_sources_for(visit, account))
    if not form.validate():
        return await _show(visit, account, form=form)
    changed = replace(
        account,
        display_name=form.display_name.data or "",
        enabled=form.enabled.data,
        cleartext_auth=not form.tls_required.data,
        allowed_networks=form.networks.data,
        egress=form.egress.data,
    )
    await visit.desk.smtp_accounts.change(changed)
    await _note(visit, "smtp-account.changed", changed, before=account)
    return visit.go(_path(account), visit.gettext("Saved. The change is in force now."))


@pages.post("/smtp-accounts/{login}/password", needs=WRITE)
async def change_password(visit: Visit) -> Response:
    """Give it another password and show a drawn one once."""
    account = await _find(visit)
    if account is None:
        return visit.not_found()
    form = await visit.filled(PasswordForm)
    chosen = form.password.data or "" if form.how.data == CHOSEN else ""
    if not form.validate() or (form.how.data == CHOSEN and not chosen):
        form.password.errors = [*form.password.errors, FAULTS[PasswordFault.TOO_SHORT]]
        return await _show(visit, account, password_form=form)
    done = await visit.desk.smtp_accounts.change_password(
        account, chosen, overlap=timedelta(hours=int(form.overlap.data)), by=visit.member.name
    )
    if isinstance(done, PasswordFault):
        form.password.errors = [FAULTS[done]]
        return await _show(visit, account, password_form=form)
    await _note(visit, "smtp-account.password-changed", account)
    return _show_password(visit, done, was_chosen=bool(chosen))


@pages.post("/smtp-accounts/{login}/end-former", needs=WRITE)
async def end_former_password(visit: Visit) -> Response:
    """Let the former password end before its time."""
    account = await _find(visit)
    if account is None:
        return visit.not_found()
    if await visit.desk.smtp_accounts.end_overlap(account):
        await _note(visit, "smtp-account.former-password-ended", account)
    return visit.go(_path(account), visit.gettext("The former password is dead now."))


@pages.post("/smtp-accounts/{login}/delete", needs=ADMINISTRATOR)
async def delete_account(visit: Visit) -> Response:
    """Take a login away; its mail stays."""
    account = await _find(visit)
    if account is None:
        return visit.not_found()
    await visit.desk.smtp_accounts.delete(account)
    await _note(visit, "smtp-account.deleted", account)
    return visit.go(HOME, visit.gettext("Deleted. Mail that was accepted goes on."))


@pages.get("/smtp-accounts/{login}/recipes", needs=READ)
async def show_recipe(visit: Visit) -> Response:
    """Show the settings of one program, ready to be copied; the password is not in them."""
    account = await _find(visit)
    asked = visit.request.query_params
    program = program_of(asked.get("program", PROGRAMS[0].key))
    if account is None or program is None:
        return visit.not_found()
    ways = ways_in(visit.desk.entrance)
    way = next((one for one in ways if one.tls.value == asked.get("tls")), ways[0])
    return visit.page(
        "smtp_accounts/recipes.html",
        account=account,
        path=_path(account),
        programs=PROGRAMS,
        program=program,
        ways=ways,
        way=way,
        parts=parts_of(visit, account, program, way),
    )


# -- what they share -------------------------------------------------------------------------------


async def _reached(visit: Visit) -> Sequence[SmtpAccount]:
    found = await visit.desk.smtp_accounts.all_of(visit.member.customer_name)
    return [one for one in found if visit.member.reaches(one.account_id)]


async def _find(visit: Visit) -> SmtpAccount | None:
    login = str(visit.request.path_params["login"])
    account = await visit.desk.smtp_accounts.find(visit.customer_id, login)
    return account if account is not None and visit.member.reaches(account.account_id) else None


async def _show(
    visit: Visit,
    account: SmtpAccount,
    *,
    form: AccountForm | None = None,
    password_form: PasswordForm | None = None,
) -> Response:
    is_wrong = form is not None or password_form is not None
    values = {
        "display_name": account.display_name,
        "enabled": account.enabled,
        "tls_required": not account.cleartext_auth,
        "networks": account.allowed_networks,
        "egress": account.egress,
    }
    shown = form or visit.blank(AccountForm, data=values)
    shown.offer(_sources_for(visit, account))
    logins = visit.desk.smtp_logins
    return visit.page(
        "smtp_accounts/one.html",
        http_status=422 if is_wrong else 200,
        account=account,
        path=_path(account),
        form=shown,
        has_lost_source=visit.desk.smtp_accounts.has_lost_its_source(account),
        password_form=password_form or visit.blank(PasswordForm),
        entrance=visit.desk.entrance,
        last=(await logins.last_of([account])).get(account.account_id),
        failures=await logins.failures_of(account),
        causes=CAUSES,
        overlap=overlap_left(account, visit.now),
    )


def _sources_for(visit: Visit, account: SmtpAccount) -> Sequence[str]:
    """Give what may be chosen; a source that was taken away may stay chosen, it may come back."""
    return list(
        dict.fromkeys((*visit.desk.smtp_accounts.sources_of(account.customer_name), account.egress))
    )


def _show_password(visit: Visit, new: NewPassword, *, was_chosen: bool = False) -> Response:
    return visit.page(
        "smtp_accounts/password.html",
        http_status=201,
        account=new.account,
        path=_path(new.account),
        password="" if was_chosen else new.password,
        recipes=() if was_chosen else recipes_of(visit, new.account, new.password),
        overlap=overlap_left(new.account, visit.now),
        entrance=visit.desk.entrance,
    )


def _path(account: SmtpAccount) -> str:
    return f"{HOME}/{account.login}"


async def _note(
    visit: Visit, action: str, account: SmtpAccount, before: SmtpAccount | None = None
) -> None:
    await visit.desk.audit.note(
        visit.member,
        action,
        account.login,
        address=visit.address,
        before=None if before is None else account_values(before),
        after=None if before is None else account_values(account),
    )
