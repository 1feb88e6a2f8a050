"""A preview asks for nothing from elsewhere, and reads the same beside that."""

from __future__ import annotations

import pytest

from sztafeta.mail.remote_content import without_remote

KEPT = (
    "<img src=cid:logo alt=Logo>",
    '<img alt="a > b" src="data:image/png;base64,AA">',
    '<a href="https://example.net/">https://example.net/</a>',
    '<p style="background: url(data:image/png;base64,AA)">src="https://example.net/"</p>',
    "<style>@media (width < 40em) { p { color: red } }</style>",
)
REMOTE = (
    "<img src=https://example.net/a.gif alt=Offer>",
    "<img\nSRC = 'http://example.net/a.gif' alt=Offer>",
    '<img alt="a > b" src="//example.net/a.gif">',
    '<img srcset="https://example.net/a.gif 2x" alt=Offer>',
    '<td background=" https://example.net/a.gif">',
    "<p style=\"background: url('https://example.net/a.gif')\">",
    "<style>p { background: URL( https://example.net/a.gif ) }</style>",
    "<style>@import url(https://example.net/a.css); p { color: red }</style>",
    '<style>@import "https://example.net/a.css"; p { color: red }</style>',
    "<link rel=stylesheet href=https://example.net/a.css>",
)


@pytest.mark.parametrize("html", KEPT)
def test_what_is_not_fetched_stays(html: str) -> None:
    assert without_remote(html) == html
    assert without_remote(html, pictures=True) == html


@pytest.mark.parametrize("html", REMOTE)
def test_what_is_fetched_from_elsewhere_goes(html: str) -> None:
    shown = without_remote(html)
    assert "example.net" not in shown
    assert ("Offer" in html) == ("Offer" in shown)


def test_pictures_over_tls_stay_when_they_are_asked_for() -> None:
    html = "<img src='https://example.net/a.gif'><p style='background: url(https://example.net/b.gif)'>"
    assert without_remote(html, pictures=True) == html
    clear = without_remote("<img src='http://example.net/a.gif'>", pictures=True)
    assert "example.net" not in clear


@pytest.mark.parametrize(
    "piece", ["<a", '<a "', "<a '\"", "url(//", "@import", "<img src=", "<img src='", "<a b "]
)
def test_hostile_html_takes_time_in_proportion(piece: str) -> None:
    """W-29: what is repeated half a million times comes back, too."""
    assert without_remote(piece * 500_000)
