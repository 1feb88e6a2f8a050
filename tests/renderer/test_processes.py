"""Rendering in processes of their own: a hostile template ends its process and nothing else (W-12)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sztafeta.mail.template_source import MissingRule, TemplateFault, TemplateSource
from sztafeta.renderer.processes import CHUNK, TOO_MUCH, Renderer

HOSTILE = [
    "{{ [1] * 100000000 }}",
    "{{ [text] * 40000 }}",
    "{% set n = namespace(a=[1]) %}{% for i in range(60) %}{% set n.a = n.a + n.a %}{% endfor %}{{ n.a }}",
    "{{ ([1] * 100000000) | string | length }}",
    "{{ ([1] * 100000000) ~ '' }}",
]


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer(processes=1) as one:
        yield one


async def text(renderer: Renderer, template: str, **data: object) -> str:
    (rendered,) = await renderer.render(
        TemplateSource(text=template), missing=MissingRule.REFUSE, shared={}, data=[data]
    )
    return rendered.text


async def test_each_recipient_gets_its_own_values_on_top_of_the_shared(renderer: Renderer) -> None:
    source = TemplateSource(
        subject="{{ shop }}: {{ name }}", html="<p>{{ name }}</p>", text="{{ name }}"
    )
    rendered = await renderer.render(
        source,
        missing=MissingRule.REFUSE,
        shared={"shop": "Sklep", "name": "Kliencie"},
        data=[{}, *({"name": f"Żak {number}"} for number in range(2 * CHUNK))],
    )
    assert len(rendered) == 2 * CHUNK + 1
    assert rendered[0].subject == "Sklep: Kliencie"
    assert rendered[-1].html == f"<p>Żak {2 * CHUNK - 1}</p>"


async def test_text_is_made_of_each_recipients_html_when_there_is_none(renderer: Renderer) -> None:
    (rendered,) = await renderer.render(
        TemplateSource(
            html="<table>{% for r in rows %}<tr><td>{{ r }}</td></tr>{% endfor %}</table>"
        ),
        missing=MissingRule.REFUSE,
        shared={},
        data=[{"rows": ["jeden", "dwa"]}],
    )
    assert rendered.text.split() == ["jeden", "dwa"]


@pytest.mark.parametrize("template", HOSTILE)
async def test_a_hostile_template_is_ended_and_the_next_is_rendered(
    renderer: Renderer, template: str
) -> None:
    """W-12: bounded in processor time and in memory, whatever the engine does not count."""
    with pytest.raises(TemplateFault, match=TOO_MUCH):
        await text(renderer, template, text="x" * 3000)
    assert await text(renderer, "{{ name }}", name="Anna") == "Anna"


async def test_a_fault_names_which_of_the_values_it_was(renderer: Renderer) -> None:
    data = [{"name": "Anna"}] * CHUNK + [{}]
    with pytest.raises(TemplateFault) as found:
        await renderer.render(
            TemplateSource(text="\n{{ name }}"), missing=MissingRule.REFUSE, shared={}, data=data
        )
    fault = found.value
    assert (fault.index, fault.missing, fault.part, fault.line) == (CHUNK, ("name",), "text", 2)


async def test_publishing_turns_mjml_into_html_and_names_the_variables(renderer: Renderer) -> None:
    mjml = (
        "<mjml><mj-body><mj-section><mj-column><mj-text>{{ name }}</mj-text>"
        "</mj-column></mj-section></mj-body></mjml>"
    )
    html, variables = await renderer.publish(TemplateSource(subject="{{ order }}", mjml=mjml))
    assert "{{ name }}" in html
    assert list(variables) == ["name", "order"]


async def test_what_cannot_be_read_is_not_published(renderer: Renderer) -> None:
    with pytest.raises(TemplateFault, match="syntax error"):
        await renderer.publish(TemplateSource(subject="{% if %}"))


async def test_html_that_takes_too_much_has_no_text(renderer: Renderer) -> None:
    assert await renderer.text_of("<p>Cześć") == "Cześć\n"
    assert await renderer.text_of("<p>słowo</p>" * 700_000) == ""


async def test_a_caller_that_goes_away_leaves_a_clean_process_behind(renderer: Renderer) -> None:
    waiting = asyncio.ensure_future(text(renderer, HOSTILE[0]))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await text(renderer, "{{ 1 }}") == "1"
