"""What every store promises about suppressions: found at once, kept as they were, each customer's own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.contracts.houses import House

from sztafeta.service.ports import Suppression, SuppressionQuery, SuppressionReason

ALICE, CHARLIE = 1, 3


def suppression(
    house: House,
    address: str = "bob@example.net",
    *,
    customer_id: int = ALICE,
    reason: SuppressionReason = SuppressionReason.MANUAL,
    comment: str = "asked by phone",
) -> Suppression:
    return Suppression(
        customer_id=customer_id,
        address=address,
        reason=reason,
        source="api",
        comment=comment,
        created_at=house.writer.now,
    )


async def addresses(house: House, customer_id: int = ALICE) -> Sequence[str]:
    found = await house.suppressions.suppressions(customer_id, limit=100)
    return [one.address for one in found]


async def test_what_is_suppressed_is_found_as_it_was_given(house: House) -> None:
    bob = suppression(house, comment="zażółć")
    assert await house.suppressions.suppress([bob]) == 1
    found = await house.suppressions.suppressed(ALICE, ["bob@example.net", "carol@example.net"])
    assert found == {"bob@example.net": bob}


async def test_an_address_is_in_force_at_once_though_there_were_none_before(house: House) -> None:
    assert await house.suppressions.suppressed(ALICE, ["bob@example.net"]) == {}
    await house.suppressions.suppress([suppression(house)])
    assert set(await house.suppressions.suppressed(ALICE, ["bob@example.net"])) == {
        "bob@example.net"
    }


async def test_an_address_may_be_written_to_again_once_it_is_removed(house: House) -> None:
    await house.suppressions.suppress([suppression(house)])
    assert await house.suppressions.unsuppress(ALICE, "bob@example.net")
    assert not await house.suppressions.unsuppress(ALICE, "bob@example.net")
    assert await house.suppressions.suppressed(ALICE, ["bob@example.net"]) == {}


async def test_what_is_there_already_stays_as_it_is(house: House) -> None:
    first = suppression(house, reason=SuppressionReason.COMPLAINT)
    await house.suppressions.suppress([first])
    carol = suppression(house, "carol@example.net")
    assert await house.suppressions.suppress([suppression(house), carol, carol]) == 1
    found = await house.suppressions.suppressed(ALICE, ["bob@example.net"])
    assert found["bob@example.net"] == first


async def test_thousands_are_added_and_found_together(house: House) -> None:
    many = [suppression(house, f"{number:05}@example.net") for number in range(1200)]
    assert await house.suppressions.suppress(many) == 1200
    found = await house.suppressions.suppressed(ALICE, [one.address for one in many])
    assert len(found) == await house.suppressions.count_suppressions(ALICE) == 1200


async def test_they_are_listed_by_address_page_by_page_and_by_reason(house: House) -> None:
    await house.suppressions.suppress(
        [
            suppression(house, "carol@example.net", reason=SuppressionReason.BOUNCE),
            suppression(house, "bob@example.net"),
            suppression(house, "dan@example.net"),
        ]
    )
    first = await house.suppressions.suppressions(ALICE, limit=2)
    assert [one.address for one in first] == ["bob@example.net", "carol@example.net"]
    rest = await house.suppressions.suppressions(ALICE, limit=2, after=first[-1].address)
    assert [one.address for one in rest] == ["dan@example.net"]
    bounced = await house.suppressions.suppressions(ALICE, limit=9, reason=SuppressionReason.BOUNCE)
    assert [one.address for one in bounced] == ["carol@example.net"]


async def test_charlie_neither_sees_nor_changes_what_alice_suppresses(house: House) -> None:
    """W-01, W-02."""
    await house.suppressions.suppress([suppression(house)])
    await house.suppressions.suppress([suppression(house, "dan@example.net", customer_id=CHARLIE)])
    assert await house.suppressions.suppressed(CHARLIE, ["bob@example.net"]) == {}
    assert not await house.suppressions.unsuppress(CHARLIE, "bob@example.net")
    assert await addresses(house, CHARLIE) == ["dan@example.net"]
    assert await addresses(house) == ["bob@example.net"]
    assert await house.suppressions.count_suppressions(CHARLIE) == 1


@pytest.mark.parametrize("text", ["a\0b", "'; --", "100%", "\udce9"])
async def test_hostile_text_does_no_harm(house: House, text: str) -> None:
    """W-23: what a caller sends is a value, never a statement."""
    assert not await house.suppressions.unsuppress(ALICE, text)
    assert await house.suppressions.suppressions(ALICE, limit=9, after=text) == []


async def test_a_list_is_searched_by_a_part_and_read_page_by_page(house: House) -> None:
    names = ["ann@example.net", "bob_1@example.net", "bobx1@example.org"]
    await house.suppressions.suppress([suppression(house, name) for name in names])
    query = SuppressionQuery(customer_id=ALICE)
    first = await house.suppressions.search_suppressions(query, limit=2)
    mark = (first[-1].created_at, first[-1].address)
    rest = await house.suppressions.search_suppressions(query, limit=2, before=mark)
    assert [one.address for one in [*first, *rest]] == names[::-1]
    for part, found in (("bob_", 1), ("%", 0), ("example.net", 2)):
        narrowed = SuppressionQuery(customer_id=ALICE, part=part)
        assert len(await house.suppressions.search_suppressions(narrowed, limit=9)) == found
    other = SuppressionQuery(customer_id=CHARLIE)
    assert not await house.suppressions.search_suppressions(other, limit=9)
