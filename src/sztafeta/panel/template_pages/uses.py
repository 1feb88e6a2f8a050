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
DIALECTS: Final = {"api": "API", "emaillabs-v1": "EmailLabs v1", "emaillabs-v2.1": "EmailLabs v2.1"}
"""What is said over HTTP, by its name in the tally."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A row: a program that sends by a version."""

    program: tuple[int, str]
    """Its SMTP account and key, which tell programs apart."""
    name: str
    """The API key's, or the SMTP account's login."""
    href: str
    """Its page; empty: not this member's to see, or gone."""
    account: str
    dialect: str
    """How it speaks over HTTP; empty: it came over SMTP."""
    listener: str
    """Of SMTP; empty: it came over HTTP."""
    version: int
    messages: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Total:
    """All uses of one template in the last days."""

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
    accounts = await _logins(visit) if MAY_KNOW.allows(visit.member) else {}
    keys = {one.key_id: one.name for one in await visit.desk.keys.all_of(visit.customer_id)}
    return [_shown(visit, use, accounts, keys) for use in uses[template.template_id]]


def programs(uses: Sequence[Use]) -> Sequence[Use]:
    """Give the last use of each program, the latest first."""
    latest = {use.program: use for use in sorted(uses, key=_when)}
    return sorted(latest.values(), key=_when, reverse=True)


async def totals(visit: Visit, templates: Sequence[Template]) -> Mapping[int, Total]:
    """Sum up uses by template; those that were not used in the last days are not there."""
    uses = await visit.desk.template_uses.of([one.template_id for one in templates])
    return {
        template_id: Total(sum(one.messages for one in of), max(one.last_at for one in of))
        for template_id, of in uses.items()
        if of
    }


async def _logins(visit: Visit) -> Mapping[int, str]:
    """Name the SMTP accounts that this member reaches, suspended ones too."""
    accounts = await visit.desk.account_administration.smtp_accounts(visit.member.customer_name)
    return {one.account_id: one.login for one in accounts if visit.member.reaches(one.account_id)}


def _when(use: Use) -> datetime:
    return use.last_at


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
        program=(user.account_id, user.key_id),
        name=name,
        href=href,
        account=login or "",
        dialect=DIALECTS.get(user.door, user.door) if user.key_id else "",
        listener="" if user.key_id else user.door,
        version=user.version,
        messages=use.messages,
        last_at=use.last_at,
    )
