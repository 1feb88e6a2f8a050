"""Request ids, and what keeps answers private, on every answer."""

from __future__ import annotations

from tests.doubles.native_house import Caller, NativeHouse, read_answer


async def test_every_answer_has_an_id_of_its_own(house: NativeHouse, alice: Caller) -> None:
    answers = [
        await alice("GET", "/v1/me"),
        await alice("GET", "/v1/me"),
        await alice("GET", "/nothing"),
        await house.call("GET", "/v1/me"),
        await alice.send("a b"),
        await house.call("GET", "/v1/reference"),
    ]
    ids = {one.headers["x-request-id"] for one in answers}
    assert len(ids) == len(answers)
    assert all(one.startswith("req_") for one in ids)


async def test_an_id_that_a_caller_brings_is_not_taken_over(house: NativeHouse) -> None:
    """The log is ours to name."""
    answer = await house.call("GET", "/v1/me", headers={"X-Request-Id": "req_forged"})
    assert answer.headers["x-request-id"] != "req_forged"


async def test_answers_are_neither_kept_nor_guessed_at(alice: Caller) -> None:
    answer = await alice("GET", "/v1/me")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers


async def test_a_request_for_another_host_is_not_answered(house: NativeHouse) -> None:
    """W-34: no DNS rebinding."""
    octets = b"GET /v1/me HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert read_answer(await house.wire(octets), "GET").status == 421
