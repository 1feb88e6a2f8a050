"""The door of the panel: who comes in, from where a form may come, and what every answer says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.doubles.panel_house import BASE_URL, Browser, PanelHouse

from sztafeta.account.member import Area, Member, Right
from sztafeta.panel.columns import routes
from sztafeta.panel.needs import Needs
from sztafeta.panel.pages import PageRoute

ROUTES = sorted(routes(), key=lambda route: (route.path, route.method))
NAMES = [f"{route.method} {route.path or '/'}" for route in ROUTES]
FORMS = [route for route in ROUTES if route.method == "POST"]
FOREIGN: tuple[Mapping[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.org"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "", "Origin": "null"},
)


def filled(route: PageRoute) -> str:
    """Give an address of a route, with ids that nothing has."""
    parts = [
        ("999999999" if part.endswith(":int}") else "unknown") if part.startswith("{") else part
        for part in route.path.split("/")
    ]
    return "/panel" + "/".join(parts)


async def ask(browser: Browser, route: PageRoute) -> int:
    answer = await (browser.get if route.method == "GET" else browser.post)(filled(route))
    if answer.status == 303 and answer.location.startswith("/panel/login"):
        return 401
    return answer.status


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
async def test_the_matrix_of_routes_and_roles(panel_house: PanelHouse, route: PageRoute) -> None:
    """W-03: every route lets in those it says, and nobody else."""
    house = panel_house
    await try_as(house.stranger(), None, route)
    for rights in _rights_of(route):
        bob = await house.grant(house.bob, rights)
        await try_as(await house.browser(bob), bob, route)
    await try_as(await house.browser(house.alice), house.alice, route)


async def try_as(browser: Browser, member: Member | None, route: PageRoute) -> None:
    """Ask as somebody, and compare with what the route says it needs."""
    status = await ask(browser, route)
    if route.needs.allows(member):
        assert status not in (401, 403), (member, status)
    else:
        assert status == (401 if member is None else 403), (member, status)


def _rights_of(route: PageRoute) -> list[dict[Area, Right]]:
    """Give what Bob may have: nothing, everything but this, and each degree of this."""
    if not isinstance(route.needs, Needs):
        return [{}, dict.fromkeys(Area, Right.WRITE)]
    others = {area: Right.WRITE for area in Area if area is not route.needs.area}
    return [{}, others, *({route.needs.area: right} for right in Right)]


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda headers: str(list(headers.values())))
@pytest.mark.parametrize("route", FORMS, ids=[f"{route.path}" for route in FORMS])
async def test_a_form_from_elsewhere_changes_nothing(
    panel_house: PanelHouse, route: PageRoute, foreign: Mapping[str, str]
) -> None:
    """W-06: every form is refused with a foreign origin."""
    browser = await panel_house.browser(panel_house.alice)
    answer = await browser.post(filled(route), headers=foreign)
    assert answer.status == 403
    assert "did not come from the panel" in answer.words


async def test_a_browser_without_fetch_metadata_must_name_our_origin(
    panel_house: PanelHouse,
) -> None:
    """W-06."""
    browser = panel_house.stranger()
    client = browser.client
    form = {"language": "en", "back": "/panel/login"}
    ours = await client.post("/panel/view", data=form, headers={"Origin": BASE_URL})
    nobodys = await client.post("/panel/view", data=form)
    assert (ours.status_code, nobodys.status_code) == (303, 403)


async def test_every_answer_seals_the_browser(panel_house: PanelHouse) -> None:
    """W-08: no script or style but our own, whatever the page."""
    browser = panel_house.stranger()
    for path in ("/panel/unknown", "/panel/static/panel.css", "/panel/static/unknown.css"):
        answer = await browser.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    policy = (await browser.get("/panel/unknown")).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/panel\\@evil", "/x"])
async def test_a_way_back_never_leads_out_of_the_panel(panel_house: PanelHouse, back: str) -> None:
    answer = await panel_house.stranger().post("/panel/view", {"language": "en", "back": back})
    assert answer.location == "/panel"


async def test_language_and_theme_are_kept_without_a_login(panel_house: PanelHouse) -> None:
    browser = panel_house.stranger()
    await browser.post("/panel/view", {"language": "pl", "theme": "dark", "back": "/panel/login"})
    await browser.post("/panel/view", {"theme": "dark", "back": "/panel/login"})
    text = (await browser.get("/panel/unknown")).text
    assert '<html lang="pl" data-theme="dark">' in text
    assert "Nie ma tu tego" in text


@pytest.mark.parametrize("name", ["..%2Fpages.py", "%2Fetc%2Fpasswd", ".", "nothing.css"])
async def test_only_our_own_files_are_given(panel_house: PanelHouse, name: str) -> None:
    assert (await panel_house.stranger().get(f"/panel/static/{name}")).status == 404


async def test_a_form_that_is_too_big_is_refused_before_it_is_read(
    panel_house: PanelHouse,
) -> None:
    browser = panel_house.stranger()
    answer = await browser.post("/panel/view", {"back": "x" * 13_000_000})
    assert answer.status == 413
    assert "12 MB" in answer.words
