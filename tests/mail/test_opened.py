"""Opening a message: words, HTML made safe, text and files, whatever a stranger put in."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.opened import open_message, read_cover, read_field

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MIXED = (
    b"From: =?utf-8?q?Sklep_=C5=BB=C3=B3=C5=82=C4=87?= <shop@example.com>\r\n"
    b"Subject: =?utf-8?b?WmHFvMOzxYLEhyBnxJnFm2zEhQ==?=\r\n =?utf-8?b?IGphxbrFhA==?=\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=iso-8859-2\r\n\r\nDzie\xf1 dobry\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Dobry</p><img src=cid:logo>\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="../../etc/logo.png"\r\n\r\n'
    + base64.b64encode(PICTURE)
    + b"\r\n--b--\r\n"
)


def html_of(html: str) -> str:
    content = f"Content-Type: text/html; charset=utf-8\r\n\r\n{html}".encode()
    return open_message(content).html or ""


def test_polish_words_come_out_of_encoded_fields() -> None:
    opened = open_message(MIXED)
    assert opened.field("Subject") == "Zażółć gęślą jaźń"
    assert opened.field("from") == "Sklep Żółć <shop@example.com>"


def test_text_html_and_files_are_told_apart() -> None:
    opened = open_message(MIXED)
    assert opened.text == "Dzień dobry"
    assert opened.html is not None
    assert [(one.content_type, one.content) for one in opened.attachments] == [
        ("image/png", PICTURE)
    ]


def test_a_picture_that_came_along_is_shown() -> None:
    assert 'src="data:image/png;base64,' in (open_message(MIXED).html or "")


def test_a_picture_from_elsewhere_leaves_its_alternative_text() -> None:
    """W-09: the frame's policy would block it; here it is not even asked for."""
    html = "<img src=https://example.net/pixel.gif alt=Offer><img src=x><img src='data:image/png;base64,AA'>"
    shown = open_message(b"Content-Type: text/html\r\n\r\n" + html.encode()).html or ""
    assert "src=" not in shown
    assert 'alt="Offer"' in shown


def test_a_file_name_has_no_path() -> None:
    """W-30: `../../x`."""
    (attachment,) = open_message(MIXED).attachments
    assert "/" not in attachment.name
    assert attachment.name.endswith("logo.png")


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        "<iframe src=javascript:alert(1)></iframe>",
        "<form action=https://example.net><input name=password></form>",
        "<base href=https://example.net>",
        "<meta http-equiv=refresh content='0;url=https://example.net'>",
        "<object data=x></object><embed src=x>",
        "<body onload=alert(1)>",
        "<link rel=stylesheet href=https://example.net/x.css>",
    ],
)
def test_html_that_would_act_is_taken_out(html: str) -> None:
    """W-08."""
    safe = html_of(html).lower()
    for active in ("<script", "onerror=a", "onload=", "javascript:", "<iframe", "<form", "<input"):
        assert active not in safe.replace("&lt;", "")
    for active in ("<base", "<meta", "<object", "<embed", "<link", "<svg", 'href="data:'):
        assert active not in safe


def test_links_open_a_tab_that_knows_nothing_of_us() -> None:
    assert 'target="_blank" rel="noopener noreferrer"' in html_of(
        '<a href="https://example.com">x</a>'
    )


def test_the_look_of_a_message_stays() -> None:
    safe = html_of(
        '<style>p{color:red}</style><table bgcolor="#eee"><td style="padding:1px">x</td></table>'
    )
    assert "p{color:red}" in safe
    assert 'bgcolor="#eee"' in safe
    assert 'style="padding:1px"' in safe


def test_the_cover_shows_who_what_and_the_first_words() -> None:
    cover = read_cover(MIXED)
    assert cover.author == "Sklep Żółć <shop@example.com>"
    assert cover.subject == "Zażółć gęślą jaźń"
    assert cover.snippet == "Dzień dobry"
    assert cover.attachments == 1


def test_a_message_of_html_alone_has_a_snippet_without_tags() -> None:
    content = b"Content-Type: text/html\r\n\r\n<style>p{}</style><p>Hello <b>Bob</b></p>"
    assert read_cover(content).snippet == "Hello Bob"


@pytest.mark.parametrize(
    "field",
    [
        "=?utf-8?b?%%%?=",
        "=?no-such-charset?q?abc?=",
        "=?utf-8?q?=FF=FE?=",
        "=?utf-8?x?abc?=",
        "\udcff",
    ],
)
def test_a_field_that_cannot_be_decoded_is_still_shown(field: str) -> None:
    assert isinstance(read_field(field), str)


@given(st.binary(max_size=300))
def test_no_octets_make_it_fail(octets: bytes) -> None:
    content = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + octets
    opened = open_message(content)
    read_cover(content)
    for _, value in opened.fields:
        value.encode("utf-8")
    (opened.text or "").encode("utf-8")


def test_deep_nesting_ends() -> None:
    """S-53: many parts are cut, not followed."""
    content = b""
    for depth in range(300):
        content += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth)
    open_message(content)


def test_remote_pictures_are_told_of_and_come_only_when_asked_for() -> None:
    content = b"Content-Type: text/html\r\n\r\n<img src='https://example.net/a.gif'><img src=x>"
    assert open_message(content).has_remote_pictures
    assert "example.net" not in (open_message(content).html or "")
    shown = open_message(content, remote_pictures=True).html or ""
    assert 'src="https://example.net/a.gif"' in shown
    assert 'src="x"' not in shown
    assert not open_message(b"Content-Type: text/html\r\n\r\n<p>hi").has_remote_pictures
