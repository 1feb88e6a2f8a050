"""The editor: source on one side, what a recipient would get on the other.

A preview keeps nothing. Its HTML is made safe as mail programs do it, and has a route of its own, whose
policy is a sandbox without scripts, forms, cookies or origin; the form's answer goes straight into the frame,
so that nothing need be stored for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from sztafeta.mail.opened import make_safe
from sztafeta.panel.check_words import ADVICE
from sztafeta.panel.pages import Pages
from sztafeta.panel.template_pages import found
from sztafeta.panel.template_pages.difference import compare
from sztafeta.panel.template_pages.editing import EditorForm, Shown, look, seen_mark, values_of
from sztafeta.panel.template_pages.found import READ, WRITE
from sztafeta.panel.template_pages.starters import SAMPLE
from sztafeta.panel.visit import Visit
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import Sample
from sztafeta.service.templates import TemplateWish, WholeTemplate, shown_id

pages = Pages("templates")


@pages.get("/templates/{template}", needs=READ)
async def edit_template(visit: Visit) -> Response:
    """Open the newest version."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    form = await _opened(visit, whole)
    return await _show(visit, whole, form)


@pages.post("/templates/{template}", needs=WRITE)
async def save_template(visit: Visit) -> Response:
    """Save the draft; mail goes on with the live version."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    form = await visit.filled(EditorForm)
    if not form.validate():
        return await _show(visit, whole, form)
    wish = TemplateWish(source=form.source(), seen=form.seen_at or whole.template.changed_at)
    shown = await look(visit, form)
    if shown.fault:
        return await _show(visit, whole, form, shown, not_saved=True)
    saved = await visit.desk.templates.change(
        visit.customer_id, shown_id(whole.template), wish, visit.member.name
    )
    if isinstance(saved, Refusal):
        return await _refused(visit, whole, form, saved)
    await found.note(visit, "template.saved", saved.template, version=saved.version.number)
    words = {"number": saved.version.number}
    notice = visit.gettext("Saved as draft %(number)s. Mail goes on with the live version.") % words
    return visit.go(found.path_of(whole.template), notice)


@pages.post("/templates/{template}/check", needs=READ)
async def check_template(visit: Visit) -> Response:
    """Look at what was written, without saving it."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    form = await visit.filled(EditorForm)
    form.validate()
    if form.do.data == "load":
        await _load(visit, whole, form)
    elif form.do.data == "last":
        await _load_last(visit, whole, form)
    shown = await look(visit, form)
    if visit.is_partial:
        return visit.page("templates/checks.html", **_told(shown))
    return await _show(visit, whole, form, shown)


@pages.get("/templates/{template}/frame", needs=READ)
async def show_template_frame(visit: Visit) -> Response:
    """Give the newest version with its first test data, for the sandboxed frame alone."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    return await _frame(visit, await _opened(visit, whole))


@pages.post("/templates/{template}/frame", needs=READ)
async def preview_template(visit: Visit) -> Response:
    """Give what was written, for the sandboxed frame alone."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    return await _frame(visit, await visit.filled(EditorForm))


@pages.post("/templates/{template}/samples", needs=WRITE)
async def keep_sample(visit: Visit) -> Response:
    """Keep or forget test data; what else was written stays in the form, unsaved."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    form = await visit.filled(EditorForm)
    if form.validate():
        await _keep(visit, whole, form)
    return await _show(visit, whole, form)


async def _keep(visit: Visit, whole: WholeTemplate, form: EditorForm) -> None:
    name, template_id = (form.sample.data or "").strip(), whole.template.template_id
    if form.do.data == "forget":
        await visit.desk.previews.forget(template_id, name)
        form.sample.data = ""
    elif not name:
        form.sample.errors = [visit.gettext("Give it a name.")]
    else:
        sample = Sample(name=name, data=form.data.data or "")
        if not await visit.desk.previews.keep(template_id, sample):
            form.sample.errors = [visit.gettext("There are twenty already: delete one first.")]


async def _load(visit: Visit, whole: WholeTemplate, form: EditorForm) -> None:
    for one in await visit.desk.previews.samples(whole.template.template_id):
        if one.name == form.saved.data:
            form.data.data, form.sample.data = one.data, one.name


async def _load_last(visit: Visit, whole: WholeTemplate, form: EditorForm) -> None:
    last = await visit.desk.template_uses.last_data(whole.template.template_id)
    if last is not None:
        form.data.data = last.data


async def _opened(visit: Visit, whole: WholeTemplate) -> EditorForm:
    samples = await visit.desk.previews.samples(whole.template.template_id)
    data = samples[0].data if samples else SAMPLE
    return visit.blank(EditorForm, data=values_of(whole.version, whole.template.changed_at, data))


async def _frame(visit: Visit, form: EditorForm) -> Response:
    shown = await look(visit, form)
    rendered = shown.preview.rendered
    html = "" if rendered is None else rendered.html or _as_page(rendered.text)
    remote = bool(form.remote.data)
    safe = await asyncio.to_thread(make_safe, html, {}, remote_pictures=remote)
    return visit.frame(safe, remote_pictures=remote)


def _as_page(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f"<pre style='white-space:pre-wrap'>{escaped}</pre>"


async def _refused(
    visit: Visit, whole: WholeTemplate, form: EditorForm, refusal: Refusal
) -> Response:
    """Say why nothing was saved; of a change meanwhile, what differs."""
    differing = None
    if refusal.code == "changed_meanwhile":
        newest = await found.find(visit) or whole
        differing = await compare(newest.version.source, form.source())
        form.seen.data = seen_mark(newest.template.changed_at)
        whole = newest
    notice = found.said(visit, refusal)
    return await _show(visit, whole, form, refused=notice, differing=differing, http_status=409)


async def _show(
    visit: Visit, whole: WholeTemplate, form: EditorForm, shown: Shown | None = None, **more: Any
) -> Response:
    shown = shown or await look(visit, form)
    samples = await visit.desk.previews.samples(whole.template.template_id)
    values = {"refused": "", "differing": None, "not_saved": False} | more | _told(shown)
    return visit.page(
        "templates/editor.html",
        whole=whole,
        template=whole.template,
        version=whole.version,
        form=form,
        samples=samples,
        last_data=await visit.desk.template_uses.last_data(whole.template.template_id),
        here=found.path_of(whole.template),
        may_write=WRITE.allows(visit.member),
        is_unsaved=visit.request.method == "POST",
        **values,
    )


def _told(shown: Shown) -> dict[str, Any]:
    return {
        "preview": shown.preview,
        "examination": shown.examination,
        "fault": shown.fault,
        "advice": ADVICE,
    }
