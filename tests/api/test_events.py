"""`/v1/events`: the pull feed, in order and at least once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.doubles.native_house import Caller, NativeHouse

from sztafeta.api.routes.events import SETTLING


async def test_the_feed_is_read_to_its_end_and_goes_on_from_there(
    house: NativeHouse, tester: Caller
) -> None:
    sent = [await tester.sent(f"{who}@example.net") for who in ("delivered", "bounced")]
    await house.line.work()
    house.clock.advance(SETTLING + timedelta(seconds=1))
    first = (await tester("GET", "/v1/events?limit=3")).json
    assert first["has_more"]
    rest = (await tester("GET", f"/v1/events?after={first['next']}")).json
    assert not rest["has_more"]
    told = [(one["message_id"], one["type"]) for one in first["data"] + rest["data"]]
    assert sorted(told) == sorted(
        [
            (sent[0], "message.accepted"),
            (sent[0], "message.delivered"),
            (sent[1], "message.accepted"),
            (sent[1], "message.bounced"),
        ]
    )
    ids = [one["id"] for one in first["data"] + rest["data"]]
    assert ids == sorted(ids)
    idle = (await tester("GET", f"/v1/events?after={rest['next']}")).json
    assert (idle["data"], idle["next"]) == ([], rest["next"]), "ask again with the same place"
    await tester.sent()
    house.clock.advance(SETTLING + timedelta(seconds=1))
    more = (await tester("GET", f"/v1/events?after={idle['next']}")).json
    assert [one["type"] for one in more["data"]] == ["message.accepted"]


async def test_an_event_tells_of_its_message(house: NativeHouse, alice: Caller) -> None:
    answer = await alice.send(tags=["order"], metadata={"order": "5"})
    house.clock.advance(SETTLING + timedelta(seconds=1))
    (event,) = (await alice("GET", "/v1/events")).json["data"]
    (message,) = answer.json["messages"]
    assert event["submission_id"] == answer.json["id"]
    assert event["header_message_id"] == message["message_id"]
    assert (event["tags"], event["metadata"]) == (["order"], {"order": "5"})
    assert (event["recipient"], event["mode"]) == ("bob@example.net", "live")
    assert event["at"] == "2026-01-02T03:04:05Z"
    of_message = (await alice("GET", f"/v1/messages/{message['id']}/events")).json
    assert of_message == [event]


async def test_what_just_happened_waits_until_no_node_can_write_before_it(
    house: NativeHouse, alice: Caller
) -> None:
    """Another node may still commit an event with a smaller id."""
    await alice.sent()
    assert (await alice("GET", "/v1/events")).json["data"] == []
    house.clock.advance(SETTLING + timedelta(milliseconds=1))
    assert len((await alice("GET", "/v1/events")).json["data"]) == 1


async def test_the_feed_is_of_one_mode_and_one_customer(
    house: NativeHouse, alice: Caller, tester: Caller, charlie: Caller
) -> None:
    await tester.sent()
    house.clock.advance(SETTLING + timedelta(seconds=1))
    assert (await alice("GET", "/v1/events")).json["data"] == []
    assert (await charlie("GET", "/v1/events")).json["data"] == []
    assert len((await tester("GET", "/v1/events")).json["data"]) == 1


@pytest.mark.parametrize("after", ["x", "evt_", "evt_zzzzzzzzzzzzz", "%00"])
async def test_a_place_that_is_none_is_refused(alice: Caller, after: str) -> None:
    answer = await alice("GET", f"/v1/events?after={after}")
    assert (answer.status, answer.faults) == (422, {"/after": "bad_cursor"})
