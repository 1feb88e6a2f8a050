"""Calls rendered by the real processes: what reaches the addressee, and what is told of a fault."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.service.sending.test_send import Office, a_call, octets, parsed, templated, with_data

from sztafeta.renderer.processes import Renderer
from sztafeta.service.ports import TailedContent

HTML = "<p>Cześć {{ name }}!</p>{% if code %}<b>{{ code }}</b>{% endif %}"


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """Give an office whose templates are rendered in a process."""
    async with Renderer(processes=1) as renderer:
        yield Office(renderer=renderer)


async def test_each_addressee_gets_html_and_the_text_that_is_made_of_it(office: Office) -> None:
    """Issue 3, §1: a text part is made from the HTML when it is missing."""
    await office.publish("order", subject="Dla {{ name }}", html=HTML)
    people = [with_data(f"u{at}@example.net", at, name=f"Zoë {at}", code=at) for at in range(120)]
    await office.sent(templated(*people))
    assert len(office.kept.messages) == 120
    last = office.kept.messages[-1]
    assert last.subject == "Dla Zoë 119"
    assert isinstance(last.content, TailedContent)
    html, text = (parsed(last).get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None
    assert html.get_content().strip() == "<p>Cześć Zoë 119!</p><b>119</b>"
    assert text.get_content().split() == ["Cześć", "Zoë", "119!", "119"]


async def test_a_value_is_escaped_in_html_and_left_alone_in_the_subject(office: Office) -> None:
    """W-12: autoescape in HTML."""
    await office.publish("order", subject="{{ name }}", html=HTML, text="{{ name }}")
    await office.sent(templated(with_data("bob@example.net", 0, name="A & <b>", code="")))
    (message,) = office.kept.messages
    assert message.subject == "A & <b>"
    assert b"A &amp; &lt;b&gt;" in octets(message)


async def test_the_addressee_who_lacks_a_variable_is_named(office: Office) -> None:
    await office.publish("order", subject="{{ name }}", html=HTML)
    people = [with_data(f"u{at}@example.net", at, name="Bob", code="") for at in range(60)]
    people[55] = with_data("late@example.net", 55, code="1")
    refusal = await office.refused(templated(*people))
    assert refusal.code == "template_variable_missing"
    assert refusal.faults[0].pointer == "/to/55/data/name"


async def test_a_template_that_breaks_with_these_values_says_where(office: Office) -> None:
    await office.publish("order", subject="x", html="<p>\n{{ name.first.letter }}</p>")
    refusal = await office.refused(templated(with_data("bob@example.net", 0, name={})))
    assert refusal.http_status == 422
    assert refusal.faults[0].pointer.startswith("/to/0/data")


@pytest.mark.parametrize("value", [2**64, "\ud800", {"\udfff": 1}])
async def test_data_that_no_process_can_be_given_is_a_fault_of_the_call(
    office: Office, value: object
) -> None:
    """W-19: 422, never 500, for the call's own data and for an addressee's."""
    await office.publish("order", subject="x", html="{{ a }}")
    call = templated(with_data("bob@example.net", 0, a=[value]), data={"a": value})
    assert await office.pointers(call) == ["/data", "/to/0/data"]


async def test_text_that_no_process_can_be_given_is_a_fault_of_the_call(office: Office) -> None:
    """W-19."""
    assert await office.pointers(a_call(text="", html="\ud800")) == ["/html"]
