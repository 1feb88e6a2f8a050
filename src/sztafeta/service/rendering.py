"""RENDER: which template a call means, and its parts with each addressee's values in them.

A published version never changes, so what was compiled of it is kept. Rendering works in slices between which
the loop breathes: a call for a thousand addressees delays nobody's 250.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from sztafeta.delivery.queue_id import from_text
from sztafeta.mail.hostile_text import what_breaks
from sztafeta.mail.template_source import MissingRule, Rendered, TemplateFault, TemplateSource
from sztafeta.service.call import Call, TemplateChoice
from sztafeta.service.call_reading import ReadAddressee, ReadCall, escaped
from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.ports import Template, TemplateStore

KEPT: Final = 256
"""Compiled templates in memory."""
SLICE_SECONDS: Final = 0.005
"""How long rendering goes on before the loop gets a turn."""
PREFIX: Final = "tpl_"
"""What a template's own id begins with."""


class Compiled(Protocol):
    """A template that was read."""

    def render(self, data: Mapping[str, Any]) -> Rendered:
        """Put values in. Raises: TemplateFault."""


class Renderer(Protocol):
    """The program that reads templates (mail/template), and makes text of HTML."""

    def compile(self, source: TemplateSource, *, missing: MissingRule) -> Compiled:
        """Read a template. Raises: TemplateFault."""

    def text_of(self, html: str) -> str:
        """Give HTML as text, for those who read no HTML."""


class Plain:
    """Content without variables: the same for everybody."""

    def __init__(self, call: Call, renderer: Renderer) -> None:
        text = call.text or renderer.text_of(call.html)
        self._rendered = Rendered(subject=call.subject, html=call.html, text=text)

    def render(self, data: Mapping[str, Any]) -> Rendered:
        """Give the content as it is."""
        return self._rendered


class Rendering:
    """Renders calls; one instance serves all faces."""

    def __init__(self, *, templates: TemplateStore, renderer: Renderer) -> None:
        self._templates = templates
        self._renderer = renderer
        self._kept: OrderedDict[tuple[int, int, MissingRule], Compiled] = OrderedDict()

    async def render(self, customer_id: int, read: ReadCall) -> Sequence[Rendered] | Refusal:
        """Give each addressee's parts, or all that is wrong with template and variables."""
        compiled = await self._compiled(customer_id, read.call)
        if isinstance(compiled, Refusal):
            return compiled
        loop = asyncio.get_running_loop()
        rendered: list[Rendered] = []
        faults: list[Fault] = []
        shared = _Shared(compiled, read.call)
        began = loop.time()
        for one in read.addressees:
            try:
                rendered.append(shared.render(one))
            except TemplateFault as fault:
                faults += _faults(fault, _where(one))
                if not one.asked.data:
                    break  # whoever brings no values of his own fares alike
            if loop.time() - began > SLICE_SECONDS:
                await asyncio.sleep(0)
                began = loop.time()
        return _refusal(faults) if faults else rendered

    async def _compiled(self, customer_id: int, call: Call) -> Compiled | Refusal:
        if call.template is not None:
            return await self._stored(customer_id, call.template)
        if not call.is_template:
            return Plain(call, self._renderer)
        source = TemplateSource(subject=call.subject, html=call.html, text=call.text)
        return self._compile(source, MissingRule.BLANK)

    async def _stored(self, customer_id: int, choice: TemplateChoice) -> Compiled | Refusal:
        template = await self._templates.template(customer_id, _ref(choice.ref))
        if template is None:
            return _unknown(f"there is no template {choice.ref}")
        number = template.live if choice.version is None else choice.version
        if number is None:
            return _unknown(f"the template {choice.ref} was never published")
        key = (template.template_id, number, template.missing)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        return await self._load(template, number, choice)

    async def _load(
        self, template: Template, number: int, choice: TemplateChoice
    ) -> Compiled | Refusal:
        version = await self._templates.version(template.template_id, number)
        if version is None or version.published_at is None:
            return _unknown(f"version {number} of {choice.ref} was never published")
        source = replace(version.source, html=version.published_html, mjml="")
        compiled = self._compile(source, template.missing)
        if not isinstance(compiled, Refusal):
            self._kept[(template.template_id, number, template.missing)] = compiled
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return compiled

    def _compile(self, source: TemplateSource, missing: MissingRule) -> Compiled | Refusal:
        try:
            return self._renderer.compile(source, missing=missing)
        except TemplateFault as fault:
            return _refusal(_faults(fault, "/template"))


class _Shared:
    """One call's template: rendered once for all who bring no values of their own."""

    def __init__(self, compiled: Compiled, call: Call) -> None:
        self._compiled = compiled
        self._data = call.data
        self._same: Rendered | None = None

    def render(self, one: ReadAddressee) -> Rendered:
        """Give one addressee's parts. Raises: TemplateFault."""
        if one.asked.data:
            return self._render({**self._data, **one.asked.data})
        if self._same is None:
            self._same = self._render(self._data)
        return self._same

    def _render(self, data: Mapping[str, Any]) -> Rendered:
        rendered = self._compiled.render(data)
        subject = rendered.subject.strip()
        if (char := what_breaks(subject)) is not None:  # S-43: a value must not make a header field
            raise TemplateFault(f"with these variables the subject holds {char}", part="subject")
        return rendered if subject == rendered.subject else replace(rendered, subject=subject)


def _where(one: ReadAddressee) -> str:
    """Point to the variables that an addressee is rendered with."""
    return f"{one.asked.person.pointer}/data" if one.asked.data else "/data"


def _ref(ref: str) -> int | str:
    """Read a template's own id; anything else is its external id."""
    if ref.startswith(PREFIX):
        try:
            return from_text(ref.removeprefix(PREFIX))
        except ValueError:
            return ref
    return ref


def _faults(fault: TemplateFault, pointer: str) -> list[Fault]:
    """Tell each missing variable by its name, or where else the template broke."""
    if fault.missing:
        return [
            Fault(
                pointer=f"{pointer}/{escaped(name)}",
                code="template_variable_missing",
                text=f"the template's {fault.part} needs {name}, which is not in the data",
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
    )
