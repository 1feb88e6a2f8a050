"""RENDER: which template a call means, and its parts with each addressee's values in them.

A published version never changes, so its source is kept. Whoever brings no values of his own gets what was
rendered once for all of those.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sztafeta.mail.hostile_text import what_breaks
from sztafeta.mail.template_source import MissingRule, Rendered, TemplateFault, TemplateSource
from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.ports import Renderer, Template, TemplateStore
from sztafeta.service.sending.call import Addressee, Call, TemplateChoice
from sztafeta.service.sending.call_reading import ReadCall, escaped
from sztafeta.service.templates import template_ref, where_named
from sztafeta.value import value

KEPT: Final = 256
"""Sources of published versions in memory."""


@value(frozen=True, slots=True)
class RenderedCall:
    """Each addressee's parts; whether there is text and HTML is the same for all messages of a call."""

    parts: Sequence[Rendered]
    has_text: bool
    has_html: bool
    template: tuple[int, int] | None = None
    """The stored template and its version that they are made of."""


@value(frozen=True, slots=True)
class _Chosen:
    """What is rendered, and what happens when a variable is missing; a call's own subject wins."""

    source: TemplateSource
    missing: MissingRule
    template: tuple[int, int] | None = None


class Rendering:
    """Renders calls; one instance serves all faces."""

    def __init__(self, *, templates: TemplateStore, renderer: Renderer) -> None:
        self._templates = templates
        self._renderer = renderer
        self._kept: OrderedDict[tuple[int, int], TemplateSource] = OrderedDict()

    async def render(self, customer_id: int, read: ReadCall) -> RenderedCall | Refusal:
        """Give each addressee's parts, or what is wrong with template or variables."""
        call = read.call
        if call.template is None and not call.is_template:
            text = call.text or await self._renderer.text_of(call.html)
            plain = Rendered(subject=call.subject, html=call.html, text=text)
            parts = [plain] * len(read.addressees)
            return RenderedCall(parts, has_text=bool(text), has_html=bool(call.html))
        chosen = await self._chosen(customer_id, call)
        if isinstance(chosen, Refusal):
            return chosen
        groups = _Groups([one.asked for one in read.addressees])
        rendered = await self._render(call, chosen, groups)
        if isinstance(rendered, Refusal):
            return rendered
        parts = groups.spread(rendered)
        return RenderedCall(
            parts,
            has_text=any(one.text for one in parts),
            has_html=any(one.html for one in parts),
            template=chosen.template,
        )

    async def faults(self, customer_id: int, call: Call) -> Sequence[Fault]:
        """Say what is wrong with template or variables of a call that has other faults already."""
        chosen = await self._chosen(customer_id, call)
        if isinstance(chosen, Refusal):
            return chosen.faults
        rendered = await self._render(call, chosen, _Groups(call.addressees))
        return rendered.faults if isinstance(rendered, Refusal) else ()

    async def _render(
        self, call: Call, chosen: _Chosen, groups: _Groups
    ) -> Sequence[Rendered] | Refusal:
        try:
            rendered = await self._renderer.render(
                chosen.source, missing=chosen.missing, shared=call.data, data=groups.data
            )
            return [_with_sound_subject(*one) for one in enumerate(rendered)]
        except TemplateFault as fault:
            return _refusal(_faults(fault, groups.where(fault.index), chosen.source))

    async def _chosen(self, customer_id: int, call: Call) -> _Chosen | Refusal:
        if call.template is not None:
            stored = await self._stored(customer_id, call.template)
            if isinstance(stored, Refusal) or not call.subject:
                return stored
            return replace(stored, source=replace(stored.source, subject=call.subject))
        source = TemplateSource(subject=call.subject, html=call.html, text=call.text)
        return _Chosen(source, MissingRule.BLANK)

    async def _stored(self, customer_id: int, choice: TemplateChoice) -> _Chosen | Refusal:
        template = await self._templates.template(customer_id, template_ref(choice.ref))
        if template is None:
            return _unknown(f"there is no template {choice.ref}")
        number = template.live if choice.version is None else choice.version
        if number is None:
            return _unknown(f"the template {choice.ref} was never published")
        source = await self._published(template, number)
        if source is None:
            return _unknown(f"version {number} of {choice.ref} was never published")
        return _Chosen(source, template.missing, (template.template_id, number))

    async def _published(self, template: Template, number: int) -> TemplateSource | None:
        key = (template.template_id, number)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        version = await self._templates.version(template.template_id, number)
        if version is None or version.published_at is None:
            return None
        source = replace(version.source, html=version.published_html, mjml="")
        self._kept[key] = source
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return source


class _Groups:
    """Addressees by what they are rendered with: those without values of their own are one."""

    def __init__(self, addressees: Sequence[Addressee]) -> None:
        self.data: list[Mapping[str, Any]] = []
        self._first: list[Addressee] = []
        self._group_of: list[int] = []
        shared: int | None = None
        for one in addressees:
            if one.data or shared is None:
                group = len(self.data)
                self.data.append(one.data)
                self._first.append(one)
                shared = shared if one.data else group
            else:
                group = shared
            self._group_of.append(group)

    def spread(self, rendered: Sequence[Rendered]) -> list[Rendered]:
        """Give each addressee his parts."""
        return [rendered[group] for group in self._group_of]

    def where(self, group: int) -> str:
        """Point to the variables that a group is rendered with."""
        if not self._first:
            return "/data"
        one = self._first[group]
        return f"{one.pointer or one.person.pointer}/data" if one.data else "/data"


def _with_sound_subject(index: int, rendered: Rendered) -> Rendered:
    """Trim the subject; a value must not make a header field of it (S-43)."""
    subject = rendered.subject.strip()
    if (char := what_breaks(subject)) is not None:
        text = f"with these variables the subject holds {char}"
        raise TemplateFault(text, part="subject", index=index)
    return rendered if subject == rendered.subject else replace(rendered, subject=subject)


def _faults(fault: TemplateFault, pointer: str, source: TemplateSource) -> list[Fault]:
    """Tell each missing variable by its name, or where else the template broke."""
    if fault.missing:
        return [
            Fault(
                pointer=f"{pointer}/{escaped(name)}",
                code="template_variable_missing",
                text=f"{where_named(name, source)} needs {name}, which is not in the data",
            )
            for name in fault.missing
        ]
    line = "" if fault.line is None else f", line {fault.line}"
    text = f"{fault} ({fault.part}{line})"
    return [Fault(pointer=pointer, code="template_invalid", text=text)]


def _refusal(faults: list[Fault]) -> Refusal:
    missing = dict.fromkeys(
        one.pointer.rpartition("/")[2] for one in faults if one.code == "template_variable_missing"
    )
    if missing:
        return Refusal(
            code="template_variable_missing",
            http_status=422,
            text=f"The template needs variables that are not in the data: {', '.join(missing)}",
            fix="Send them in data, give them a default, or have missing ones left blank.",
            faults=tuple(faults),
        )
    return Refusal(
        code="template_invalid",
        http_status=422,
        text=f"The template cannot be rendered: {faults[0].text}",
        fix="Correct the template, or the values in data.",
        faults=tuple(faults),
    )


def _unknown(text: str) -> Refusal:
    return Refusal(
        code="template_unknown",
        http_status=422,
        text=f"{text[:1].upper()}{text[1:]}",
        fix="Name a template by its id or external id, and publish it first.",
        faults=(Fault(pointer="/template", code="template_unknown", text=text),),
    )
