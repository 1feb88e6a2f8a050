"""The test inbox in the panel: an inbox a key, searched, checked, released by explicit word alone."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.doubles.panel_house import Browser, PanelHouse
from tests.panel.test_templates import with_domain

from sztafeta.account.api_key import Mode
from sztafeta.account.member import Area, Member, Right
from sztafeta.delivery.queue_id import to_text
from sztafeta.service.ports import MessageQuery
from sztafeta.service.sending.call import Addressee, AttachedFile, Call, Caller, Person
from sztafeta.service.sending.sent import Sent

HTML = "<p>Dzień dobry</p><a href='http://shop.example/x'>x</a><img src='https://a.pl/x.png'>"


async def arrived(
    house: PanelHouse, subject: str = "Zamówienie", *, key_id: str = "KEY0000001", **more: str
) -> int:
    """Let something come in with a test key; give its id."""
    accounts = await house.store.accounts.smtp_accounts("shop")
    if not accounts[0].sending_domains:
        await with_domain(house)
        accounts = await house.store.accounts.smtp_accounts("shop")
    caller = Caller(account=accounts[0], mode=Mode.TEST, key_id=key_id, address="127.0.0.1")
    values = {"html": HTML, "text": "Łódka płynie"} | more
    call = Call(
        author=Person(address="shop@shop.example"),
        addressees=(Addressee(person=Person(address=values.pop("to", "anna@example.net"))),),
        subject=subject,
        attachments=(AttachedFile(filename="faktura.html", content=b"<script>alert(1)</script>"),),
        **values,
    )
    sent = await house.verbs.sending.send(caller, call)
    assert isinstance(sent, Sent), sent
    message_id = sent.messages[0].message_id
    assert message_id is not None
    return message_id


def path_of(message_id: int) -> str:
    return f"/panel/test-inbox/{to_text(message_id)}"


@pytest.fixture
async def alice(panel_house: PanelHouse) -> Browser:
    return await panel_house.browser(panel_house.alice)


async def live(house: PanelHouse) -> list[str]:
    """Give whom mail has left for."""
    query = MessageQuery(customer_id=house.alice.customer_id, mode=Mode.LIVE)
    found = await house.store.feed.find_messages(query, limit=9)
    return [str(one.forward_path.mailbox) for record in found for one in record.recipients]


async def test_the_empty_inbox_says_how_mail_comes_in(alice: Browser) -> None:
    page = await alice.get("/panel/test-inbox")
    assert "Make a test key" in page.words
    assert "Mail that programs send with a test key will be here" in page.words


async def test_test_mode_cannot_be_missed(panel_house: PanelHouse, alice: Browser) -> None:
    path = path_of(await arrived(panel_house))
    for shown in ("/panel/test-inbox", path, f"{path}/release"):
        page = await alice.get(shown)
        assert "<title>[TEST] " in page.text
        assert '<body class="is-test">' in page.text
        assert "Nothing here has left" in page.words


async def test_mail_is_found_by_subject_address_and_text(
    panel_house: PanelHouse, alice: Browser
) -> None:
    await arrived(panel_house, "Zamówienie 17")
    await arrived(panel_house, "Faktura", to="piotr@example.net", text="Kwota: 100 zł")
    for words, wanted in (
        ("zamówienie", "Zamówienie 17"),
        ("PIOTR", "Faktura"),
        ("kwota 100", "Faktura"),
        ("łódka", "Zamówienie 17"),
    ):
        page = await alice.get(f"/panel/test-inbox?q={words}")
        other = ({"Zamówienie 17", "Faktura"} - {wanted}).pop()
        assert wanted in page.words, words
        assert other not in page.words, words
    nothing = await alice.get("/panel/test-inbox?q=nowhere")
    assert "Nothing fits" in nothing.words


async def test_each_key_has_an_inbox_of_its_own(panel_house: PanelHouse, alice: Browser) -> None:
    await arrived(panel_house, "First", key_id="KEY0000001")
    await arrived(panel_house, "Second", key_id="KEY0000002")
    page = await alice.get("/panel/test-inbox?key=KEY0000002")
    assert "Second" in page.words
    assert "First" not in page.words


async def test_a_message_shows_its_views_and_checks(
    panel_house: PanelHouse, alice: Browser
) -> None:
    path = path_of(await arrived(panel_house))
    for tab, words in (
        ("html", "Remote pictures are not loaded"),
        ("text", "Łódka płynie"),
        ("header", "shop@shop.example"),
        ("source", "Content-Type"),
        ("attachments", "faktura.html"),
        ("html-check", "Picture without alternative text"),
        ("link-check", "Not encrypted"),
    ):
        page = await alice.get(f"{path}?tab={tab}")
        assert page.status == 200
        assert words in page.words, tab


async def test_hostile_html_stands_in_a_sandbox_and_is_never_downloaded_as_a_page(
    panel_house: PanelHouse, alice: Browser
) -> None:
    """W-08, W-09."""
    hostile = '<script>alert(1)</script><img src=x onerror=alert(2)><p>"><svg/onload=alert(3)>'
    path = path_of(await arrived(panel_house, "</title><script>alert(4)</script>", html=hostile))
    framed = await alice.get(f"{path}/frame")
    assert framed.headers["content-security-policy"].startswith("sandbox ")
    assert "allow-scripts" not in framed.headers["content-security-policy"]
    assert "alert" not in framed.text
    for tab in ("html", "text", "header", "source", "html-check", "link-check"):
        page = await alice.get(f"{path}?tab={tab}")
        assert "<script>alert" not in page.text
        assert "<svg/onload" not in page.text
    attached = await alice.get(f"{path}/attachments/1")
    assert attached.headers["content-disposition"].startswith("attachment")
    assert attached.headers["content-type"] == "application/octet-stream"
    source = await alice.get(f"{path}/source")
    assert source.headers["content-type"] == "application/octet-stream"


async def test_remote_pictures_are_loaded_only_on_a_click(
    panel_house: PanelHouse, alice: Browser
) -> None:
    path = path_of(await arrived(panel_house))
    without = await alice.get(f"{path}/frame")
    assert "https://a.pl/x.png" not in without.text
    asked = await alice.get(f"{path}/frame?pictures=1")
    assert "https://a.pl/x.png" in asked.text
    assert "img-src data: https:" in asked.headers["content-security-policy"]


async def test_a_release_to_ones_own_address_sends_this_message_once(
    panel_house: PanelHouse, alice: Browser
) -> None:
    path = path_of(await arrived(panel_house))
    assert 'value="alice@shop.example"' in (await alice.get(f"{path}/release")).text
    assert await live(panel_house) == []
    page = await alice.post(f"{path}/release", {"to": "alice@shop.example"})
    assert page.status == 303, page.words
    assert await live(panel_house) == ["alice@shop.example"]
    assert "released from the test inbox" in (await alice.get("/panel/audit")).words


async def test_nothing_leaves_for_another_address_unless_it_is_confirmed(
    panel_house: PanelHouse, alice: Browser
) -> None:
    path = path_of(await arrived(panel_house))
    page = await alice.post(f"{path}/release", {"to": "piotr@example.net"})
    assert page.status == 200
    assert "confirm that you mean it" in page.words
    assert await live(panel_house) == []
    await alice.post(f"{path}/release", {"to": "piotr@example.net", "confirmed": "y"})
    assert await live(panel_house) == ["piotr@example.net"]


@pytest.mark.parametrize("to", ["", "nobody", "a@b.pl, c@d.pl", "<x@y.pl>\r\nBcc: z@y.pl"])
async def test_a_release_needs_one_whole_address(
    panel_house: PanelHouse, alice: Browser, to: str
) -> None:
    path = path_of(await arrived(panel_house))
    page = await alice.post(f"{path}/release", {"to": to, "confirmed": "y"})
    assert page.status == 200
    assert await live(panel_house) == []


async def test_the_rules_for_live_mail_judge_a_release(
    panel_house: PanelHouse, alice: Browser
) -> None:
    path = path_of(await arrived(panel_house))
    await panel_house.store.accounts.remove_sending_domain("shop.example")
    page = await alice.post(f"{path}/release", {"to": "alice@shop.example"})
    assert page.status == 200
    assert "shop.example" in page.words
    assert await live(panel_house) == []


async def test_mail_is_deleted_one_by_one_and_all_of_a_key(
    panel_house: PanelHouse, alice: Browser
) -> None:
    first = path_of(await arrived(panel_house, "First", key_id="KEY0000001"))
    await arrived(panel_house, "Second", key_id="KEY0000002")
    third = path_of(await arrived(panel_house, "Third", key_id="KEY0000001"))
    assert (await alice.post(f"{first}/delete")).location == "/panel/test-inbox"
    assert (await alice.get(first)).status == 404
    await alice.post("/panel/test-inbox/empty", {"key": "KEY0000001"})
    assert (await alice.get(third)).status == 404
    page = await alice.get("/panel/test-inbox")
    assert "Second" in page.words


@pytest.mark.parametrize(
    "below", ["", "/frame", "/source", "/attachments/1", "/release", "?tab=source"]
)
async def test_a_strangers_message_is_not_there(panel_house: PanelHouse, below: str) -> None:
    """W-01: the same page as for an id that nothing has."""
    charlie = await panel_house.browser(panel_house.charlie)
    message_id = await arrived(panel_house)
    foreign = await charlie.get(path_of(message_id) + below)
    unknown = await charlie.get(path_of(message_id + 2**20) + below)
    assert foreign.status == unknown.status == 404
    assert foreign.words == unknown.words


@pytest.mark.parametrize("below", ["/delete", "/release"])
async def test_a_stranger_neither_deletes_nor_releases(
    panel_house: PanelHouse, alice: Browser, below: str
) -> None:
    """W-01."""
    charlie = await panel_house.browser(panel_house.charlie)
    path = path_of(await arrived(panel_house))
    form = {"to": "charlie@other.example", "confirmed": "y"}
    assert (await charlie.post(path + below, form)).status == 404
    await charlie.post("/panel/test-inbox/empty", {})
    assert (await alice.get(path)).status == 200
    assert await live(panel_house) == []


async def test_live_mail_is_not_in_the_test_inbox(panel_house: PanelHouse, alice: Browser) -> None:
    path = path_of(await arrived(panel_house))
    await alice.post(f"{path}/release", {"to": "alice@shop.example"})
    query = MessageQuery(customer_id=panel_house.alice.customer_id, mode=Mode.LIVE)
    (record,) = await panel_house.store.feed.find_messages(query, limit=9)
    assert (await alice.get(path_of(record.message_id))).status == 404
    assert (await alice.post(f"{path_of(record.message_id)}/delete")).status == 404


async def test_a_member_sees_the_mail_of_his_smtp_accounts_alone(
    panel_house: PanelHouse,
) -> None:
    path = path_of(await arrived(panel_house))
    seen, unseen = await _bobs(panel_house)
    browser = await panel_house.browser(seen)
    assert (await browser.get(path)).status == 200
    await panel_house.store.members.change_member(unseen)
    page = await browser.get("/panel/test-inbox")
    assert (await browser.get(path)).status == 404
    assert "Zamówienie" not in page.words


async def _bobs(house: PanelHouse) -> tuple[Member, Member]:
    """Give Bob with the account that sent, and Bob with another one."""
    (account,) = await house.store.accounts.smtp_accounts("shop")
    rights = {Area.MESSAGES: Right.WRITE}
    bob = replace(house.bob, rights=rights, smtp_accounts=frozenset({account.account_id}))
    await house.store.members.change_member(bob)
    return bob, replace(bob, smtp_accounts=frozenset({account.account_id + 7}))


async def test_the_frame_is_sandboxed_in_the_page(panel_house: PanelHouse, alice: Browser) -> None:
    page = await alice.get(path_of(await arrived(panel_house)))
    sandbox = re.search(r'<iframe[^>]*sandbox="([^"]*)"', page.text)
    assert sandbox is not None
    assert "allow-scripts" not in sandbox[1]
    assert "allow-same-origin" not in sandbox[1]
