"""Templates: written as drafts, published as versions that never change, rolled back by publishing anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sztafeta.delivery.queue_id import IdSource, from_text, to_text
from sztafeta.mail.template_source import (
    MissingRule,
    Rendered,
    TemplateFault,
    TemplateSource,
    first_named,
)
from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.ports import (
    AlreadyThere,
    ChangedMeanwhile,
    Clock,
    NotThere,
    Renderer,
    Template,
    TemplateStore,
    TemplateVersion,
)
from sztafeta.service.sending.call import Addressee, Call, Person

PREFIX: Final = "tpl_"
_TICK: Final = timedelta(milliseconds=1)
"""Two changes are never of one instant: an editor tells by it whether somebody else was faster."""
CHANGED_MEANWHILE: Final = Refusal(
    code="changed_meanwhile",
    http_status=409,
    text="Somebody else changed the template meanwhile.",
    fix="Look at what was changed, and save again.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateWish:
    """What a template should be like; what is None stays as it is."""

    name: str | None = None
    external_id: str | None = None
    missing: MissingRule | None = None
    source: TemplateSource | None = None
    seen: datetime | None = None
    """When what its author changed had been changed last; None: whatever it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeTemplate:
    """A template with one of its versions."""

    template: Template
    version: TemplateVersion
    variables: tuple[str, ...] = ()


def shown_id(template: Template) -> str:
    """Give a template's id as people see it."""
    return PREFIX + to_text(template.template_id)


def template_ref(text: str) -> int | str:
    """Read how a call names a template: by its own id, or by its external id."""
    if text.startswith(PREFIX):
        try:
            return from_text(text.removeprefix(PREFIX))
        except ValueError:
            return text
    return text


def call_of_test(rendered: Rendered, *, author: Person, to: Person) -> Call:
    """Give the call that sends a rendered version to one address."""
    return Call(
        author=author,
        addressees=(Addressee(person=to),),
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        tags=("template-test",),
    )


class Templates:
    """One customer's templates in each method; what is another's is not there."""

    def __init__(
        self, *, store: TemplateStore, renderer: Renderer, ids: IdSource, clock: Clock
    ) -> None:
        self._store = store
        self._renderer = renderer
        self._ids = ids
        self._clock = clock

    # -- reading ---------------------------------------------------------------------------------

    async def page(self, customer_id: int, *, limit: int, after: int | None) -> Sequence[Template]:
        """List templates by their ids."""
        return await self._store.templates(customer_id, limit=limit, after=after)

    async def find(
        self, customer_id: int, ref: str, number: int | None = None
    ) -> WholeTemplate | Refusal:
        """Find a template with a version: the one asked for, or the newest."""
        template = await self._store.template(customer_id, template_ref(ref))
        if template is None:
            return _not_found(f"There is no template {ref}.")
        number = template.newest if number is None else number
        version = await self._store.version(template.template_id, number)
        if version is None:
            return _not_found(f"The template {ref} has no version {number}.")
        return WholeTemplate(template=template, version=version)

    async def versions(self, template: Template) -> Sequence[TemplateVersion]:
        """List a template's versions, the newest first."""
        return await self._store.versions(template.template_id)

    async def render(
        self, whole: WholeTemplate, data: Mapping[str, Any]
    ) -> tuple[Rendered, Sequence[str]] | Refusal:
        """Show a version with test data, as a recipient would get it; name its variables."""
        source = whole.version.source
        try:
            html, variables = await self._renderer.publish(source)
            (rendered,) = await self._renderer.render(
                replace(source, html=html, mjml=""),
                missing=whole.template.missing,
                shared=data,
                data=[{}],
            )
        except TemplateFault as fault:
            return refusal_of(fault, source)
        return rendered, variables

    # -- writing ---------------------------------------------------------------------------------

    async def create(
        self, customer_id: int, wish: TemplateWish, author: str
    ) -> WholeTemplate | Refusal:
        """Keep a new template with its first draft."""
        now, template_id = self._clock.now(), self._ids.next(self._clock.now())
        template = Template(
            template_id=template_id,
            customer_id=customer_id,
            external_id=wish.external_id or PREFIX + to_text(template_id),
            name=wish.name or wish.external_id or "",
            missing=wish.missing or MissingRule.REFUSE,
            live=None,
            newest=1,
            created_at=now,
            changed_at=now,
        )
        version = _draft(template_id, 1, wish.source or TemplateSource(), author, now)
        variables = await self._variables(version.source)
        if isinstance(variables, Refusal):
            return variables
        try:
            await self._store.create_template(template, version)
        except AlreadyThere:
            return _taken(template.external_id)
        return WholeTemplate(template=template, version=version, variables=variables)

    async def change(
        self, customer_id: int, ref: str, wish: TemplateWish, author: str
    ) -> WholeTemplate | Refusal:
        """Change a template; a new source becomes a draft, and mail goes on with the live version."""
        whole = await self.find(customer_id, ref)
        if isinstance(whole, Refusal):
            return whole
        template, version = whole.template, whole.version
        variables = await self._variables(wish.source or version.source)
        if isinstance(variables, Refusal):
            return variables
        template = replace(
            template,
            name=template.name if wish.name is None else wish.name,
            external_id=wish.external_id or template.external_id,
            missing=wish.missing or template.missing,
            changed_at=max(self._clock.now(), template.changed_at + _TICK),
        )
        try:
            await self._store.change_template(template, seen=wish.seen)
            if wish.source is not None:
                version = await self._save(template, version, wish.source, author)
        except AlreadyThere:
            return _taken(template.external_id)
        except ChangedMeanwhile:
            return CHANGED_MEANWHILE
        except NotThere:
            return _not_found(f"There is no template {ref}.")
        newest = replace(template, newest=version.number)
        return WholeTemplate(template=newest, version=version, variables=variables)

    async def _save(
        self, template: Template, newest: TemplateVersion, source: TemplateSource, author: str
    ) -> TemplateVersion:
        """Write into the draft, or begin the next one when the newest version was published."""
        number = newest.number if newest.published_at is None else newest.number + 1
        draft = _draft(template.template_id, number, source, author, template.changed_at)
        await self._store.save_draft(draft)
        return draft

    async def publish(
        self, customer_id: int, ref: str, number: int | None
    ) -> WholeTemplate | Refusal:
        """Make a version the live one: the newest, or an older one to roll back."""
        whole = await self.find(customer_id, ref, number)
        if isinstance(whole, Refusal):
            return whole
        version, now = whole.version, self._clock.now()
        try:
            html, variables = await self._renderer.publish(version.source)
        except TemplateFault as fault:
            return refusal_of(fault, version.source)
        html = version.published_html if version.published_at is not None else html
        await self._store.publish(version.template_id, version.number, published_html=html, now=now)
        return WholeTemplate(
            template=replace(whole.template, live=version.number, changed_at=now),
            version=replace(version, published_html=html, published_at=version.published_at or now),
            variables=tuple(variables),
        )

    async def delete(self, customer_id: int, ref: str) -> Refusal | None:
        """Forget a template with all versions."""
        whole = await self.find(customer_id, ref)
        if isinstance(whole, Refusal):
            return whole
        try:
            await self._store.delete_template(customer_id, whole.template.template_id)
        except NotThere:
            return _not_found(f"There is no template {ref}.")
        return None

    async def _variables(self, source: TemplateSource) -> tuple[str, ...] | Refusal:
        if source.html and source.mjml:
            fault = Fault(pointer="/mjml", code="either", text="Send html or mjml, not both.")
            return Refusal(
                code="invalid",
                http_status=422,
                text="A template is HTML or MJML.",
                fix="Leave one of them out.",
                faults=(fault,),
            )
        try:
            _, variables = await self._renderer.publish(source)
        except TemplateFault as fault:
            return refusal_of(fault, source)
        return tuple(variables)


