"""The list of templates, a new one, and the end of one."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response
from wtforms import RadioField, StringField
from wtforms.validators import Optional, Regexp

from sztafeta.mail.template_source import MissingRule, TemplateSource
from sztafeta.panel.forms import Form, at_most, options, required
from sztafeta.panel.pages import Pages
from sztafeta.panel.template_pages import found
from sztafeta.panel.template_pages.found import LIST, READ, WRITE
from sztafeta.panel.template_pages.starters import starter
from sztafeta.panel.template_pages.uses import programs, totals, uses_of
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import Template
from sztafeta.service.templates import TemplateWish, shown_id

pages = Pages("templates")

PAGE: Final = 50
KINDS: Final = (
    ("html", N_("HTML – you write every tag")),
    ("mjml", N_("MJML – short tags that become HTML for all mail programs")),
)
MISSING: Final = (
    (MissingRule.REFUSE.value, N_("the call is refused and names what is missing")),
    (MissingRule.BLANK.value, N_("the place stays blank")),
)


class SettingsForm(Form):
    """What a template is called, and how strict it is."""

    name = StringField(N_("Name"), [required(), at_most(200)])
    external_id = StringField(
        N_("External id"),
        [
            Optional(),
            Regexp(
                re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z"),
                message=N_("Use letters without accents, digits, dot, dash and underscore."),
            ),
        ],
    )
    missing = RadioField(
        N_("When a variable is missing"), choices=options(MISSING), default=MISSING[0][0]
    )

    def wish(self) -> TemplateWish:
        """Say it to the verb."""
        return TemplateWish(
            name=self.name.data,
            external_id=self.external_id.data or None,
            missing=MissingRule(self.missing.data),
        )


class NewForm(SettingsForm):
    """A template to make."""

    kind = RadioField(N_("Written in"), choices=options(KINDS), default="html")


@pages.get("/templates", needs=READ)
async def list_templates(visit: Visit) -> Response:
    """List templates."""
    after = visit.request.query_params.get("after", "")
    mark = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else None
    rows = await visit.desk.templates.page(visit.customer_id, limit=PAGE + 1, after=mark)
    return visit.page(
        "templates/list.html",
        templates=rows[:PAGE],
        totals=await totals(visit, rows[:PAGE]),
        older=rows[PAGE - 1].template_id if len(rows) > PAGE else None,
        is_first=mark is None,
        shown_id=shown_id,
        may_write=WRITE.allows(visit.member),
    )


@pages.get("/templates/new", needs=WRITE)
async def new_template(visit: Visit) -> Response:
    """Ask what a new template is called."""
    return visit.page("templates/new.html", form=visit.blank(NewForm))


@pages.post("/templates/new", needs=WRITE)
async def make_template(visit: Visit) -> Response:
    """Make a template with something to begin from."""
    form = await visit.filled(NewForm)
    if not form.validate():
        return visit.page("templates/new.html", form=form)
    wish = form.wish()
    source: TemplateSource = starter(form.kind.data, visit.language)
    made = await visit.desk.templates.create(
        visit.customer_id,
        TemplateWish(
            name=wish.name, external_id=wish.external_id, missing=wish.missing, source=source
        ),
        visit.member.name,
    )
    if isinstance(made, Refusal):
        form.external_id.errors = [found.said(visit, made)]
        return visit.page("templates/new.html", form=form)
    await found.note(visit, "template.made", made.template, name=made.template.name)
    return visit.go(found.path_of(made.template), visit.gettext("Template made. It is a draft."))


@pages.get("/templates/{template}/settings", needs=WRITE)
async def template_settings(visit: Visit) -> Response:
    """Show what a template is called."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    template = whole.template
    values = {
        "name": template.name,
        "external_id": template.external_id,
        "missing": template.missing.value,
    }
    return await _settings(visit, template, visit.blank(SettingsForm, data=values))


@pages.post("/templates/{template}/settings", needs=WRITE)
async def change_template_settings(visit: Visit) -> Response:
    """Write name, external id and how strict it is."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    form = await visit.filled(SettingsForm)
    if form.validate():
        ref = shown_id(whole.template)
        outcome = await visit.desk.templates.change(
            visit.customer_id, ref, form.wish(), visit.member.name
        )
        if not isinstance(outcome, Refusal):
            await found.note(visit, "template.changed", outcome.template, name=form.name.data)
            return visit.go(found.path_of(whole.template), visit.gettext("Saved."))
        form.external_id.errors = [found.said(visit, outcome)]
    return await _settings(visit, whole.template, form)


async def _settings(visit: Visit, template: Template, form: SettingsForm) -> Response:
    return visit.page(
        "templates/settings.html",
        form=form,
        template=template,
        programs=programs(await uses_of(visit, template)),
        path=found.path_of,
    )


@pages.post("/templates/{template}/delete", needs=WRITE)
async def delete_template(visit: Visit) -> Response:
    """Forget a template with all versions."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    await visit.desk.templates.delete(visit.customer_id, shown_id(whole.template))
    await found.note(visit, "template.deleted", whole.template)
    return visit.go(LIST, visit.gettext("Template deleted."))
