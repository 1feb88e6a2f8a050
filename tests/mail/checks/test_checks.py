"""What the HTML check and the link check find, and that hostile HTML takes no longer than other HTML."""

from __future__ import annotations

import time

import pytest

from sztafeta.mail.checks.colours import contrast, read_colour
from sztafeta.mail.checks.examination import examine
from sztafeta.mail.checks.finding import Check, Severity
from sztafeta.mail.checks.html import CLIPPED_AT
from sztafeta.mail.checks.tokens import tokens

GOOD = """<!doctype html>
<html lang="pl"><head><title>T</title></head><body>
<p style="color:#333;background:#fff">Dzień dobry</p>
<img src="https://shop.example.com/a.png" alt="Logo">
<a href="https://example.com/o/1">Zamówienie</a>
</body></html>"""


def found(html: str, text: str = "x") -> set[Check]:
    return {one.check for one in examine(html, text).findings}


def link(address: str, words: str = "see") -> set[Check]:
    (one,) = examine(f'<a href="{address}">{words}</a>', "x").links
    return {finding.check for finding in one.findings}


def test_good_mail_has_no_findings() -> None:
    examined = examine(GOOD.replace("example.com", "sklep.pl"), "Dzień dobry")
    assert examined.findings == ()
    assert [one.findings for one in examined.links] == [()]
    assert examined.troubles == 0


@pytest.mark.parametrize(
    ("html", "check"),
    [
        ('<img src="https://a.pl/x.png">', Check.PICTURE_WITHOUT_ALT),
        ('<img src="x.png" alt="">', Check.PICTURE_NOT_ABSOLUTE),
        ('<img src="http://a.pl/x.png" alt="">', Check.PICTURE_PLAIN_HTTP),
        ('<img src="data:image/png;base64,AA" alt="">', Check.PICTURE_AS_DATA),
        ("<html><p>x", Check.LANGUAGE_MISSING),
        ("<p>x", Check.LANGUAGE_MISSING),
        ("<script>x</script>", Check.SCRIPT),
        ("<p onclick='x()'>", Check.SCRIPT),
        ("<form><input></form>", Check.FORM),
        ("<iframe src=x>", Check.FRAME),
        ("<link rel=stylesheet href=x>", Check.REMOTE_STYLE),
        ("<style>@import url(x);</style>", Check.REMOTE_STYLE),
        ('<p style="color:#999">x', Check.LOW_CONTRAST),
        ('<td bgcolor="#eee"><font color="white">x', Check.LOW_CONTRAST),
        ("<p>" + "x" * CLIPPED_AT, Check.CLIPPED),
        ("<p>" + "x" * (CLIPPED_AT - 99), Check.NEARLY_CLIPPED),
    ],
)
def test_what_readers_would_miss_is_found(html: str, check: Check) -> None:
    assert check in found(html)


@pytest.mark.parametrize(
    "html",
    [
        '<div style="display:none;color:#fff">preheader</div>',
        '<h1 style="color:#888">large letters need less</h1>',
        '<td style="background-image:url(x)"><b style="color:#fff">x</b>',
        '<a style="x:y" href="https://a.pl">x</a>',
    ],
)
def test_contrast_is_not_judged_where_it_cannot_be_told(html: str) -> None:
    assert Check.LOW_CONTRAST not in found(html)


@pytest.mark.parametrize(
    ("address", "check"),
    [
        ("", Check.LINK_EMPTY),
        ("#", Check.LINK_EMPTY),
        ("/order", Check.LINK_NOT_ABSOLUTE),
        ("http://a.pl/", Check.LINK_PLAIN_HTTP),
        ("https:///x", Check.LINK_BROKEN),
        ("https://a b.pl/", Check.LINK_BROKEN),
        ("https://a.pl:x/", Check.LINK_BROKEN),
        ("mailto:nobody", Check.LINK_BROKEN),
        ("javascript:alert(1)", Check.LINK_SCRIPT),
        ("https://localhost/x", Check.LINK_LOCAL),
        ("https://10.0.0.1/x", Check.LINK_LOCAL),
        ("https://9.9.9.9/x", Check.LINK_TO_NUMBERS),
        ("https://a.pl/{{ id }}", Check.LINK_UNFILLED),
        ("https://a.pl/order/undefined", Check.LINK_UNFILLED),
    ],
)
def test_links_that_lead_nowhere_are_found(address: str, check: Check) -> None:
    assert check in link(address)


@pytest.mark.parametrize(
    "address", ["https://a.pl/?x=1&amp;y=2", "mailto:a@b.pl?subject=x", "tel:+48600", "#top"]
)
def test_links_that_are_good_are_left_alone(address: str) -> None:
    assert link(address) == set()


def test_a_link_that_shows_another_house_is_found() -> None:
    assert link("https://evil.pl/", "www.bank.pl") == {Check.LINK_SHOWS_ANOTHER}
    assert link("https://www.bank.pl/a", "bank.pl") == set()


def test_a_link_needs_words_or_a_picture_with_words() -> None:
    assert link("https://a.pl/", "") == {Check.LINK_WITHOUT_WORDS}
    assert link("https://a.pl/", "<img src='https://a.pl/x' alt='Sklep'>") == set()


def test_the_worst_is_told_first_with_its_line() -> None:
    findings = examine("<p>\n<img src='https://a.pl/x'>\n<script>\n", "").findings
    assert [one.severity for one in findings] == sorted(
        (one.severity for one in findings), key=list(Severity).index
    )
    assert (findings[0].check, findings[0].line) == (Check.SCRIPT, 3)


def test_links_of_plain_text_are_checked() -> None:
    examined = examine("", "Look: https://a.pl/x.\nand http://b.pl/y")
    assert [(one.address, one.line) for one in examined.links] == [
        ("https://a.pl/x", 1),
        ("http://b.pl/y", 2),
    ]


def test_colours_are_read_and_compared() -> None:
    assert read_colour("#FFF") == read_colour("rgb(255, 255,255)") == (255, 255, 255)
    assert read_colour("var(--x)") is None
    assert round(contrast((0, 0, 0), (255, 255, 255)), 1) == 21.0


@pytest.mark.parametrize(
    "piece",
    [
        "<!--",
        "<",
        "<a ",
        "<a href='",
        "&#",
        "</",
        "<![CDATA[",
        "<div>",
        "<a x=\"'",
        "<p>a",
        "<a href=x>",
    ],
)
def test_hostile_html_takes_no_longer_than_other_html(piece: str) -> None:
    begun = time.process_time()
    examine(piece * (400_000 // len(piece)))
    assert time.process_time() - begun < 2.0


def test_numbers_of_thousands_of_digits_are_left_as_they_are() -> None:
    text = "&#" + "9" * 9000 + ";"
    assert [str(getattr(one, "text", "")) for one in tokens(text)] == [text]
