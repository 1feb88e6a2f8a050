"""`/v1/domains`: claimed, proved by a record in DNS, given other keys, taken away (issue 3, ux §3.1)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.doubles.native_house import Caller, NativeHouse

from sztafeta.service.ports import TextAnswer


async def claimed(caller: Caller, domain: str = "shop.example") -> dict[str, Any]:
    made = await caller("POST", "/v1/domains", {"domain": domain})
    assert made.status == 201, made.content
    return dict(made.json)


async def verified(
    house: NativeHouse, caller: Caller, domain: str = "shop.example"
) -> dict[str, Any]:
    made = await claimed(caller, domain)
    house.dns.publish(made["records"])
    answer = await caller("POST", f"/v1/domains/{made['id']}/verify")
    house.seconds += 2
    return dict(answer.json)


async def may_send(caller: Caller, domain: str = "shop.example") -> bool:
    answer = await caller.send(from_=f"a@{domain}")
    assert answer.status in (202, 403)
    return answer.status == 202


async def test_nothing_is_sent_from_a_domain_until_its_record_is_in_dns(
    house: NativeHouse, alice: Caller
) -> None:
    """Whoever asks for a domain has no right to it yet."""
    made = await claimed(alice)
    assert (made["is_verified"], await may_send(alice)) == (False, False)
    looked = (await alice("POST", "/v1/domains/shop.example/verify")).json
    assert {one["status"] for one in looked["records"]} == {"missing"}
    assert (looked["is_verified"], await may_send(alice)) == (False, False)
    house.dns.publish(made["records"])
    looked = (await alice("POST", "/v1/domains/shop.example/verify")).json
    assert (looked["is_verified"], looked["is_healthy"]) == (True, True)
    assert all(one["is_active"] for one in looked["records"])
    house.seconds += 2
    assert await may_send(alice)
    assert "shop.example" in (await alice("GET", "/v1/me")).json["sending_domains"]


async def test_one_right_record_is_proof_and_its_key_alone_signs(
    house: NativeHouse, alice: Caller
) -> None:
    made = await claimed(alice)
    house.dns.publish(made["records"][:1])
    looked = (await alice("POST", "/v1/domains/shop.example/verify")).json
    assert [one["is_active"] for one in looked["records"]] == [True, False]
    domain = await house.store.sending_domain("shop.example")
    assert domain is not None
    assert len(domain.keys) == len(domain.pending) == 1


async def test_the_keys_are_of_both_kinds_and_never_shown(alice: Caller) -> None:
    made = await claimed(alice)
    rsa, ed25519 = made["records"]
    assert rsa["value"].startswith("v=DKIM1; k=rsa; p=")
    assert ed25519["value"].startswith("v=DKIM1; k=ed25519; p=")
    assert rsa["name"].endswith("._domainkey.shop.example")
    assert (await alice("GET", "/v1/domains/shop.example/records")).json == made["records"]
    assert "private" not in str((await alice("GET", "/v1/domains")).json)


async def test_the_claim_of_another_customer_blocks_nobody(
    house: NativeHouse, alice: Caller, charlie: Caller
) -> None:
    """The last asker gets keys of his own; whoever publishes his record is the owner."""
    hers = await claimed(alice)
    his = await claimed(charlie)
    assert {one["value"] for one in hers["records"]}.isdisjoint(
        {one["value"] for one in his["records"]}
    )
    assert (await alice("GET", "/v1/domains/shop.example")).status == 404
    house.dns.publish(hers["records"])
    looked = (await charlie("POST", "/v1/domains/shop.example/verify")).json
    assert not looked["is_verified"], "her records prove nothing for him"
    again = await claimed(alice)
    house.dns.publish(again["records"])
    assert (await alice("POST", "/v1/domains/shop.example/verify")).json["is_verified"]
    late = await charlie("POST", "/v1/domains", {"domain": "SHOP.example"})
    assert (late.status, late.code) == (409, "already_there")


async def test_asking_twice_keeps_the_keys_that_may_be_in_dns_already(alice: Caller) -> None:
    made = await claimed(alice)
    again = await alice("POST", "/v1/domains", {"domain": "shop.example"})
    assert (again.status, again.code) == (409, "already_there")
    assert (await alice("GET", "/v1/domains/shop.example")).json == made


async def test_what_the_operator_added_needs_no_proof_and_cannot_be_claimed(
    alice: Caller, charlie: Caller
) -> None:
    assert (await alice("GET", "/v1/domains/example.com")).json["is_verified"]
    assert (await charlie("POST", "/v1/domains", {"domain": "example.com"})).status == 409


async def test_new_keys_wait_beside_the_old_ones_until_they_are_seen(
    house: NativeHouse, alice: Caller
) -> None:
    """Mail never leaves with a signature that no receiver can check."""
    await verified(house, alice)
    old = {one["name"] for one in (await alice("GET", "/v1/domains/shop.example")).json["records"]}
    rotated = (await alice("POST", "/v1/domains/shop.example/rotate-dkim")).json
    fresh = [one for one in rotated["records"] if one["name"] not in old]
    assert [one["is_active"] for one in fresh] == [False, False]
    assert len(rotated["records"]) == 4
    looked = (await alice("POST", "/v1/domains/shop.example/verify")).json
    assert (looked["is_healthy"], len(looked["records"])) == (True, 4), "the old ones sign"
    house.dns.publish(fresh)
    await alice("POST", "/v1/domains/shop.example/verify")
    after = (await alice("GET", "/v1/domains/shop.example")).json["records"]
    assert {one["name"] for one in after} == {one["name"] for one in fresh}
    assert await may_send(alice)


async def test_health_looks_and_changes_nothing(house: NativeHouse, alice: Caller) -> None:
    made = await claimed(alice)
    house.dns.publish(made["records"])
    looked = (await alice("GET", "/v1/domains/shop.example/health")).json
    assert {one["status"] for one in looked["records"]} == {"found"}
    assert not (await alice("GET", "/v1/domains/shop.example")).json["is_verified"]
    await alice("POST", "/v1/domains/shop.example/verify")
    house.dns.records.clear()
    sick = (await alice("GET", "/v1/domains/shop.example/health")).json
    assert (sick["is_verified"], sick["is_healthy"]) == (True, False)


async def test_expected_and_found_stand_side_by_side(house: NativeHouse, alice: Caller) -> None:
    made = await claimed(alice)
    rsa, ed25519 = made["records"]
    house.dns.records[rsa["name"]] = TextAnswer(texts=(f'"{rsa["value"]}"',))
    house.dns.records[ed25519["name"]] = TextAnswer(has_answered=False)
    looked = (await alice("GET", "/v1/domains/shop.example/health")).json["records"]
    assert [one["status"] for one in looked] == ["quoted", "no_answer"]
    assert (looked[0]["value"], looked[0]["found"]) == (rsa["value"], [f'"{rsa["value"]}"'])
    assert "quotation marks" in looked[0]["detail"]


async def test_a_removed_domain_sends_nothing(house: NativeHouse, alice: Caller) -> None:
    await verified(house, alice)
    assert (await alice("DELETE", "/v1/domains/shop.example")).status == 204
    house.seconds += 2
    assert not await may_send(alice)
    assert (await alice("GET", "/v1/domains/shop.example")).status == 404


async def test_a_polish_domain_is_shown_as_people_write_it(
    house: NativeHouse, alice: Caller
) -> None:
    made = await claimed(alice, "Żółw.example")
    assert (made["id"], made["domain"]) == ("xn--w-uga1v8h.example", "żółw.example")
    assert (await alice("GET", "/v1/domains/%C5%BC%C3%B3%C5%82w.example")).json == made
    listed = (await alice("GET", "/v1/domains")).json["data"]
    assert [one["domain"] for one in listed] == ["example.com", "żółw.example"]


@pytest.mark.parametrize(
    "domain", ["localhost", "[192.0.2.1]", "a b.example", "x" * 64 + ".example", "a..example", "\n"]
)
async def test_what_mail_is_not_sent_from_cannot_be_added(alice: Caller, domain: str) -> None:
    answer = await alice("POST", "/v1/domains", {"domain": domain})
    assert (answer.status, list(answer.faults)) == (422, ["/domain"])
