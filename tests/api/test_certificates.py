"""Delivery certificates over HTTP: who gets one, when there is none, and the public key for anybody."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from tests.contracts.letters import Writer
from tests.doubles.native_house import BASE_URL, Caller, NativeHouse

from sztafeta.delivery.certificate.verification import verify_document
from sztafeta.delivery.state import State

KEYS = "/.well-known/sztafeta-certificates.json"


def settle(house: NativeHouse, state: State, *, address: str = "bob@example.net") -> None:
    """Have the recipients with an address taken over by their server, and end in a state."""
    for row in house.store.rows.values():
        if str(row.new.forward_path.mailbox) == address:
            row.state, row.final_at = state, house.clock.now() if state.is_final else None
            row.attempts.append(replace(Writer(clock=house.clock).attempt(1), reply_text="Ok: 7"))


async def test_a_certificate_is_proved_by_the_published_key(
    house: NativeHouse, alice: Caller
) -> None:
    message = await alice.sent(subject="Zamówienie 5: żółw")
    settle(house, State.DELIVERED)
    answer = await alice("GET", f"/v1/messages/{message}/certificate")
    assert answer.status == 200
    keys = await house.call("GET", KEYS)
    assert keys.headers["content-type"] == "application/jwk-set+json"
    claims = verify_document(answer.content, keys.content).claims
    source = await alice("GET", f"/v1/messages/{message}/source")
    assert claims["content"]["sha256"] == hashlib.sha256(source.content).hexdigest()
    assert claims["content"]["size"] == len(source.content)
    assert claims["subject"] == "Zamówienie 5: żółw"
    assert (claims["customer"], claims["recipient"]) == ("alice", "bob@example.net")
    assert claims["server"] == {"name": "mx.example.net", "address": "192.0.2.1"}
    assert (claims["reply"], claims["tls"]) == ("250 2.0.0 Ok: 7", "TLSv1.3")
    assert "msg_" + claims["queue_id"] == message
    again = await alice("GET", f"/v1/messages/{message}/certificate")
    assert again.content == answer.content


async def test_it_is_a_download_that_says_where_the_key_is(
    house: NativeHouse, alice: Caller
) -> None:
    message = await alice.sent()
    settle(house, State.DELIVERED)
    answer = await alice("GET", f"/v1/messages/{message}/certificate")
    name = f"certificate-{message.removeprefix('msg_')}.json"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert house.desk.certify.keys_url == BASE_URL + KEYS


@pytest.mark.parametrize(
    ("state", "fix"),
    [
        (State.QUEUED, "Ask again after the event message.delivered."),
        (State.SENDING, "Ask again"),
        (State.BOUNCED, "There will be none"),
        (State.CANCELED, "There will be none"),
    ],
)
async def test_what_is_not_delivered_is_not_certified(
    house: NativeHouse, alice: Caller, state: State, fix: str
) -> None:
    """A late bounce (delivered, then sent back) takes the certificate away."""
    message = await alice.sent()
    settle(house, state)
    answer = await alice("GET", f"/v1/messages/{message}/certificate")
    assert (answer.status, answer.code) == (409, "not_certified")
    assert f"bob@example.net is {state.name.lower()}" in answer.json["detail"]
    assert answer.json["fix"].startswith(fix)


async def test_test_mail_is_not_certified(house: NativeHouse, tester: Caller) -> None:
    message = await tester.sent("delivered@example.net")
    await house.line.work()
    assert (await tester("GET", f"/v1/messages/{message}")).json["status"] == "delivered"
    answer = await tester("GET", f"/v1/messages/{message}/certificate")
    assert (answer.status, answer.code) == (409, "not_certified")
    assert "live key" in answer.json["fix"]


async def test_a_recipient_is_named_by_address(house: NativeHouse, alice: Caller) -> None:
    message = await alice.sent()
    settle(house, State.DELIVERED)
    path = f"/v1/messages/{message}/certificate"
    assert (await alice("GET", f"{path}?to=bob@EXAMPLE.net")).status == 200
    for nobody in ("eve@example.net", "nonsense"):
        assert (await alice("GET", f"{path}?to={nobody}")).code == "not_found"


async def test_a_stranger_gets_none(house: NativeHouse, alice: Caller, charlie: Caller) -> None:
    """W-01."""
    message = await alice.sent()
    settle(house, State.DELIVERED)
    assert (await charlie("GET", f"/v1/messages/{message}/certificate")).code == "not_found"