def refusal_of(fault: TemplateFault, source: TemplateSource) -> Refusal:
    """Say a template's fault as a refusal; the source tells where missing variables are named."""
    if fault.missing:
        return Refusal(
            code="template_variable_missing",
            http_status=422,
            text=f"The template needs variables that are not there: {', '.join(fault.missing)}.",
            fix="Send them in `data`, give them a default, or have missing ones left blank.",
            faults=tuple(
                Fault(
                    pointer=f"/data/{name}",
                    code="template_variable_missing",
                    text=f"The {where_named(name, source)} needs it.",
                )
                for name in fault.missing
            ),
        )
    found = Fault(pointer=f"/{fault.part}", code="template_invalid", text=f"{fault}{_line(fault)}.")
    return Refusal(
        code="template_invalid",
        http_status=422,
        text=f"The template's {fault.part} cannot be used: {fault}{_line(fault)}.",
        fix="Change the part that `errors` names.",
        faults=(found,),
    )


def where_named(name: str, source: TemplateSource) -> str:
    """Say where a template names a variable first, for example `html (line 3)`."""
    part, line = first_named(name, source)
    return f"{part} (line {line})" if part else "template"


def _line(fault: TemplateFault) -> str:
    return "" if fault.line is None else f" (line {fault.line})"


def _draft(
    template_id: int, number: int, source: TemplateSource, author: str, now: datetime
) -> TemplateVersion:
    return TemplateVersion(
        template_id=template_id,
        number=number,
        source=source,
        published_html="",
        author=author,
        created_at=now,
        published_at=None,
    )


def _not_found(text: str) -> Refusal:
    return Refusal(
        code="not_found", http_status=404, text=text, fix="`GET /v1/templates` lists them."
    )


def _taken(external_id: str) -> Refusal:
    fault = Fault(
        pointer="/external_id", code="already_there", text=f"{external_id} is another template's."
    )
    return Refusal(
        code="already_there",
        http_status=409,
        text=f"The external id {external_id} is taken.",
        fix="Choose another external id, or change the template that has it.",
        faults=(fault,),
    )
