"""Versions of a template: compared, published, and an older one made live again."""

from __future__ import annotations

from starlette.responses import Response

from sztafeta.panel.pages import Pages
from sztafeta.panel.template_pages import found
from sztafeta.panel.template_pages.difference import compare
from sztafeta.panel.template_pages.found import READ, WRITE
from sztafeta.panel.visit import Visit
from sztafeta.service.fault import Refusal
from sztafeta.service.templates import shown_id

pages = Pages("templates")


@pages.get("/templates/{template}/versions", needs=READ)
async def show_versions(visit: Visit) -> Response:
    """List the versions, and compare two of them: the live one with the newest unless others are named."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    versions = {one.number: one for one in await visit.desk.templates.versions(whole.template)}
    after = _number(visit, "after") or whole.template.newest
    before = _number(visit, "before") or whole.template.live or max(after - 1, 1)
    if before not in versions or after not in versions:
        return visit.not_found()
    return visit.page(
        "templates/versions.html",
        template=whole.template,
        versions=list(versions.values()),
        before=before,
        after=after,
        differing=await compare(versions[before].source, versions[after].source),
        here=found.path_of(whole.template),
        may_write=WRITE.allows(visit.member),
    )


@pages.post("/templates/{template}/publish", needs=WRITE)
async def publish_version(visit: Visit) -> Response:
    """Make a version the live one, at once; an older one rolls back."""
    written = str((await visit.form()).get("version", ""))
    number = int(written) if written.isascii() and written.isdecimal() and len(written) < 9 else 0
    whole = await found.find(visit, number) if number else None
    if whole is None:
        return visit.not_found()
    outcome = await visit.desk.templates.publish(
        visit.customer_id, shown_id(whole.template), number
    )
    if isinstance(outcome, Refusal):
        return visit.go(found.path_of(whole.template), found.said(visit, outcome))
    await found.note(visit, "template.published", whole.template, version=number)
    notice = visit.gettext("Version %(number)s is live: new mail is made from it.")
    return visit.go(f"{found.path_of(whole.template)}/versions", notice % {"number": number})


def _number(visit: Visit, name: str) -> int | None:
    written = visit.request.query_params.get(name, "")
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 9 else None
