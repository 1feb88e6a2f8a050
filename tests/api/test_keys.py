"""`/v1/keys`: made, shown once, changed, rotated, revoked; what a key may not do (W-16)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.doubles.native_house import Caller, NativeHouse

from sztafeta.account.api_key import Mode, Scope
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.service.api_keys import TRUSTED_SECONDS


async def test_a_key_is_in_force_at_once_and_shown_once(house: NativeHouse, alice: Caller) -> None:
    """W-16: the text stands in the answer that makes it, and nowhere else."""
    made = await alice("POST", "/v1/keys", {"name": "shop", "scopes": ["send", "read"]})
    assert made.status == 201
    text = made.json["key"]
    assert text.startswith("szt_live_")
    me = await house.call("GET", "/v1/me", key=text)
    assert (me.status, me.json["scopes"]) == (200, ["read", "send"])
    everything = await alice("GET", "/v1/keys")
    again = await alice("GET", f"/v1/keys/{made.json['id']}")
    secret = text.removeprefix("szt_live_")[10:43]
    assert secret not in (everything.content + again.content).decode()


async def test_a_revoked_key_is_dead_at_once_here_and_within_a_second_elsewhere(
    house: NativeHouse, alice: Caller
) -> None:
    """Issue 3, §4: dead ≤ 1 s after revocation on every node."""
    made = await house.key(Scope.READ)
    elsewhere = house.another_nodes_keys()
    assert (await house.call("GET", "/v1/me", key=made.text)).status == 200
    assert await elsewhere.prove(made.text, "127.0.0.1") == made.key
    revoked = await alice("DELETE", f"/v1/keys/key_{made.key.key_id}")
    assert revoked.json["revoked_at"] is not None
    answer = await house.call("GET", "/v1/me", key=made.text)
    assert (answer.status, answer.code) == (401, "key_revoked")
    house.seconds += TRUSTED_SECONDS + 0.001
    refusal = await elsewhere.prove(made.text, "127.0.0.1")
    assert getattr(refusal, "code", "") == "key_revoked"


async def test_a_key_ends_when_it_was_said_to(house: NativeHouse) -> None:
    made = await house.key(expires_at=house.clock.now() + timedelta(hours=1))
    assert (await house.call("GET", "/v1/me", key=made.text)).status == 200
    house.clock.advance(timedelta(hours=1))
    answer = await house.call("GET", "/v1/me", key=made.text)
    assert (answer.status, answer.code) == (401, "key_expired")


async def test_a_key_works_from_its_networks_alone(house: NativeHouse) -> None:
    near = await house.key(networks=["127.0.0.0/8"])
    far = await house.key(networks=["192.0.2.0/24"])
    assert (await house.call("GET", "/v1/me", key=near.text)).status == 200
    answer = await house.call("GET", "/v1/me", key=far.text)
    assert (answer.status, answer.code) == (403, "ip_not_allowed")
    assert "127.0.0.1" in answer.json["detail"]


async def test_rotation_lets_the_old_key_live_for_the_overlap(
    house: NativeHouse, alice: Caller
) -> None:
    old = await house.key(Scope.READ)
    path = f"/v1/keys/key_{old.key.key_id}/rotate"
    new = await alice("POST", path, {"overlap_minutes": 10})
    assert new.status == 201
    assert new.json["scopes"] == ["read"]
    for text in (old.text, new.json["key"]):
        assert (await house.call("GET", "/v1/me", key=text)).status == 200
    house.clock.advance(timedelta(minutes=10))
    assert (await house.call("GET", "/v1/me", key=old.text)).code == "key_expired"
    assert (await house.call("GET", "/v1/me", key=new.json["key"])).status == 200
    assert (await alice("POST", path)).code == "wrong_state", "a dead key has no successor"


async def test_rotation_needs_no_body(house: NativeHouse, alice: Caller) -> None:
    old = await house.key(Scope.READ)
    assert (await alice("POST", f"/v1/keys/key_{old.key.key_id}/rotate")).status == 201


async def test_a_key_that_had_an_end_is_followed_by_one_without(
    house: NativeHouse, alice: Caller
) -> None:
    """The overlap never makes a key live longer than it was meant to."""
    end = house.clock.now() + timedelta(minutes=5)
    old = await house.key(Scope.READ, expires_at=end)
    await alice("POST", f"/v1/keys/key_{old.key.key_id}/rotate", {"overlap_minutes": 60})
    seen = await alice("GET", f"/v1/keys/key_{old.key.key_id}")
    assert seen.json["expires_at"] == "2026-01-02T03:09:05Z"


async def test_what_is_left_out_of_a_change_stays(house: NativeHouse, alice: Caller) -> None:
    made = await house.key(Scope.READ, networks=["127.0.0.0/8"])
    path = f"/v1/keys/key_{made.key.key_id}"
    changed = await alice("PATCH", path, {"name": "till"})
    assert (changed.json["name"], changed.json["scopes"]) == ("till", ["read"])
    assert changed.json["allowed_networks"] == ["127.0.0.0/8"]
    await alice("PATCH", path, {"scopes": ["send"], "allowed_networks": []})
    me = await house.call("GET", "/v1/me", key=made.text)
    assert me.json["scopes"] == ["send"], "in force at once"
    await alice("PATCH", path, {"expires_at": "2026-02-01T00:00:00Z"})
    ended = await alice("PATCH", path, {"expires_at": None})
    assert ended.json["expires_at"] is None, "null takes the end away"


async def test_a_mode_is_part_of_a_key_and_cannot_be_changed_by_hand(house: NativeHouse) -> None:
    made = await house.key(mode=Mode.TEST)
    forged = made.text.replace("szt_test_", "szt_live_")
    assert (await house.call("GET", "/v1/me", key=forged)).code == "key_unknown"


async def test_a_test_key_never_leads_to_mail_that_leaves(
    house: NativeHouse, tester: Caller
) -> None:
    """Issue 3, §4: whatever its scopes, it makes no live key, takes none over, and makes no login."""
    live = f"/v1/keys/key_{(await house.key()).key.key_id}"
    for method, path, wish in (
        ("POST", "/v1/keys", {"name": "k", "mode": "live", "scopes": ["send"]}),
        ("POST", f"{live}/rotate", None),
        ("PATCH", live, {"scopes": ["send"]}),
        ("DELETE", live, None),
        ("POST", "/v1/smtp-accounts", {"login": "2.alice.smtp"}),
        ("POST", "/v1/smtp-accounts/1.alice.smtp/password", None),
    ):
        answer = await tester(method, path, wish)
        assert (answer.status, answer.code) == (403, "key_wrong_mode"), path
    made = await tester("POST", "/v1/keys", {"name": "k", "mode": "test", "scopes": ["send"]})
    assert made.json["mode"] == "test"


async def test_a_suspended_account_calls_nothing(house: NativeHouse) -> None:
    made = await house.key()
    await house.store.enable_customer("alice", enabled=False)
    answer = await house.call("GET", "/v1/me", key=made.text)
    assert (answer.status, answer.code) == (403, "account_paused")


async def test_when_a_key_was_last_used_is_noted(house: NativeHouse, alice: Caller) -> None:
    made = await house.key(Scope.READ)
    await house.call("GET", "/v1/me", key=made.text)
    await house.keys.note_uses()
    seen = (await alice("GET", f"/v1/keys/key_{made.key.key_id}")).json
    assert seen["last_used_at"] == "2026-01-02T03:04:05Z"
    assert seen["last_used_from"] == "127.0.0.1"


@pytest.mark.parametrize("network", [True, 5, "192.0.2.1/24", "x", "192.0.2.0/33", None])
async def test_a_network_is_written_as_one(alice: Caller, network: Any) -> None:
    wish = {"name": "k", "scopes": ["send"], "allowed_networks": [network]}
    answer = await alice("POST", "/v1/keys", wish)
    assert answer.status == 422
    assert all(pointer.startswith("/allowed_networks/0") for pointer in answer.faults)


async def test_scopes_cannot_be_empty(alice: Caller) -> None:
    answer = await alice("POST", "/v1/keys", {"name": "k", "scopes": []})
    assert list(answer.faults) == ["/scopes"]


# -- domains and calls -------------------------------------------------------------------------------


async def domains_of_alice(house: NativeHouse, *names: str) -> None:
    """Give her domains that need no proof, as the operator does."""
    owner = house.accounts["alice"].customer_id
    for name in names:
        domain = SendingDomain(domain=name, customer_id=owner)
        await house.store.add_sending_domain(domain, now=house.clock.now())


def mail_from(domain: str) -> dict[str, Any]:
    return {"from": f"shop@{domain}", "to": ["jan@example.net"], "subject": "s", "text": "t"}


async def test_a_key_sends_from_its_domains_alone(house: NativeHouse, alice: Caller) -> None:
    await domains_of_alice(house, "one.example", "two.example")
    wish = {"name": "k", "scopes": ["send", "read"], "allowed_domains": ["ONE.example."]}
    made = await alice("POST", "/v1/keys", wish)
    assert made.json["allowed_domains"] == ["one.example"]
    text = made.json["key"]
    good = await house.call("POST", "/v1/messages", mail_from("one.example"), key=text)
    assert good.status == 202, good.json
    answer = await house.call("POST", "/v1/messages", mail_from("two.example"), key=text)
    assert (answer.status, answer.faults["/from"]) == (403, "from_not_allowed")
    assert "the API key may send from" in answer.content.decode()
    for envelope, author in (("two", "one"), ("one", "two")):
        finished = await house.call(
            "POST",
            f"/v1/messages/raw?from=a@{envelope}.example&to=jan@example.net",
            key=text,
            content=f"From: a@{author}.example\r\n\r\nHi\r\n".encode(),
            headers={"Content-Type": "message/rfc822"},
        )
        assert finished.status == 403, (envelope, author)
    me = await house.call("GET", "/v1/me", key=text)
    assert me.json["sending_domains"] == ["one.example"]
    wider = await alice("PATCH", f"/v1/keys/{made.json['id']}", {"allowed_domains": []})
    assert wider.json["allowed_domains"] == []
    answer = await house.call("POST", "/v1/messages", mail_from("two.example"), key=text)
    assert answer.status == 202


async def test_a_limited_key_does_not_send_other_domains_mail_again(
    house: NativeHouse, alice: Caller
) -> None:
    await domains_of_alice(house, "one.example", "two.example")
    limits = {"name": "k", "scopes": ["send", "read"], "allowed_domains": ["one.example"]}
    text = (await alice("POST", "/v1/keys", limits)).json["key"]
    for domain, status in (("one.example", 202), ("two.example", 403)):
        sent = await alice("POST", "/v1/messages", mail_from(domain))
        path = f"/v1/messages/{sent.json['messages'][0]['id']}/resend"
        again = await house.call("POST", path, key=text)
        assert again.status == status, (domain, again.content)


async def test_a_key_whose_domain_is_gone_sends_nothing(house: NativeHouse, alice: Caller) -> None:
    """A limit is never taken for none."""
    await domains_of_alice(house, "one.example", "two.example")
    wish = {"name": "k", "scopes": ["send"], "allowed_domains": ["one.example"]}
    text = (await alice("POST", "/v1/keys", wish)).json["key"]
    assert (await alice("DELETE", "/v1/domains/one.example")).status in (200, 204)
    house.seconds += TRUSTED_SECONDS + 0.001
    for domain in ("one.example", "two.example"):
        answer = await house.call("POST", "/v1/messages", mail_from(domain), key=text)
        assert answer.status == 403, domain


async def test_a_limit_to_domains_names_ones_own_and_is_none_for_admin(
    house: NativeHouse, alice: Caller
) -> None:
    await domains_of_alice(house, "one.example")
    foreign = {"name": "k", "scopes": ["send"], "allowed_domains": ["one.example", "bob.example"]}
    answer = await alice("POST", "/v1/keys", foreign)
    assert (answer.status, answer.faults) == (422, {"/allowed_domains/1": "not_found"})
    escape = {"name": "k", "scopes": ["admin"], "allowed_domains": ["one.example"]}
    answer = await alice("POST", "/v1/keys", escape)
    assert (answer.status, answer.faults) == (422, {"/allowed_domains": "not_with_admin"})
    limited = await alice("POST", "/v1/keys", escape | {"scopes": ["send"]})
    path = f"/v1/keys/{limited.json['id']}"
    assert (await alice("PATCH", path, {"scopes": ["admin"]})).status == 422
    rotated = await alice("POST", f"{path}/rotate")
    assert rotated.json["allowed_domains"] == ["one.example"], "a new key has the old one's limits"


async def test_calls_are_counted_by_what_became_of_them(house: NativeHouse) -> None:
    made = await house.key(Scope.SEND)
    for _ in range(2):
        await house.call("GET", "/v1/me", key=made.text, headers={"User-Agent": "shop/1.0"})
    await house.call("GET", "/v1/nothing-here", key=made.text)
    await house.call("GET", "/v1/me", key=made.text[:-1] + "?")
    named = {"User-Agent": "shop/1.0"}
    await house.call("GET", "/v1/messages", key=made.text, headers=named)
    await house.call("POST", "/v1/messages", {"from": "nobody"}, key=made.text, headers=named)
    calls = {day.cause: count for day, count in (await house.keys.calls_of(made.key)).items()}
    assert calls == {"": 2, "scope_missing": 1, "invalid": 1}
    await house.keys.revoke(made.key)
    await house.call("GET", "/v1/me", key=made.text)
    calls = {day.cause: count for day, count in (await house.keys.calls_of(made.key)).items()}
    assert calls["key_revoked"] == 1
    found = await house.keys.find(made.key.customer_id, made.key.key_id)
    assert found is not None
    assert found.last_used_by == "shop/1.0"
