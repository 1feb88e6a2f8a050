"""`/v1/templates`: texts with variables, kept here; calls send the variables alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request

from sztafeta.api.caller import caller_of
from sztafeta.api.desk import AtDesk, Reader, TemplateEditor
from sztafeta.api.guarded import Guarded
from sztafeta.api.notebook import AtNotebook
from sztafeta.api.problem import Problem
from sztafeta.api.routes.call_shapes import PersonValue
from sztafeta.api.routes.sending import SendAnswer, sent_answer
from sztafeta.api.routes.shapes import (
    After,
    Limit,
    Page,
    Strict,
    View,
    bad_cursor,
    cursor_mark,
    good,
    page_of,
)
from sztafeta.mail.template_source import MissingRule, TemplateSource
from sztafeta.service.ports import Template, TemplateVersion
from sztafeta.service.sending.sent import Replayed
from sztafeta.service.templates import TemplateWish, WholeTemplate, call_of_test, shown_id

router = APIRouter(prefix="/v1/templates", tags=["templates"], route_class=Guarded)

ExternalId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Source = Annotated[str, Field(max_length=5_000_000)]
Version = Annotated[int | None, Query(ge=1, description="The newest when left out.")]


class SourceShape(Strict):
    """What an author writes: subject, HTML or MJML, text."""

    subject: Annotated[str, Field(max_length=10_000)] = ""
    """May hold variables; nothing is escaped in it."""
    html: Source = ""
    """May hold variables; values are escaped in it."""
    mjml: Source = ""
    """Instead of HTML: turned into HTML when it is published."""
    text: Source = ""
    """Made from each recipient's HTML when left out."""

    def read(self) -> TemplateSource:
        """Give the verb's word for it."""
        return TemplateSource(subject=self.subject, html=self.html, mjml=self.mjml, text=self.text)


class NewTemplate(SourceShape):
    """A template to keep, as a draft."""

    name: Name
    """What people call it."""
    external_id: ExternalId | None = None
    """The name that calls use; the template's id when left out."""
    missing: MissingRule = MissingRule.REFUSE
    """What happens when a call lacks a variable."""


class TemplateChange(Strict):
    """What to change; what is left out stays. A new source becomes a draft."""

    name: Name | None = None
    """What people call it."""
    external_id: ExternalId | None = None
    """The name that calls use."""
    missing: MissingRule | None = None
    """What happens when a call lacks a variable."""
    source: SourceShape | None = None
    """Subject, HTML or MJML and text together: what is left out of it is empty."""


class Publication(Strict):
    """Which version goes live."""

    version: Annotated[int, Field(ge=1)] | None = None
    """The newest when left out; an older one rolls back."""


class Preview(Strict):
    """Test data."""

    data: dict[str, Any] = {}
    """The variables."""
    version: Annotated[int, Field(ge=1)] | None = None
    """The newest when left out."""


class TestSend(Preview):
    """Where to send a version with test data."""

    from_: Annotated[PersonValue, Field(alias="from")]
    """As in a call that sends."""
    to: PersonValue
    """One address."""


class TemplateView(View):
    """A template as it is listed."""

    id: str
    """Names the template for good."""
    external_id: str
    """The name that calls use."""
    name: str
    """What people call it."""
    missing: MissingRule
    """What happens when a call lacks a variable: it is refused, or the place stays blank."""
    live_version: int | None
    """The version that mail is made from; null: it was never published."""
    newest_version: int
    """The newest, published or draft."""
    created_at: datetime
    """When it was made."""
    changed_at: datetime
    """When it was last changed or published."""


class VersionView(View):
    """A version of a template."""

    version: int
    """Counted from 1."""
    is_draft: bool
    """It may still change."""
    subject: str
    """As its author wrote it."""
    html: str
    """As its author wrote it."""
    mjml: str
    """As its author wrote it."""
    text: str
    """As its author wrote it; empty: made from the HTML."""
    published_html: str
    """What mail is made from: MJML turned into HTML, CSS inlined."""
    author: str
    """The name of the key that wrote it."""
    created_at: datetime
    """When it was first written."""
    published_at: datetime | None
    """When it was first published; null: it is a draft."""


class WholeView(TemplateView):
    """A template with one of its versions."""

    version: VersionView
    """The version that was asked for."""
    variables: Sequence[str]
    """What calls have to send; empty when it was not asked for."""


class RenderedView(View):
    """What a recipient would get."""

    subject: str
    """With the values in place."""
    html: str
    """With the values in place and CSS inlined."""
    text: str
    """With the values in place."""
    variables: Sequence[str]
    """The names of all variables that the template uses."""


@router.get("", response_model=Page[TemplateView], summary="List templates")
async def list_templates(
    key: Reader, desk: AtDesk, limit: Limit = 100, after: After = None
) -> dict[str, Any]:
    """List templates in the order in which they were made."""
    mark = cursor_mark(after)
    if mark is not None and not mark.isdecimal():
        raise bad_cursor()
    rows = await desk.templates.page(
        key.customer_id, limit=limit + 1, after=None if mark is None else int(mark)
    )
    page = page_of(rows, limit, lambda row: str(row.template_id))
    return {**page, "data": [_template(row) for row in page["data"]]}


