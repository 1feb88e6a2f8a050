"""Suppressed addresses in the panel: found, added, removed with a reason, carried in and out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio
from tests.doubles.panel_house import Browser, PanelHouse

from sztafeta.account.member import Area, Right
from sztafeta.service.ports import AuditQuery, Suppression, SuppressionReason

LIST = "/panel/suppressions"
HOSTILE = '"><svg/onload=alert(1)>'


@pytest_asyncio.fixture
async def alice(panel_house: PanelHouse) -> AsyncIterator[Browser]:
    yield await panel_house.browser(panel_house.alice)


def one(house: PanelHouse, address: str, **more: object) -> Suppression:
    plain = Suppression(
        customer_id=house.alice.customer_id,
        address=address,
        reason=SuppressionReason.MANUAL,
        source="api",
        comment="",
        created_at=house.clock.now(),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


async def test_an_empty_list_says_what_belongs_there(alice: Browser) -> None:
    assert "No address is suppressed" in (await alice.get(LIST)).words


async def test_added_addresses_are_in_force_and_told(
    panel_house: PanelHouse, alice: Browser
) -> None:
    form = {"addresses": "Ann@example.net\nbob@example.net, nonsense", "reason": "unsubscribe"}
    words = (await alice.post(f"{LIST}/add", form | {"comment": "by phone"})).words
    assert "New 2" in words
    assert "Line 3: nonsense" in words
    page = (await alice.get(LIST)).words
    assert "ann@example.net Its owner does not want your mail any more. by phone" in page
    assert "Added in the panel" in page
    assert (await alice.post(f"{LIST}/add", {"addresses": "", "reason": "manual"})).status == 422


async def test_the_list_is_narrowed_and_turned_over(
    panel_house: PanelHouse, alice: Browser
) -> None:
    rows = [one(panel_house, f"a{n:03}@example.net") for n in range(60)]
    bounce = one(panel_house, "bob@example.org", reason=SuppressionReason.BOUNCE, message_id=99)
    await panel_house.store.suppressions.suppress([*rows, bounce])
    first = await alice.get(LIST)
    assert "a059@example.net" in first.words
    assert "a000@example.net" not in first.words
    assert "the message that caused it" in first.words
    mark = f"{int(panel_house.clock.now().timestamp() * 1000)}.a010@example.net"
    assert "a009@example.net" in (await alice.get(f"{LIST}?before={mark}")).words
    assert "a059@example.net" not in (await alice.get(f"{LIST}?q=BOB")).words
    assert "bob@example.org" in (await alice.get(f"{LIST}?reason=bounce")).words
    assert "No suppressed address fits" in (await alice.get(f"{LIST}?source=panel")).words
    for odd in ("x", "9" * 40 + ".a", "-1.a", "٣.a", "9999999999999.a"):
        assert (await alice.get(f"{LIST}?before={odd}")).status == 200


async def test_an_address_leaves_with_a_reason_that_is_kept(
    panel_house: PanelHouse, alice: Browser
) -> None:
    await panel_house.store.suppressions.suppress([one(panel_house, "ann@example.net")])
    await alice.post(f"{LIST}/remove", {"address": "ann@example.net"})
    assert "ann@example.net" in (await alice.get(LIST)).words, "without a reason nothing happens"
    form = {"address": "ann@example.net", "why": "she asked for mail again"}
    answer = await alice.post(f"{LIST}/remove", form)
    assert "Mail goes to ann@example.net again." in (await alice.follow(answer)).words
    assert (await alice.post(f"{LIST}/remove", form)).status == 404
    entries = await panel_house.store.audit.audit_entries(
        panel_house.alice.customer_id, AuditQuery(action="suppression."), limit=9
    )
    assert "she asked for mail again" in str(entries[0].details)


async def test_a_file_goes_in_and_comes_out(panel_house: PanelHouse, alice: Browser) -> None:
    """W-09: what a stranger wrote is no formula."""
    content = "EmailAddress,SuppressionReason\n=cmd@example.net,HardBounce\nwrong,HardBounce\n"
    files = {"file": ("list.csv", content.encode(), "text/csv")}
    words = (await alice.post(f"{LIST}/import", files=files)).words
    assert "Read as an export of Postmark." in words
    assert "Line 3: wrong" in words
    out = await alice.get(f"{LIST}/export.csv")
    assert out.headers["content-disposition"] == 'attachment; filename="suppressions.csv"'
    assert "'=cmd@example.net,bounce,file" in out.text
    again = await alice.post(f"{LIST}/import", files={"file": ("x", out.content, "text/csv")})
    assert "There before 1" in again.words
    assert (await alice.post(f"{LIST}/import", {})).status == 422


async def test_hostile_text_is_shown_as_text(panel_house: PanelHouse, alice: Browser) -> None:
    """W-08."""
    row = one(panel_house, "ann@example.net", comment=HOSTILE, source=HOSTILE, reply=HOSTILE)
    await panel_house.store.suppressions.suppress([row])
    page = await alice.get(f"{LIST}?q=ann")
    assert HOSTILE in page.words
    result = await alice.post(f"{LIST}/add", {"addresses": HOSTILE, "reason": "manual"})
    for text in (page.text, result.text, (await alice.get(f"{LIST}?q={HOSTILE}")).text):
        assert "<svg/onload" not in text


async def test_a_stranger_meets_nothing(panel_house: PanelHouse) -> None:
    """W-01."""
    await panel_house.store.suppressions.suppress([one(panel_house, "ann@example.net")])
    charlie = await panel_house.browser(panel_house.charlie)
    form = {"address": "ann@example.net", "why": "mine"}
    assert (await charlie.post(f"{LIST}/remove", form)).status == 404
    for path in (LIST, f"{LIST}?q=ann", f"{LIST}/export.csv"):
        assert "ann@example.net</th>" not in (await charlie.get(path)).text
    assert len(await panel_house.store.suppressions.suppressions(1, limit=9)) == 1


async def test_a_reader_changes_nothing(panel_house: PanelHouse) -> None:
    await panel_house.store.suppressions.suppress([one(panel_house, "ann@example.net")])
    bob = await panel_house.grant(panel_house.bob, {Area.SUPPRESSIONS: Right.READ})
    words = (await (await panel_house.browser(bob)).get(LIST)).words
    assert "ann@example.net" in words
    assert "Unblock" not in words
    assert "Add addresses" not in words
