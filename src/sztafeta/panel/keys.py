"""API keys: listed, made, replaced, ended; a key's text is on the page that makes it alone (W-16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response
from wtforms import DateField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from sztafeta.account.api_key import ApiKey, Mode, Scope, is_escape
from sztafeta.account.audit_values import key_subject, key_values
from sztafeta.account.member import Area, Right
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.panel.forms import Choice, Form, at_most, options, required
from sztafeta.panel.key_calls import show_calls
from sztafeta.panel.needs import Needs
from sztafeta.panel.network_field import NetworksField
from sztafeta.panel.pages import Pages
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.api_keys import KeyWish, MadeKey

pages = Pages("keys")

READ: Final = Needs(Area.SMTP_ACCOUNTS, Right.READ)
WRITE: Final = Needs(Area.SMTP_ACCOUNTS, Right.WRITE)

SCOPES: Final = (
    (Scope.SEND, N_("send – send mail")),
    (Scope.READ, N_("read – read messages, events, limits and usage")),
    (Scope.TEMPLATES, N_("templates – write and publish templates")),
    (Scope.SUPPRESSIONS, N_("suppressions – add and remove suppressed addresses")),
    (Scope.DOMAINS, N_("domains – add and verify sending domains")),
    (Scope.ADMIN, N_("admin – all of this, and keys and SMTP accounts")),
)
MODES: Final = (
    (Mode.LIVE.value, N_("live – mail is sent")),
    (Mode.TEST.value, N_("test – nothing leaves; mail lands in the test inbox")),
)
OVERLAPS: Final = (
    ("0", N_("at once")),
    ("60", N_("after one hour")),
    ("1440", N_("after one day")),
    ("10080", N_("after seven days")),
)


class Checkboxes(SelectMultipleField):  # type: ignore[misc]
    """Any number of choices."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ChangeForm(Form):
    """What may be changed of a key."""

    name = StringField(N_("Name"), [required(), at_most(100)])
    scopes = Checkboxes(
        N_("What it may do"),
        [required(N_("Choose at least one."))],
        choices=options((scope.value, text) for scope, text in SCOPES),
    )
    networks = NetworksField(N_("Where it may be used from"), [Optional()])
    domains = Checkboxes(N_("Sends from these domains alone"), [Optional()])
    expires = DateField(N_("Last day"), [Optional()])

    def validate_domains(self, field: Checkboxes) -> None:
        """Refuse a limit that would be none."""
        if is_escape(_scopes(self), field.data or ()):
            raise ValidationError(
                N_("A key with admin is for all domains: take one of the two away.")
            )


class KeyForm(ChangeForm):
    """A key to make."""

    mode = RadioField(N_("Mode"), choices=options(MODES), default=Mode.LIVE.value)
    account = SelectField(N_("Sends as the SMTP account"), [required()])


class RotationForm(Form):
    """How a key is replaced."""

    overlap = Choice(N_("The old key ends"), choices=options(OVERLAPS), default="1440")


@pages.get("/keys", needs=READ)
async def list_keys(visit: Visit) -> Response:
    """List the keys that this member reaches, the newest first."""
    return visit.page("keys/list.html", keys=await _reached(visit), shown_id=_shown_id)


@pages.get("/keys/new", needs=WRITE)
async def new_key(visit: Visit) -> Response:
    """Ask what a new key should be like."""
    form = visit.blank(KeyForm, data={"scopes": [Scope.SEND.value, Scope.READ.value]})
    return await _ask(visit, form)


@pages.post("/keys/new", needs=WRITE)
async def make_key(visit: Visit) -> Response:
    """Make a key and show it once."""
    form = await visit.filled(KeyForm)
    accounts = await _accounts(visit)
    form.account.choices = options((one.login, one.login) for one in accounts)
    form.domains.choices = await _domains(visit)
    if not form.validate():
        return await _ask(visit, form)
    account = next(one for one in accounts if one.login == form.account.data)
    made = await visit.desk.keys.make(
        KeyWish(
            name=form.name.data,
            mode=Mode(form.mode.data),
            scopes=_scopes(form),
            account=account,
            allowed_networks=form.networks.data,
            allowed_domains=frozenset(form.domains.data or ()),
            expires_at=_end_of(visit, form),
        )
    )
    await _note(visit, "key.made", made.key)
    return _show_once(visit, made)


@pages.get("/keys/{key_id}", needs=READ)
async def show_key(visit: Visit) -> Response:
    """Show a key, without its secret."""
    key = await _find(visit)
    if key is None:
        return visit.not_found()
    values = {
        "name": key.name,
        "scopes": [scope.value for scope in key.scopes],
        "networks": key.allowed_networks,
        "domains": sorted(key.allowed_domains),
        "expires": key.expires_at and visit.formats.local(key.expires_at).date(),
    }
    form = visit.blank(ChangeForm, data=values)
    form.domains.choices = await _domains(visit, key)
    return await _show(visit, key, form)


