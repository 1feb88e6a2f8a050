"""A preview asks for nothing from elsewhere, and reads the same beside that."""

from __future__ import annotations

import pytest

from sztafeta.mail.opened import make_safe
from sztafeta.mail.remote_styles import without_remote_styles

ELSEWHERE = "//example.net/"
REMOTE = (
    "<img src=https://example.net/a.gif alt=Offer>",
    "<img\nSRC = 'http://example.net/a.gif' alt=Offer>",
    '<img alt="a > b Offer" src="//example.net/a.gif">',
    '<img srcset="https://example.net/a.gif 2x" alt=Offer>',
    '<table background=" https://example.net/a.gif"><tr><td background=https://example.net/b>Offer',
    "<p style=\"background: url('https://example.net/a.gif')\">Offer",
    "<p style='background: url(\"https://example.net/a.gif\")'>Offer",
    "<p style='background: url(https:&#x2f;&#x2f;example.net/a.gif)'>Offer",
    "<style>p { background: URL( https://example.net/a.gif ) }</style><p>Offer",
    "<style>@import url(https://example.net/a.css); p { color: red }</style><p>Offer",
    '<style>@import "https://example.net/a.css"; p { color: red }</style><p>Offer',
    "<link rel=stylesheet href=https://example.net/a.css><p>Offer",
    "<svg><image href=https://example.net/a.svg></svg><video poster=https://example.net/a></video>Offer",
)
OWN = (
    "<img src=cid:logo alt=Offer>",
    '<p style="background: url(data:image/png;base64,AA)">Offer',
    '<a href="https://example.net/">https://example.net/ Offer</a>',
    "<style>@media (width < 40em) { p { color: red } }</style><p>Offer",
)


@pytest.mark.parametrize("html", REMOTE)
def test_what_is_fetched_from_elsewhere_goes_and_words_stay(html: str) -> None:
    shown = make_safe(html, {}, remote_pictures=False)
    assert ELSEWHERE not in shown.lower()
    assert "Offer" in shown


@pytest.mark.parametrize("html", OWN)
def test_what_is_not_fetched_stays(html: str) -> None:
    shown = make_safe(html, {"logo": "data:image/png;base64,AA"}, remote_pictures=False)
    for kept in ("data:image/png;base64,AA", "https://example.net/", "@media (width < 40em)"):
        assert (kept in html.replace("cid:logo", "data:image/png;base64,AA")) == (kept in shown)
    assert "Offer" in shown


def test_pictures_over_tls_stay_when_they_are_asked_for() -> None:
    html = (
        "<img src=https://example.net/a.gif><p style='background: url(https://example.net/b.gif)'>"
    )
    shown = make_safe(html, {}, remote_pictures=True)
    assert "https://example.net/a.gif" in shown
    assert "https://example.net/b.gif" in shown
    clear = (
        "<img src=http://example.net/a.gif><p style='background: url(http://example.net/b.gif)'>"
    )
    assert ELSEWHERE not in make_safe(clear, {}, remote_pictures=True)


@pytest.mark.parametrize("piece", ["url(//", "url(&quot;//", "@import", "url( ", "@import;"])
def test_hostile_styles_take_time_in_proportion(piece: str) -> None:
    """W-29: what is repeated half a million times comes back, too."""
    assert isinstance(without_remote_styles(piece * 500_000, pictures=False), str)
