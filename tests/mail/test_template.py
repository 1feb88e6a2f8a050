"""Templates: what an author may write, what a call must bring, and what cannot be reached (W-12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.template import CompiledTemplate
from sztafeta.mail.template_source import MissingRule, Rendered, TemplateFault, TemplateSource

ORDER = TemplateSource(
    subject="Zamówienie {{ number }} dla {{ name }}",
    html="<p>{{ name }}</p>{% for item in items %}<b>{{ item.name }}</b>{% endfor %}",
    text="{{ name }}: {{ items | length }}",
)


def render(
    source: TemplateSource, missing: MissingRule = MissingRule.REFUSE, **data: object
) -> Rendered:
    return CompiledTemplate(source, missing=missing).render(data)


def test_values_are_escaped_in_html_alone() -> None:
    rendered = render(ORDER, number=5, name="<Żak & syn>", items=[{"name": '"'}])
    assert rendered.subject == "Zamówienie 5 dla <Żak & syn>"
    assert rendered.html == "<p>&lt;Żak &amp; syn&gt;</p><b>&quot;</b>"
    assert rendered.text == "<Żak & syn>: 1"


def test_a_value_is_never_a_template() -> None:
    assert render(TemplateSource(text="{{ name }}"), name="{{ 7*7 }}").text == "{{ 7*7 }}"


@pytest.mark.parametrize(("size", "word"), [(1, "one"), (2, "two"), (3, "many")])
def test_twigs_elseif_is_understood(size: int, word: str) -> None:
    source = TemplateSource(
        text="{% if n == 1 %}one{% elseif n == 2 %}two{%- elseif n == 3 %}many{% endif %}"
    )
    assert render(source, n=size).text == word


def test_what_only_looks_like_elseif_is_left_alone() -> None:
    assert render(TemplateSource(text="elseif {{ 'elseif' }}")).text == "elseif elseif"


def test_all_missing_variables_of_a_part_are_named_at_once() -> None:
    with pytest.raises(TemplateFault, match="lacks") as found:
        render(TemplateSource(html="{{ a }}\n{{ b.c }} {{ d | default('x') }}"), d=1)
    assert found.value.missing == ("a", "b.c")
    assert (found.value.part, found.value.line) == ("html", 1)


def test_what_any_part_lacks_is_named_at_once() -> None:
    with pytest.raises(TemplateFault, match="lacks name, a, b") as found:
        render(TemplateSource(subject="{{ name }}", html="{{ a }}", text="{{ b }} {{ a }}"))
    assert found.value.missing == ("name", "a", "b")
    assert (found.value.part, found.value.line) == ("subject", 1)


def test_a_template_may_leave_missing_variables_blank() -> None:
    source = TemplateSource(subject="Hej {{ name }}{{ a.b.c }}!")
    assert render(source, MissingRule.BLANK).subject == "Hej !"


def test_a_default_makes_a_variable_optional() -> None:
    assert render(TemplateSource(text="{{ name | default('Kliencie') }}")).text == "Kliencie"


def test_a_template_that_cannot_be_read_says_where() -> None:
    with pytest.raises(TemplateFault, match="syntax error") as found:
        CompiledTemplate(TemplateSource(html="<p>\n{% for %}"), missing=MissingRule.BLANK)
    assert (found.value.part, found.value.line) == ("html", 2)


def test_its_variables_are_named() -> None:
    found = CompiledTemplate(ORDER, missing=MissingRule.REFUSE).variables()
    assert found == {"name", "number", "items"}


@pytest.mark.parametrize(
    "payload",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ x | attr('__class__') }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends 'x' %}",
        "{{ range(10**9) }}",
        "{{ 'x' * 10**8 }}",
        "{% for i in range(10000) %}{% for j in range(10000) %}a{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ lipsum.__globals__ }}",
        "{{ 10 ** 100000 }}",
    ],
)
def test_nothing_beyond_the_data_is_reached(payload: str) -> None:
    """W-12: no attribute of a Python object, no file, no endless loop."""
    with pytest.raises(TemplateFault):
        render(TemplateSource(text=payload), x={"a": 1})


@pytest.mark.parametrize(
    "payload", ["{{ ''.__class__ }}", "{{ x.__class__ }}", "{{ x | attr('a') }}"]
)
def test_with_blanks_for_the_missing_it_is_blank(payload: str) -> None:
    assert render(TemplateSource(text=payload), MissingRule.BLANK, x="y").text == ""


@given(st.text(max_size=200))
def test_any_text_renders_or_is_refused_with_a_sentence(text: str) -> None:
    try:
        rendered = CompiledTemplate(TemplateSource(text=text), missing=MissingRule.BLANK).render({})
    except TemplateFault as fault:
        assert str(fault)  # noqa: PT017
    else:
        assert isinstance(rendered.text, str)
