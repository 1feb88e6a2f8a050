"""API keys in the panel."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from tests.doubles.panel_house import Browser, PanelHouse, account_of

from sztafeta.account.api_key import ApiKey, parse_key
from sztafeta.account.member import Area, Right
from sztafeta.service.fault import Refusal

WISH = {"name": "shop", "mode": "live", "scopes": ["send", "read"], "account": "1.shop.smtp"}


async def made(browser: Browser, **more: object) -> str:
    """Make a key and give its text."""
    page = await browser.post("/panel/keys/new", WISH | more)
    assert page.status == 201, page.words
    found = re.search(r"szt_(live|test)_\w+", page.text)
    assert found
    return found[0]


async def proved(house: PanelHouse, text: str, address: str = "192.0.2.1") -> ApiKey | Refusal:
    return await house.panel.desk.keys.prove(text, address)


async def test_a_key_is_shown_once_and_is_in_force_at_once(panel_house: PanelHouse) -> None:
    """W-16: the text is on the page that makes it, and nowhere else."""
    browser = await panel_house.browser(panel_house.alice)
    text = await made(browser)
    assert isinstance(await proved(panel_house, text), ApiKey)
    listed = await browser.get("/panel/keys")
    one = await browser.get(f"/panel/keys/key_{parse_key(text).key_id}")
    assert "shop" in listed.words
    for page in (listed, one):
        assert parse_key(text).secret not in page.text


async def test_without_a_scope_no_key_is_made(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    form = {name: value for name, value in WISH.items() if name != "scopes"}
    page = await browser.post("/panel/keys/new", form)
    assert page.status == 422
    assert "Choose at least one." in page.words


async def test_an_allow_list_is_kept_and_a_wrong_one_explained(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    text = await made(browser, networks="192.0.2.0/24, 2001:db8::1")
    assert isinstance(await proved(panel_house, text, "192.0.2.9"), ApiKey)
    assert isinstance(await proved(panel_house, text, "198.51.100.1"), Refusal)
    page = await browser.post("/panel/keys/new", WISH | {"networks": "192.0.2"})
    assert page.status == 422
    assert "write for example 192.0.2.7" in page.words


async def test_a_last_day_is_the_whole_day_in_the_panels_zone(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    text = await made(browser, expires="2026-01-05")
    key = await proved(panel_house, text)
    assert isinstance(key, ApiKey)
    assert key.expires_at is not None
    assert key.expires_at.isoformat() == "2026-01-05T23:00:00+00:00"


async def test_a_replaced_key_goes_on_for_the_overlap(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    old = await made(browser)
    page = await browser.post(f"/panel/keys/key_{parse_key(old).key_id}/rotate", {"overlap": "60"})
    assert page.status == 201
    assert isinstance(await proved(panel_house, old), ApiKey)
    panel_house.clock.advance(timedelta(hours=1))
    assert isinstance(await proved(panel_house, old), Refusal)


async def test_a_revoked_key_is_dead_and_stays_listed(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    text = await made(browser)
    path = f"/panel/keys/key_{parse_key(text).key_id}"
    done = await browser.post(f"{path}/revoke")
    assert (await browser.follow(done)).words.count("revoked") == 1
    assert isinstance(await proved(panel_house, text), Refusal)
    assert "cannot be revived" in (await browser.get(path)).words


async def test_changes_are_written_into_the_audit_log(panel_house: PanelHouse) -> None:
    """W-26."""
    browser = await panel_house.browser(panel_house.alice)
    text = await made(browser)
    path = f"/panel/keys/key_{parse_key(text).key_id}"
    await browser.post(path, {"name": "other", "scopes": ["send"]})
    entries = await panel_house.audit(panel_house.alice)
    assert [entry.action for entry in entries] == ["key.changed", "key.made"]
    assert entries[0].details["after"] == {"name": "other", "scopes": "send"}
    assert parse_key(text).secret not in str(entries)


async def test_a_strangers_key_is_not_there(panel_house: PanelHouse) -> None:
    """W-01: 404, the same as an unknown one, and nothing changes."""
    text = await made(await panel_house.browser(panel_house.alice))
    charlie = await panel_house.browser(panel_house.charlie)
    path = f"/panel/keys/key_{parse_key(text).key_id}"
    foreign, unknown = await charlie.get(path), await charlie.get("/panel/keys/key_unknown")
    assert (foreign.status, foreign.words) == (404, unknown.words)
    for action in ("", "/rotate", "/revoke"):
        assert (await charlie.post(path + action, WISH)).status == 404
    assert "shop" not in (await charlie.get("/panel/keys")).words.replace("1.shop.smtp", "")
    assert isinstance(await proved(panel_house, text), ApiKey)
    taken = await charlie.post("/panel/keys/new", WISH)
    assert taken.status == 422


async def test_a_member_sees_the_keys_of_their_accounts_alone(panel_house: PanelHouse) -> None:
    house = panel_house
    second = await house.store.accounts.create_smtp_account(
        account_of("shop", 2), password="x", now=house.clock.now()
    )
    text = await made(await house.browser(house.alice))
    bob = replace(
        house.bob,
        rights={Area.SMTP_ACCOUNTS: Right.WRITE},
        smtp_accounts=frozenset({second.account_id}),
    )
    await house.store.members.change_member(bob)
    browser = await house.browser(bob)
    assert "No API key yet" in (await browser.get("/panel/keys")).words
    assert (await browser.get(f"/panel/keys/key_{parse_key(text).key_id}")).status == 404
    assert (await browser.post("/panel/keys/new", WISH)).status == 422


async def test_a_key_is_limited_to_chosen_domains(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    await panel_house.panel.desk.domains.claim(panel_house.alice.customer_id, "one.example")
    text = await made(browser, domains=["one.example"])
    path = f"/panel/keys/key_{parse_key(text).key_id}"
    key = await proved(panel_house, text)
    assert isinstance(key, ApiKey)
    assert key.allowed_domains == {"one.example"}
    box = re.search(r"<input[^>]*value=\"one\.example\"[^>]*>", (await browser.get(path)).text)
    assert box
    assert "checked" in box[0]
    escape = await browser.post(
        "/panel/keys/new", WISH | {"scopes": ["admin"], "domains": ["one.example"]}
    )
    assert escape.status == 422
    assert "A key with admin is for all domains" in escape.words
    foreign = await browser.post("/panel/keys/new", WISH | {"domains": ["other.example"]})
    assert foreign.status == 422


async def test_a_keys_page_counts_its_calls_and_says_why_some_were_refused(
    panel_house: PanelHouse,
) -> None:
    browser = await panel_house.browser(panel_house.alice)
    text = await made(browser, networks="192.0.2.0/24")
    path = f"/panel/keys/key_{parse_key(text).key_id}"
    assert "No program has called with this key" in (await browser.get(path)).words
    keys = panel_house.panel.desk.keys
    key = await keys.prove(text, "192.0.2.1", "shop/1.0")
    assert isinstance(key, ApiKey)
    keys.count(key)
    assert isinstance(await keys.prove(text, "198.51.100.1"), Refusal)
    page = await browser.get(path)
    assert "answered 1" in page.words
    assert "refused 1" in page.words
    assert "/v1/errors/ip_not_allowed" in page.text
    assert "shop/1.0" in page.words
