"""Administrator › People: who may come in and what they may do; invitations; from where the panel is open."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import TypeVar

from starlette.responses import Response
from wtforms import SelectChoice

from sztafeta.account.granting import may_give
from sztafeta.account.member import Area, Member, Right
from sztafeta.panel.needs import ADMINISTRATOR, Needs
from sztafeta.panel.pages import Pages
from sztafeta.panel.people.cookies import client_of
from sztafeta.panel.people.forms import InviteForm, MemberForm, NetworksForm, RightsForm
from sztafeta.panel.people.words import PEOPLE_FAULTS
from sztafeta.panel.visit import Visit
from sztafeta.service.people.people import PeopleFault
from sztafeta.service.people.throttle import network_of

pages = Pages("members")
F = TypeVar("F", bound=RightsForm)
HERE = "/panel/people"
READ = Needs(Area.PEOPLE, Right.READ)
WRITE = Needs(Area.PEOPLE, Right.WRITE)


@pages.get("/people", needs=READ)
async def people(visit: Visit) -> Response:
    """List members and open invitations."""
    verb = visit.desk.people.people
    return visit.page(
        "people/people.html",
        members=await verb.all_of(visit.customer_id),
        invitations=await visit.desk.people.invitations.all_of(visit.customer_id),
        networks=await verb.networks(visit.customer_id),
        may_write=WRITE.allows(visit.member),
    )


# -- invitations ----------------------------------------------------------------------------------


@pages.get("/people/invite", needs=WRITE)
async def invite(visit: Visit) -> Response:
    """Ask who is invited, and to what."""
    form = await _with_accounts(visit, visit.blank(InviteForm))
    return _invite_page(visit, form)


@pages.post("/people/invite", needs=WRITE)
async def take_invite(visit: Visit) -> Response:
    """Send the invitation."""
    form = await _with_accounts(visit, await visit.filled(InviteForm))
    if not form.validate():
        return _invite_page(visit, form, http_status=422)
    wanted = Member(
        member_id=0,
        customer_id=visit.customer_id,
        customer_name=visit.member.customer_name,
        email=form.email.data,
        name="",
        is_administrator=form.is_administrator.data,
        rights=form.rights(),
        smtp_accounts=form.reached(),
        language=visit.language,
    )
    fault = await visit.desk.people.invitations.invite(visit.member, wanted, client_of(visit))
    if fault is not None:
        return _invite_page(visit, form, http_status=422, fault=fault)
    notice = visit.gettext("The invitation to %(email)s is on its way. It is open for 7 days.")
    return visit.go(HERE, notice % {"email": wanted.email})


def _invite_page(
    visit: Visit, form: InviteForm, *, http_status: int = 200, fault: PeopleFault | None = None
) -> Response:
    return visit.page(
        "people/invite.html",
        http_status=http_status,
        form=form,
        fault="" if fault is None else visit.gettext(PEOPLE_FAULTS[fault]),
        may_make_administrators=visit.member.is_administrator,
    )


@pages.post("/people/invitations/{reference}/withdraw", needs=WRITE)
async def withdraw(visit: Visit) -> Response:
    """Take an invitation back."""
    reference = visit.request.path_params["reference"]
    fault = await visit.desk.people.invitations.withdraw(visit.member, reference, client_of(visit))
    if fault is not None:
        return visit.not_found()
    return visit.go(HERE, visit.gettext("The invitation was withdrawn; its link is dead."))


# -- one member -----------------------------------------------------------------------------------


@pages.get("/people/{member_id:int}", needs=READ)
async def member(visit: Visit) -> Response:
    """Show a member's rights."""
    found = await _asked_for(visit)
    if found is None:
        return visit.not_found()
    form = visit.blank(MemberForm, data=_shown(found))
    return _member_page(visit, found, await _with_accounts(visit, form))