@pages.post("/keys/{key_id}", needs=WRITE)
async def change_key(visit: Visit) -> Response:
    """Write its name, scopes, networks, domains and last day; in force within a second."""
    key = await _find(visit)
    if key is None:
        return visit.not_found()
    form = await visit.filled(ChangeForm)
    form.domains.choices = await _domains(visit, key)
    if not form.validate():
        return await _show(visit, key, form)
    changed = replace(
        key,
        name=form.name.data,
        scopes=_scopes(form),
        allowed_networks=form.networks.data,
        allowed_domains=frozenset(form.domains.data or ()),
        expires_at=_end_of(visit, form),
    )
    await visit.desk.keys.change(changed)
    await _note(visit, "key.changed", changed, before=key)
    return visit.go(_path(key), visit.gettext("Saved. The change is in force now."))


@pages.post("/keys/{key_id}/rotate", needs=WRITE)
async def rotate_key(visit: Visit) -> Response:
    """Make a key like this one; the old one goes on for the overlap."""
    key = await _find(visit)
    if key is None or not key.is_valid_at(visit.now):
        return visit.not_found()
    form = await visit.filled(RotationForm)
    if not form.validate():
        return visit.go(_path(key))
    made = await visit.desk.keys.rotate(key, overlap=timedelta(minutes=int(form.overlap.data)))
    await _note(visit, "key.replaced", made.key)
    return _show_once(visit, made)


@pages.post("/keys/{key_id}/revoke", needs=WRITE)
async def revoke_key(visit: Visit) -> Response:
    """End a key; it is dead within a second on every node."""
    key = await _find(visit)
    if key is None:
        return visit.not_found()
    await visit.desk.keys.revoke(key)
    await _note(visit, "key.revoked", key)
    return visit.go("/panel/keys", visit.gettext("The key is dead now, on every node."))


# -- what they share -------------------------------------------------------------------------------


async def _reached(visit: Visit) -> Sequence[ApiKey]:
    keys = await visit.desk.keys.all_of(visit.customer_id)
    return [key for key in keys if visit.member.reaches(key.account.account_id)]


async def _find(visit: Visit) -> ApiKey | None:
    await visit.desk.keys.note_uses()  # those of the last seconds are shown, too
    shown_id = str(visit.request.path_params["key_id"])
    key = await visit.desk.keys.find(visit.customer_id, shown_id.removeprefix("key_"))
    return key if key is not None and visit.member.reaches(key.account.account_id) else None


async def _accounts(visit: Visit) -> Sequence[SmtpAccount]:
    found = await visit.desk.account_administration.smtp_accounts(visit.member.customer_name)
    return [one for one in found if visit.member.reaches(one.account_id)]


async def _ask(visit: Visit, form: KeyForm) -> Response:
    form.account.choices = options((one.login, one.login) for one in await _accounts(visit))
    form.domains.choices = await _domains(visit)
    return visit.page("keys/new.html", http_status=422 if form.errors else 200, form=form)


async def _domains(visit: Visit, key: ApiKey | None = None) -> list[tuple[str, str]]:
    """Offer the customer's domains, and those of the key that are gone."""
    names = {one.domain for one in await visit.desk.domains.all_of(visit.customer_id)}
    if key is not None:
        names |= key.allowed_domains
    return options((name, name) for name in sorted(names))


async def _show(visit: Visit, key: ApiKey, form: ChangeForm) -> Response:
    return visit.page(
        "keys/one.html",
        http_status=422 if form.errors else 200,
        key=key,
        form=form,
        path=_path(key),
        shown_id=_shown_id,
        calls=show_calls(visit, await visit.desk.keys.calls_of(key)),
        errors=f"{visit.desk.base_url}/v1/errors",
        rotation=visit.blank(RotationForm),
    )


def _show_once(visit: Visit, made: MadeKey) -> Response:
    return visit.page(
        "keys/made.html", http_status=201, key=made.key, text=made.text, path=_path(made.key)
    )


def _scopes(form: ChangeForm) -> frozenset[Scope]:
    return frozenset(Scope(value) for value in form.scopes.data)


def _end_of(visit: Visit, form: ChangeForm) -> datetime | None:
    """Give the end of the last day, as the clocks of the panel's zone show it."""
    if form.expires.data is None:
        return None
    midnight = datetime.combine(form.expires.data, datetime.min.time(), visit.formats.zone)
    return midnight + timedelta(days=1)


def _shown_id(key: ApiKey) -> str:
    return f"key_{key.key_id}"


def _path(key: ApiKey) -> str:
    return f"/panel/keys/{_shown_id(key)}"


async def _note(visit: Visit, action: str, key: ApiKey, before: ApiKey | None = None) -> None:
    await visit.desk.audit.note(
        visit.member,
        action,
        key_subject(key),
        address=visit.address,
        before=None if before is None else key_values(before),
        after=key_values(key),
    )
