"""`/v1/suppressions`: read, added, lifted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.doubles.native_house import Caller


async def test_an_added_address_gets_no_mail_until_it_is_lifted(alice: Caller) -> None:
    wish = {"addresses": ["Eve@Example.NET"], "comment": "asked by phone"}
    added = await alice("POST", "/v1/suppressions", wish)
    assert (added.status, added.json) == (201, {"added": 1, "already_there": 0})
    again = await alice("POST", "/v1/suppressions", {"addresses": ["eve@example.net"]})
    assert again.json == {"added": 0, "already_there": 1}
    seen = (await alice("GET", "/v1/suppressions/EVE@example.net")).json
    assert (seen["reason"], seen["source"], seen["comment"]) == ("manual", "api", "asked by phone")
    (told,) = (await alice.send("eve@example.net")).json["messages"]
    assert told["status"] == "suppressed"
    assert (await alice("DELETE", "/v1/suppressions/eve@example.net")).status == 204
    assert (await alice("GET", "/v1/suppressions/eve@example.net")).status == 404
    assert (await alice("DELETE", "/v1/suppressions/eve@example.net")).status == 404
    (told,) = (await alice.send("eve@example.net")).json["messages"]
    assert told["status"] == "accepted"


async def test_a_suppression_is_of_one_customer(alice: Caller, charlie: Caller) -> None:
    await charlie("POST", "/v1/suppressions", {"addresses": ["eve@example.net"]})
    (told,) = (await alice.send("eve@example.net")).json["messages"]
    assert told["status"] == "accepted"


async def test_they_are_listed_in_order_page_by_page_and_by_reason(alice: Caller) -> None:
    names = [f"u{number}@example.net" for number in range(5)]
    await alice("POST", "/v1/suppressions", {"addresses": names[::-1]})
    await alice("POST", "/v1/suppressions", {"addresses": ["z@example.net"], "reason": "complaint"})
    seen, after = [], ""
    for _ in range(3):
        page = (await alice("GET", f"/v1/suppressions?limit=2{after}")).json
        seen += [one["address"] for one in page["data"]]
        after = f"&after={page['next']}"
    assert seen == [*names, "z@example.net"]
    found = (await alice("GET", "/v1/suppressions?reason=complaint")).json["data"]
    assert [one["address"] for one in found] == ["z@example.net"]


async def test_every_address_that_cannot_be_read_is_pointed_at(alice: Caller) -> None:
    wish = {"addresses": ["ok@example.net", "nobody", "a@b> x"]}
    answer = await alice("POST", "/v1/suppressions", wish)
    assert answer.faults == {"/addresses/1": "invalid_address", "/addresses/2": "invalid_address"}
    assert (await alice("GET", "/v1/suppressions")).json["data"] == [], "all or nothing"


@pytest.mark.parametrize(
    "wish",
    [{}, {"addresses": []}, {"addresses": ["a@b.example"] * 1001}, {"addresses": "a@b.example"}],
)
async def test_a_list_has_one_to_a_thousand_addresses(alice: Caller, wish: dict[str, Any]) -> None:
    assert (await alice("POST", "/v1/suppressions", wish)).status == 422


async def test_an_address_in_the_path_may_hold_what_addresses_hold(alice: Caller) -> None:
    await alice("POST", "/v1/suppressions", {"addresses": ["a+b/c@żółw.example"]})
    found = await alice("GET", "/v1/suppressions/a%2Bb%2Fc@%C5%BC%C3%B3%C5%82w.example")
    assert found.status == 200, found.content
