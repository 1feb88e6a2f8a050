"""`/v1/me`, `/v1/limits`, `/v1/usage`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.doubles.native_house import BODY_SIZE, MESSAGE_SIZE, Caller, NativeHouse


async def test_me_is_the_ping_of_an_integration(alice: Caller, tester: Caller) -> None:
    seen = (await alice("GET", "/v1/me")).json
    assert (seen["customer"], seen["smtp_account"]) == ("alice", "1.alice.smtp")
    assert (seen["mode"], seen["scopes"], seen["sending_domains"]) == (
        "live",
        ["admin"],
        ["example.com"],
    )
    assert seen["key"] == f"key_{alice.made.key.key_id}"
    assert (await tester("GET", "/v1/me")).json["mode"] == "test"


async def test_limits_are_those_that_hold(alice: Caller) -> None:
    seen = (await alice("GET", "/v1/limits")).json
    assert (seen["message_octets"], seen["call_octets"]) == (MESSAGE_SIZE, BODY_SIZE)
    assert (seen["recipients_per_call"], seen["calls_per_batch"]) == (1000, 500)
    too_many = await alice.send(*(f"u{number}@example.net" for number in range(1001)))
    assert list(too_many.faults.values()) == ["too_many_recipients"]


async def test_usage_counts_recipients_of_live_mail(
    house: NativeHouse, alice: Caller, tester: Caller
) -> None:
    await alice.send("bob@example.net", "eve@example.net")
    await tester.send()
    house.clock.advance(timedelta(days=1))
    await alice.send()
    seen = (await alice("GET", "/v1/usage")).json
    assert (seen["first"], seen["last"], seen["recipients"]) == ("2026-01-01", "2026-01-03", 3)
    assert seen["octets"] > 0
    days = [(one["day"], one["mode"], one["recipients"]) for one in seen["days"]]
    assert sorted(days) == [
        ("2026-01-02", "live", 2),
        ("2026-01-02", "test", 1),
        ("2026-01-03", "live", 1),
    ]
    one_day = (await alice("GET", "/v1/usage?first=2026-01-03&last=2026-01-03")).json
    assert one_day["recipients"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "first=2026-01-02&last=2026-01-01",
        "first=2024-01-01&last=2026-01-01",
        "first=9999-12-31&last=9999-12-31",
        "first=0001-01-01",
        "first=today",
        "last=1",
    ],
)
async def test_a_period_that_cannot_be_is_refused(alice: Caller, query: str) -> None:
    answer = await alice("GET", f"/v1/usage?{query}")
    assert answer.status == (200 if "9999" in query else 422), answer.content
