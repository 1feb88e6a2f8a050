"""Who uses a template: which programs send by it, through which door, and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from sztafeta.account.member import Area, Right
from sztafeta.panel.needs import Needs
from sztafeta.panel.pages import Pages
from sztafeta.panel.template_pages import found
from sztafeta.panel.template_pages.found import READ
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.ports import Template, TemplateUse

pages = Pages("templates")

MAY_KNOW: Final = Needs(Area.SMTP_ACCOUNTS, Right.READ)
"""Whoever sees the programs themselves."""
ELSEWHERE: Final = N_("a program that you do not reach")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A row: a program that sends by a version."""

    name: str
    """The API key's, or the SMTP account's login."""
    href: str
    """Its page; empty: not this member's to see, or gone."""
    account: str
    door: str
    """The SMTP listener; empty: the HTTP API."""
    version: int
    messages: int
    last_at: datetime


@pages.get("/templates/{template}/uses", needs=READ)
async def show_uses(visit: Visit) -> Response:
    """List the programs that sent by it in the last days."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    return visit.page(
        "templates/uses.html",
        template=whole.template,
        uses=await uses_of(visit, whole.template),
        here=found.path_of(whole.template),
    )


async def uses_of(visit: Visit, template: Template) -> Sequence[Use]:
    """Give the uses of a template, the most frequent first, in words that this member may read."""
    uses = await visit.desk.template_uses.of([template.template_id])
    reached = await found.accounts_of(visit) if MAY_KNOW.allows(visit.member) else ()
    accounts = {one.account_id: one.login for one in reached}
    keys = {one.key_id: one.name for one in await visit.desk.keys.all_of(visit.customer_id)}
    return [_shown(visit, use, accounts, keys) for use in uses[template.template_id]]


async def last_uses(visit: Visit, templates: Sequence[Template]) -> Mapping[int, datetime]:
    """Say when templates were last used; those that were not in the last days are not there."""
    uses = await visit.desk.template_uses.of([one.template_id for one in templates])
    return {template_id: max(one.last_at for one in of) for template_id, of in uses.items() if of}


def _shown(
    visit: Visit, use: TemplateUse, accounts: Mapping[int, str], keys: Mapping[str, str]
) -> Use:
    user = use.user
    login = accounts.get(user.account_id)
    name, href = visit.gettext(ELSEWHERE), ""
    if login is not None and not user.key_id:
        name, href = login, f"/panel/smtp-accounts/{login}"
    elif login is not None and user.key_id in keys:
        name, href = keys[user.key_id], f"/panel/keys/key_{user.key_id}"
    return Use(
        name=name,
        href=href,
        account=login or "",
        door="" if user.key_id else user.door,
        version=user.version,
        messages=use.messages,
        last_at=use.last_at,
    )