@router.post("", response_model=WholeView, status_code=201, summary="Make a template")
async def create_template(
    key: TemplateEditor, desk: AtDesk, notebook: AtNotebook, wish: NewTemplate
) -> dict[str, Any]:
    """Keep a new template with its first draft; publish it before mail can be made from it."""
    made = await desk.templates.create(
        key.customer_id,
        TemplateWish(
            name=wish.name,
            external_id=wish.external_id,
            missing=wish.missing,
            source=wish.read(),
        ),
        key.name,
    )
    whole = good(made)
    await notebook.note(key, "template.made", whole.template.external_id, after={"name": wish.name})
    return _whole(whole)


@router.get("/{template}", response_model=WholeView, summary="See a template")
async def see_template(
    key: Reader, desk: AtDesk, template: str, version: Version = None
) -> dict[str, Any]:
    """Give a template by its id or external id, with its newest version or the one asked for."""
    return _whole(good(await desk.templates.find(key.customer_id, template, version)))


@router.patch("/{template}", response_model=WholeView, summary="Change a template")
async def change_template(
    key: TemplateEditor,
    desk: AtDesk,
    notebook: AtNotebook,
    template: str,
    change: TemplateChange,
) -> dict[str, Any]:
    """Change a template; a new source becomes a draft, and mail goes on with the live version."""
    wish = TemplateWish(
        name=change.name,
        external_id=change.external_id,
        missing=change.missing,
        source=None if change.source is None else change.source.read(),
    )
    whole = good(await desk.templates.change(key.customer_id, template, wish, key.name))
    action = "template.changed" if wish.source is None else "template.saved"
    after = {"name": whole.template.name, "version": whole.version.number}
    await notebook.note(key, action, whole.template.external_id, after=after)
    return _whole(whole)


@router.delete("/{template}", status_code=204, summary="Delete a template")
async def delete_template(
    key: TemplateEditor, desk: AtDesk, notebook: AtNotebook, template: str
) -> None:
    """Forget a template with all versions; mail already accepted keeps what it says."""
    good(await desk.templates.delete(key.customer_id, template))
    await notebook.note(key, "template.deleted", template)


@router.get("/{template}/versions", response_model=list[VersionView], summary="List versions")
async def list_versions(key: Reader, desk: AtDesk, template: str) -> Sequence[dict[str, Any]]:
    """List a template's versions, the newest first."""
    whole = good(await desk.templates.find(key.customer_id, template))
    return [_version(one) for one in await desk.templates.versions(whole.template)]


@router.post("/{template}/publish", response_model=WholeView, summary="Publish a version")
async def publish_template(
    key: TemplateEditor,
    desk: AtDesk,
    notebook: AtNotebook,
    template: str,
    wish: Publication | None = None,
) -> dict[str, Any]:
    """Make a version the live one, at once; an older version rolls back."""
    number = None if wish is None else wish.version
    whole = good(await desk.templates.publish(key.customer_id, template, number))
    after = {"version": whole.template.live}
    await notebook.note(key, "template.published", whole.template.external_id, after=after)
    return _whole(whole)


@router.post("/{template}/render", response_model=RenderedView, summary="Render with test data")
async def render_template(
    key: Reader, desk: AtDesk, template: str, wish: Preview
) -> dict[str, Any]:
    """Show what a recipient with this data would get; nothing is sent."""
    whole = good(await desk.templates.find(key.customer_id, template, wish.version))
    rendered, variables = good(await desk.templates.render(whole, wish.data))
    return {
        "subject": rendered.subject,
        "html": rendered.html,
        "text": rendered.text,
        "variables": variables,
    }


@router.post(
    "/{template}/send-test", response_model=SendAnswer, status_code=202, summary="Send a test"
)
async def send_test(
    request: Request,
    key: TemplateEditor,
    desk: AtDesk,
    notebook: AtNotebook,
    template: str,
    wish: TestSend,
) -> dict[str, Any]:
    """Send a version with test data to one address; a draft can be sent like this, too."""
    whole = good(await desk.templates.find(key.customer_id, template, wish.version))
    rendered, _ = good(await desk.templates.render(whole, wish.data))
    call = call_of_test(rendered, author=wish.from_.read("/from"), to=wish.to.read("/to"))
    outcome = await desk.sending.send(caller_of(request, key), call)
    if isinstance(outcome, Replayed):  # only a call with an idempotency key is
        raise Problem("internal", "A test was taken for an earlier call.")
    answer = sent_answer(good(outcome))
    await notebook.note(
        key,
        "template.tried",
        whole.template.external_id,
        after={"to": call.addressees[0].person.address},
    )
    return answer


def _template(one: Template) -> dict[str, Any]:
    return {
        "id": shown_id(one),
        "external_id": one.external_id,
        "name": one.name,
        "missing": one.missing,
        "live_version": one.live,
        "newest_version": one.newest,
        "created_at": one.created_at,
        "changed_at": one.changed_at,
    }


def _version(one: TemplateVersion) -> dict[str, Any]:
    return {
        "version": one.number,
        "is_draft": one.published_at is None,
        "subject": one.source.subject,
        "html": one.source.html,
        "mjml": one.source.mjml,
        "text": one.source.text,
        "published_html": one.published_html,
        "author": one.author,
        "created_at": one.created_at,
        "published_at": one.published_at,
    }


def _whole(whole: WholeTemplate) -> dict[str, Any]:
    return {
        **_template(whole.template),
        "version": _version(whole.version),
        "variables": whole.variables,
    }
