"""What the pages of templates share: whose template it is, its path, and refusals in the visitor's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sztafeta.account.member import Area, Right
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.panel.needs import Needs
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import Template
from sztafeta.service.templates import WholeTemplate, shown_id

READ: Final = Needs(Area.TEMPLATES, Right.READ)
WRITE: Final = Needs(Area.TEMPLATES, Right.WRITE)
LIST: Final = "/panel/templates"
_WORDS: Final = {
    "already_there": N_("Another template has this external id: choose another one."),
    "changed_meanwhile": N_("Somebody else saved this template after you had opened it."),
}


def path_of(template: Template) -> str:
    """Give the path of a template's editor."""
    return f"{LIST}/{shown_id(template)}"


async def find(visit: Visit, number: int | None = None) -> WholeTemplate | None:
    """Find the template that the path names, if it is the customer's."""
    ref = str(visit.request.path_params["template"])
    found = await visit.desk.templates.find(visit.customer_id, ref, number)
    return None if isinstance(found, Refusal) else found


async def accounts_of(visit: Visit) -> Sequence[SmtpAccount]:
    """List the SMTP accounts that this member reaches."""
    found = await visit.desk.account_administration.smtp_accounts(visit.member.customer_name)
    return [one for one in found if one.enabled and visit.member.reaches(one.account_id)]


def said(visit: Visit, refusal: Refusal) -> str:
    """Say a refusal in the visitor's language where we have words for it."""
    if refusal.code in _WORDS:
        return visit.gettext(_WORDS[refusal.code])
    return f"{refusal.text} {refusal.fix}".strip()


async def note(visit: Visit, action: str, template: Template, **after: object) -> None:
    """Write into the audit log what was done to a template."""
    await visit.desk.audit.note(
        visit.member, action, template.external_id, address=visit.address, after=after
    )
