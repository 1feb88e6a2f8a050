"""The test inbox for tests in CI: wait for a mail, look into it, begin with an empty inbox."""

from __future__ import annotations

from functools import partial

from tests.doubles.native_house import Caller, NativeHouse

from sztafeta.account.api_key import Mode


async def test_what_is_there_already_is_given_at_once(tester: Caller) -> None:
    message = await tester.sent("bob@example.net", subject="Zamówienie", html="<p>x</p>")
    answer = await tester("GET", "/v1/sandbox/wait?to=bob@example.net&subject=zam%C3%B3wienie")
    assert answer.status == 200
    assert answer.json["message"]["id"] == message
    assert answer.json["html"].strip() == "<p>x</p>"
    assert "Hi Bob" in answer.json["text"]
    assert "Subject" in [field["name"] for field in answer.json["headers"]]


async def test_a_mail_that_arrives_meanwhile_ends_the_wait(
    house: NativeHouse, tester: Caller
) -> None:
    first = await tester.sent("bob@example.net")
    house.meanwhile.append(partial(tester.sent, "bob@example.net", subject="Second"))
    answer = await tester("GET", f"/v1/sandbox/wait?to=bob@example.net&after={first}&timeout=5")
    assert answer.json["message"]["subject"] == "Second"


async def test_when_nothing_comes_in_time_the_answer_says_so(tester: Caller) -> None:
    await tester.sent("bob@example.net")
    answer = await tester("GET", "/v1/sandbox/wait?to=eve@example.net&timeout=3")
    assert (answer.status, answer.code) == (408, "nothing_arrived")


async def test_each_key_sees_and_empties_its_own_inbox(house: NativeHouse, tester: Caller) -> None:
    other = Caller(house, await house.key(mode=Mode.TEST))
    await tester.sent("bob@example.net")
    assert (await other("GET", "/v1/sandbox/wait?timeout=0")).status == 408
    assert (await other("DELETE", "/v1/sandbox/messages")).json == {"deleted": 0}
    assert (await tester("DELETE", "/v1/sandbox/messages")).json == {"deleted": 1}
    assert (await tester("GET", "/v1/messages")).json["data"] == []


async def test_a_live_key_has_no_test_inbox(alice: Caller) -> None:
    live = await alice.sent("bob@example.net")
    assert (await alice("DELETE", "/v1/sandbox/messages")).code == "test_key_needed"
    assert (await alice("GET", "/v1/sandbox/wait?timeout=0")).code == "test_key_needed"
    assert (await alice("GET", f"/v1/messages/{live}")).status == 200


async def test_an_address_that_cannot_be_read_is_refused(tester: Caller) -> None:
    answer = await tester("GET", "/v1/sandbox/wait?to=nobody")
    assert (answer.status, answer.code) == (422, "invalid")
