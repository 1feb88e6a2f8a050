"""EmailLabs v2.1, `email/template`: published at once, missing variables left blank (§2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from sztafeta.api.compat.emaillabs_v21.envelope import Outcome, Trouble, fail, listed, refuse
from sztafeta.api.compat.emaillabs_v21.shapes import TEMPLATE, TEMPLATES, read
from sztafeta.api.compat.emaillabs_v21.visit import Visit
from sztafeta.api.compat.emaillabs_words import local_text
from sztafeta.mail.template_source import MissingRule, TemplateSource
from sztafeta.service.fault import Refusal
from sztafeta.service.templates import TemplateWish, WholeTemplate

AT_ONCE: Final = 200
"""Templates that are asked for at once."""


async def show(visit: Visit) -> Outcome:
    """List templates, or find the one with an external id."""
    account = await visit.narrowed_account() or visit.key.account
    wanted = visit.parameter("externalId")
    if wanted:
        found = await visit.desk.templates.find(visit.key.customer_id, wanted)
        return listed([] if isinstance(found, Refusal) else [_row(found, account.login)])
    first, last = visit.offset, visit.offset + visit.limit
    rows, place = [], 0
    async for ref in _refs(visit):
        if place >= last:
            break
        if place >= first:
            found = await visit.desk.templates.find(visit.key.customer_id, ref)
            rows += [] if isinstance(found, Refusal) else [_row(found, account.login)]
        place += 1
    return listed(rows)


async def _refs(visit: Visit) -> AsyncIterator[str]:
    """Give the external ids of all templates, page by page."""
    after: int | None = None
    while page := await visit.desk.templates.page(
        visit.key.customer_id, limit=AT_ONCE, after=after
    ):
        for one in page:
            yield one.external_id
        after = page[-1].template_id


def _row(whole: WholeTemplate, login: str) -> dict[str, Any]:
    template, source = whole.template, whole.version.source
    return {
        "createdAt": local_text(template.created_at),
        "html": source.html,
        "text": source.text,
        "name": template.name,
        "externalId": template.external_id,
        "smtpAccount": login,
    }


async def add(visit: Visit) -> Outcome:
    """Add a template; its external id is one of the customer's own, or made here."""
    shape = read(TEMPLATE, visit.octets)
    login = shape.smtp_account or visit.key.account.login
    account = await visit.account(login)
    if not (shape.html or shape.text):
        refuse("A template needs html or text", code="no_content")
    wish = TemplateWish(
        name=shape.name or shape.external_id or "EmailLabs API v2.1",
        external_id=shape.external_id or None,
        missing=MissingRule.BLANK,
        source=TemplateSource(html=shape.html, text=shape.text),
    )
    templates, customer_id = visit.desk.templates, visit.key.customer_id
    made = await templates.create(customer_id, wish, visit.key.name)
    if isinstance(made, Refusal):
        fail(made)
    published = await templates.publish(customer_id, made.template.external_id, None)
    if isinstance(published, Refusal):
        fail(published)
    await visit.note("template.made", published.template.external_id, name=wish.name)
    return Outcome([_row(published, account.login)])


async def remove(visit: Visit) -> Outcome:
    """Forget templates; those that are not there are told beside the others."""
    gone, troubles = [], []
    for external_id in read(TEMPLATES, visit.octets).external_id:
        refusal = await visit.desk.templates.delete(visit.key.customer_id, external_id)
        if refusal is None:
            await visit.note("template.deleted", external_id)
            gone.append({"externalId": external_id})
        else:
            trouble = Trouble(
                title="Not found",
                message=refusal.text,
                code=refusal.code,
                parameter="externalId",
                value=external_id,
            )
            troubles.append(trouble)
    return Outcome(gone, troubles)