@pages.post("/people/{member_id:int}", needs=WRITE)
async def change_member(visit: Visit) -> Response:
    """Write a member's rights; their sessions end."""
    found = await _asked_for(visit)
    if found is None:
        return visit.not_found()
    form = await _with_accounts(visit, await visit.filled(MemberForm))
    if not form.validate():
        return _member_page(visit, found, form, http_status=422)
    changed = replace(
        found,
        is_administrator=form.is_administrator.data,
        is_enabled=form.is_enabled.data,
        rights=form.rights(),
        smtp_accounts=form.reached(),
    )
    fault = await visit.desk.people.people.change(visit.member, changed, client_of(visit))
    if fault is not None:
        return _member_page(visit, found, form, http_status=422, fault=fault)
    notice = visit.gettext("The rights of %(name)s were saved and are in force at once.")
    return visit.go(HERE, notice % {"name": found.name})


@pages.post("/people/{member_id:int}/remove", needs=WRITE)
async def remove_member(visit: Visit) -> Response:
    """Remove a member; their sessions end."""
    found = await _asked_for(visit)
    if found is None:
        return visit.not_found()
    verb = visit.desk.people.people
    fault = await verb.remove(visit.member, found.member_id, client_of(visit))
    if fault is not None:
        form = await _with_accounts(visit, visit.blank(MemberForm, data=_shown(found)))
        return _member_page(visit, found, form, http_status=422, fault=fault)
    notice = visit.gettext("%(name)s was removed and cannot log in any more.")
    return visit.go(HERE, notice % {"name": found.name})


async def _asked_for(visit: Visit) -> Member | None:
    number = visit.request.path_params["member_id"]
    return await visit.desk.people.people.find(visit.customer_id, number)


def _member_page(
    visit: Visit,
    found: Member,
    form: MemberForm,
    *,
    http_status: int = 200,
    fault: PeopleFault | None = None,
) -> Response:
    is_self = found.member_id == visit.member.member_id
    can_change = WRITE.allows(visit.member) and may_give(visit.member, found) and not is_self
    return visit.page(
        "people/member.html",
        http_status=http_status,
        form=form,
        found=found,
        is_self=is_self,
        can_change=can_change,
        fault="" if fault is None else visit.gettext(PEOPLE_FAULTS[fault]),
        may_make_administrators=visit.member.is_administrator,
    )


def _shown(found: Member) -> dict[str, object]:
    rights = {area.name.lower(): str(int(found.rights.get(area, Right.NONE))) for area in Area}
    return rights | {
        "is_administrator": found.is_administrator,
        "is_enabled": found.is_enabled,
        "reach": "all" if found.smtp_accounts is None else "chosen",
        "accounts": sorted(found.smtp_accounts or ()),
    }


async def _with_accounts(visit: Visit, form: F) -> F:
    """Offer the SMTP accounts that the visitor may give rights on."""
    accounts = await visit.desk.people.people.smtp_accounts(visit.member)
    form.accounts.choices = [SelectChoice(one.account_id, one.login) for one in accounts]
    return form


# -- from where -----------------------------------------------------------------------------------


@pages.get("/people/networks", needs=ADMINISTRATOR)
async def networks(visit: Visit) -> Response:
    """Show from where the panel may be used."""
    allowed = await visit.desk.people.people.networks(visit.customer_id)
    form = visit.blank(NetworksForm, data={"networks": allowed})
    return _networks_page(visit, form)


@pages.post("/people/networks", needs=ADMINISTRATOR)
async def set_networks(visit: Visit) -> Response:
    """Write it, never so that whoever writes it is out."""
    form = await visit.filled(NetworksForm)
    allowed = form.networks.data
    if not form.validate():
        return _networks_page(visit, form, http_status=422)
    fault = await visit.desk.people.people.set_networks(visit.member, allowed, client_of(visit))
    if fault is not None:
        form.networks.errors = [visit.gettext(PEOPLE_FAULTS[fault])]
        return _networks_page(visit, form, http_status=422)
    notice = (
        visit.gettext("The panel opens from these addresses only, at once.")
        if allowed
        else visit.gettext("The panel opens from every address.")
    )
    return visit.go(HERE, notice)


def _networks_page(visit: Visit, form: NetworksForm, *, http_status: int = 200) -> Response:
    own = ip_network(network_of(visit.address)) if visit.address else None
    return visit.page(
        "people/networks.html",
        http_status=http_status,
        form=form,
        own="" if own is None else _written(own),
    )


def _written(network: object) -> str:
    """Write a network of one address as that address."""
    text = str(network)
    return text.removesuffix("/32").removesuffix("/128")
