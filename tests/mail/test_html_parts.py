"""MJML to HTML, CSS written into elements around template tags, and text of HTML."""

from __future__ import annotations

import pytest

from sztafeta.mail.html_parts import html_from_mjml, text_from_html, with_inlined_css
from sztafeta.mail.template_source import TemplateFault

MJML = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


def test_mjml_becomes_html_with_its_variables_left_in() -> None:
    html = html_from_mjml(MJML.format("<mj-text>Hej {{ name }}</mj-text>"))
    assert html.startswith("<!doctype html>")
    assert "Hej {{ name }}" in html


@pytest.mark.parametrize(
    "mjml", ["<mjml><mj-bo", MJML.format("<mj-include path='/etc/passwd'/>"), ""]
)
def test_what_is_no_mjml_is_refused_and_nothing_is_included(mjml: str) -> None:
    with pytest.raises(TemplateFault) as found:
        html_from_mjml(mjml)
    assert found.value.part == "mjml"


def test_html_without_a_style_is_left_to_the_letter() -> None:
    html = "<p  class=a>{{ name }}<br>"
    assert with_inlined_css(html) == html


def test_rules_are_written_onto_elements() -> None:
    html = with_inlined_css("<style>p{color:red}</style><p>{{ name }}</p>")
    assert '<p style="color: red;">{{ name }}</p>' in html


def test_a_loop_between_the_rows_of_a_table_stays_there() -> None:
    html = with_inlined_css(
        "<style>td{top:1px}</style><table>{% for r in rows %}<tr><td>{{ r }}</td></tr>{% endfor %}</table>"
    )
    assert (
        '<table>{% for r in rows %}<tr><td style="top: 1px;">{{ r }}</td></tr>{% endfor %}</table>'
        in html
    )


def test_tags_with_quotes_inside_attributes_stay_whole() -> None:
    html = with_inlined_css(
        "<style>a{top:1px}</style>"
        '<a {% if x > 1 %}id="b"{% endif %} href="{{ url }}?a=1&b={{ x | default("q") }}">x</a>'
    )
    assert '{% if x > 1 %}id="b"' in html
    assert 'href="{{ url }}?a=1&amp;b={{ x | default("q") }}"' in html


def test_tags_inside_styles_and_titles_and_comments_stay_whole() -> None:
    html = with_inlined_css(
        "<html><head><title>{{ t }}</title><style>p{color:{{ colour }}}</style></head>"
        "<body><!-- {{ c }} > --><p>a</p></body></html>"
    )
    assert "<title>{{ t }}</title>" in html
    assert '<p style="color: {{ colour }};">' in html
    assert "<!-- {{ c }} > -->" in html


def test_nothing_is_fetched() -> None:
    """W-10: a remote style sheet is left as a link."""
    link = '<link rel="stylesheet" href="http://127.0.0.1:1/x.css">'
    assert link in with_inlined_css(
        f"<html><head>{link}<style>p{{top:1px}}</style></head><p>a</html>"
    )


def test_text_names_links_and_lays_out_lists() -> None:
    text = text_from_html(
        "<h1>Cześć</h1><p>Zobacz <a href='https://example.com/'>sklep</a></p><ul><li>a<li>b"
    )
    assert text.startswith("Cześć\n")
    assert "[sklep](https://example.com/)" in text
    assert "* a" in text
    assert "<" not in text


def test_no_html_is_no_text() -> None:
    assert text_from_html(" ") == ""
