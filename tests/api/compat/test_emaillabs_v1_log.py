"""EmailLabs v1: what its clients read back, and nobody reads what is another's (emaillabs.md §1.2-§1.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.api.compat.test_emaillabs_v1_sending import BASE, basic, post
from tests.doubles.api_house import ALICES_OTHER, CHARLIE, Answer, ApiHouse

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.event import EventKind

DAY = timedelta(days=1)
KEYS = {
    *("id", "uid", "account", "vps", "from", "to", "subject", "message_id", "postfix_id"),
    *("injected_time", "ok_time", "ok_desc", "open_time", "open_desc", "tags", "tracking"),
    *("created_at", "updated_at"),
}
"""Those of all 552 recorded rows."""


async def get(house: ApiHouse, target: str, *, key: str = "", method: str = "GET") -> Answer:
    return await house.ask(method, f"/api/{target}", basic(key or await house.key_text()))


async def rows(house: ApiHouse, target: str) -> list[str]:
    """Give the recipients of the rows; 404 means none."""
    answer = await get(house, target)
    assert answer.status in (200, 404), answer.body
    return [row["to"].partition("@")[0] for row in answer.json["data"] or ()]


async def stage(house: ApiHouse) -> None:
    """Five of Alice's with five ends, one of her other account's, one of Charlie's."""
    for name in ("bob", "carol", "dora", "eve", "frank"):
        await post(house, f"{BASE}&to[{name}@example.net]=&tags[]={name}&tags[]=all")
        house.clock.advance(timedelta(minutes=1))
    house.settle("bob@example.net", State.DELIVERED, EventKind.DELIVERED, reply="250 2.0.0 OK")
    bounced = {"reply": "550 5.1.1 no such user", "class": "bad-mailbox"}
    house.settle("carol@example.net", State.BOUNCED, EventKind.BOUNCED, **bounced)
    blocked = {"reply": "554 5.7.1 listed", "class": "reputation"}
    house.settle("dora@example.net", State.BOUNCED, EventKind.BOUNCED, **blocked)
    house.settle("eve@example.net", State.QUEUED, EventKind.DEFERRED, reply="451 4.3.0 later")
    await post(house, f"{BASE.replace('1.alice.smtp', ALICES_OTHER)}&to[]=grace@example.net")
    charlies = BASE.replace("1.alice.smtp", CHARLIE).replace("example.com", "example.org")
    answer = await post(
        house, f"{charlies}&to[]=mallory@example.net", key=await house.key_text(CHARLIE)
    )
    assert answer.status == 200


# -- the envelope ---------------------------------------------------------------------------------


async def test_a_list_has_the_recorded_envelope(house: ApiHouse) -> None:
    """§1.1: the cassettes of 2018."""
    await stage(house)
    answer = await get(house, "emails?offset=0&limit=2&sort=-created_at")
    told = answer.json
    assert list(told) == ["number_of_elements", "data", "req_id", "message", "status", "code"]
    assert (told["number_of_elements"], len(told["data"])) == (6, 2)
    assert (told["message"], told["status"], told["code"]) == (None, "success", 200)
    assert answer.headers["content-type"] == "text/html;charset=UTF-8"
    assert told["req_id"].isalnum()
    assert len(told["req_id"]) == 10


async def test_a_row_has_the_recorded_keys(house: ApiHouse) -> None:
    """§1.6; the times are Poland's: 03:04:05 UTC in January."""
    await stage(house)
    (row,) = (await get(house, "emails?filter=to::bob@example.net")).json["data"]
    assert set(row) == KEYS
    assert (len(row["id"]), len(row["uid"])) == (24, 32)
    assert (row["account"], row["from"]) == ("1.alice.smtp", "shop@example.com")
    assert (row["subject"], row["to"]) == ("Hello", "bob@example.net")
    assert row["injected_time"] == row["created_at"] == "2026-01-02 04:04:05"
    assert (row["ok_time"], row["ok_desc"]) == ("2026-01-02 04:10:05", "250 2.0.0 OK")
    assert (row["open_time"], row["tracking"], row["tags"]) == (None, [], ["bob", "all"])


async def test_a_row_has_a_pair_for_each_status_passed(house: ApiHouse) -> None:
    await stage(house)
    house.settle("eve@example.net", State.EXPIRED, EventKind.BOUNCED, reason="expired")
    (row,) = (await get(house, "emails?filter=to::eve@example.net")).json["data"]
    assert (row["deferred_desc"], row["softbounce_desc"]) == ("451 4.3.0 later", "expired")
    assert row["deferred_time"] < row["softbounce_time"]


async def test_what_matches_nothing_is_404_with_no_data(house: ApiHouse) -> None:
    answer = await get(house, "emails")
    assert (answer.status, answer.json["code"], answer.json["data"]) == (404, 404, None)


# -- lists ----------------------------------------------------------------------------------------


async def test_offset_counts_rows(house: ApiHouse) -> None:
    await stage(house)
    seen = []
    for offset in range(0, 8, 2):
        seen += await rows(house, f"emails?limit=2&offset={offset}&sort=created_at")
    assert seen == ["bob", "carol", "dora", "eve", "frank", "grace"]


async def test_the_order_is_the_one_asked_for(house: ApiHouse) -> None:
    await stage(house)
    newest_first = ["grace", "frank", "eve", "dora", "carol", "bob"]
    assert await rows(house, "emails") == newest_first
    assert await rows(house, "emails?sort=-created_at") == newest_first
    assert await rows(house, "emails?sort=-to") == newest_first
    assert await rows(house, "emails?sort=to") == newest_first[::-1]


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ("to::bob@example.net", ["bob"]),
        ("account::2.alice.smtp", ["grace"]),
        ("account::1.charlie.smtp", []),
        ("account::1.alice.smtp|to::carol@example.net", ["carol"]),
        ("account%3A%3A1.alice.smtp%7Cto%3A%3Acarol%40example.net", ["carol"]),
        ("to::no+address", []),
        ("message_id::nobody@example.com", []),
        ("created_at.from::2026-01-02+04:08|created_at.to::2026-01-02+04:09", ["frank"]),
        ("injected_time.from::1767323045|injected_time.to::1767323045", ["bob"]),
    ],
)
async def test_filters_stand_in_the_query_as_clients_write_them(
    house: ApiHouse, terms: str, found: list[str]
) -> None:
    """§1.2: official clients do not encode `|`, `:` and `@`; times are Unix or Polish."""
    await stage(house)
    assert await rows(house, f"emails?offset=0&limit=100&filter={terms}") == found


@pytest.mark.parametrize("terms", ["tos::bob@example.net", "created_at.from::yesterday"])
async def test_a_filter_that_cannot_be_obeyed_is_not_ignored(house: ApiHouse, terms: str) -> None:
    await stage(house)
    assert (await get(house, f"emails?filter={terms}")).status == 500


async def test_a_message_is_found_by_its_id(house: ApiHouse) -> None:
    await post(house, f"{BASE}&to[bob@example.net][message_id]=one@example.com")
    await post(house, f"{BASE}&to[]=eve@example.net")
    (row,) = (await get(house, "emails?filter=message_id::one@example.com")).json["data"]
    assert (row["to"], row["message_id"]) == ("bob@example.net", "one@example.com")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("ok", ["bob"]),
        ("hardbounce", ["carol"]),
        ("spambounce", ["dora"]),
        ("deferred", ["eve"]),
        ("softbounce", []),
        ("dropped", []),
        ("feedback", []),
        ("injected", ["grace", "frank", "eve", "dora", "carol", "bob"]),
    ],
)
async def test_messages_are_listed_by_status(house: ApiHouse, word: str, found: list[str]) -> None:
    await stage(house)
    target = f"smtp_events/{word}?from_time=1767300000&to_time=1767400000"
    answer = await get(house, target)
    assert [row["to"].partition("@")[0] for row in answer.json["data"] or ()] == found
    assert answer.json.get("number_of_elements", 0) == len(found)


async def test_a_list_by_status_needs_a_beginning_and_a_known_status(house: ApiHouse) -> None:
    answer = await get(house, "smtp_events/ok")
    assert answer.json["message"] == "Field 'from_time' is required"
    answer = await get(house, "smtp_events/fine?from_time=1")
    assert (answer.status, answer.json["code"]) == (404, 404)
    assert "hardbounce" in answer.json["message"]


@pytest.mark.parametrize("action", ["opens", "clicks"])
async def test_nothing_is_tracked(house: ApiHouse, action: str) -> None:
    await stage(house)
    assert (await get(house, f"{action}?filter=account::1.alice.smtp")).status == 404


# -- aggregates -----------------------------------------------------------------------------------

COUNTS = {
    "injected": 5,
    "ok": 1,
    "softbounce": 0,
    "hardbounce": 1,
    "spambounce": 1,
    "dropped": 0,
    "deferred": 1,
    "feedback": 0,
    "open": 0,
    "click": 0,
}


async def test_an_aggregate_counts_statuses_of_an_account(house: ApiHouse) -> None:
    await stage(house)
    answer = await get(house, "agregate?smtp_account=1.alice.smtp&date_from=1767300000")
    assert answer.json["data"] == COUNTS


async def test_an_aggregate_by_tags_counts_each_tag(house: ApiHouse) -> None:
    await stage(house)
    target = "agregate_tags?smtp_account=1.alice.smtp&date_from=1767300000&date_to=1767400000"
    data = (await get(house, target)).json["data"]
    assert sorted(data) == ["all", "bob", "carol", "dora", "eve", "frank"]
    assert data["all"] == COUNTS
    assert (data["dora"]["injected"], data["dora"]["spambounce"]) == (1, 1)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("date_from=1", "Field 'smtp_account' is required"),
        ("smtp_account=1.alice.smtp", "Field 'date_from' is required"),
        (f"smtp_account={CHARLIE}&date_from=1", f"SMTP account {CHARLIE} does not exist"),
        ("smtp_account=1.alice.smtp&date_from=1", "The period may have 62 days"),
    ],
)
async def test_an_aggregate_that_cannot_be_made_is_refused(
    house: ApiHouse, query: str, message: str
) -> None:
    answer = await get(house, f"agregate?{query}")
    assert (answer.status, answer.json["message"]) == (500, message)


# -- blacklist ------------------------------------------------------------------------------------


async def listed(house: ApiHouse, query: str = "") -> list[str]:
    answer = await get(house, f"blacklists{query}")
    return [row["email"] for row in answer.json["data"] or ()]


async def blacklist(house: ApiHouse, email: str, reason: str, **more: Any) -> Answer:
    form = "&".join(f"{name}={value}" for name, value in more.items())
    return await post(
        house, f"account=1.alice.smtp&email={email}&reason={reason}&{form}", action="blacklists"
    )


async def test_an_address_is_blacklisted_shown_and_removed(house: ApiHouse) -> None:
    added = await blacklist(house, "Bob@Example.net", "unsubscribe", comment="asked", source="CMS")
    assert (added.status, added.json["status"]) == (200, "success")
    (row,) = (await get(house, "blacklists/email/bob@example.net")).json["data"]
    assert {row["email"], row["reason"], row["comment"], row["source"]} == {
        *("bob@example.net", "unsubscribe", "asked", "CMS")
    }
    assert set(row) == {
        *("id", "account", "email", "source", "reason", "comment", "created_at", "updated_at")
    }
    gone = await get(house, "blacklists/email/bob%40example.net", method="DELETE")
    assert gone.status == 200
    assert (await get(house, "blacklists/email/bob@example.net")).status == 404
    again = await get(house, "blacklists/email/bob@example.net", method="DELETE")
    assert again.status == 404


async def test_the_blacklist_is_filtered_as_the_official_client_does(house: ApiHouse) -> None:
    await blacklist(house, "bob@example.net", "hardbounce", source="smtp")
    house.clock.advance(DAY)
    await blacklist(house, "eve@example.net", "spamtrap")
    assert await listed(house) == ["eve@example.net", "bob@example.net"]
    assert await listed(house, "?sort=created_at&limit=1") == ["bob@example.net"]
    assert await listed(house, "?offset=1") == ["bob@example.net"]
    assert await listed(house, "?filter=reason::hardbounce|source::smtp") == ["bob@example.net"]
    assert await listed(house, "?filter=email::eve@example.net") == ["eve@example.net"]
    assert await listed(house, "?filter=created_at.from::2026-01-03") == ["eve@example.net"]
    assert await listed(house, "?filter=reason::fancy") == []
    assert (await get(house, "blacklists?limit=1")).json["number_of_elements"] == 2


async def test_a_blacklist_entry_needs_account_address_and_reason(house: ApiHouse) -> None:
    assert (await post(house, "email=b@x.pl&reason=other", action="blacklists")).status == 500
    assert "reason" in (await blacklist(house, "b@x.pl", "fancy")).json["message"]
    assert "incorrect" in (await blacklist(house, "b", "other")).json["message"]


async def test_the_reasons_are_those_of_the_dictionary(house: ApiHouse) -> None:
    data = (await get(house, "blacklist_reasons")).json["data"]
    assert data == ["hardbounce", "spam_complaint", "unsubscribe", "other"]


# -- accounts and addresses -----------------------------------------------------------------------


async def test_the_accounts_are_the_customers_own(house: ApiHouse) -> None:
    data = (await get(house, "smtp")).json["data"]
    assert [row["account"] for row in data] == ["1.alice.smtp", "2.alice.smtp"]


@pytest.mark.parametrize(("address", "is_tmp"), [("a@mailinator.com", 1), ("a@example.net", 0)])
async def test_a_throw_away_address_is_known(house: ApiHouse, address: str, is_tmp: int) -> None:
    (row,) = (await get(house, f"is_mail_tmp/email/{address}")).json["data"]
    assert row == {"email": address, "is_tmp": is_tmp}


# -- whose ----------------------------------------------------------------------------------------


async def test_nothing_of_another_customer_ever_appears(house: ApiHouse) -> None:
    """S-60: whatever Alice asks, no octet of Charlie's comes back, and the other way round."""
    await stage(house)
    await blacklist(house, "enemy@example.net", "other")
    charlie = await house.key_text(CHARLIE)
    targets = [
        *("emails", "emails?filter=account::1.alice.smtp", "emails?filter=to::bob@example.net"),
        *("smtp_events/injected?from_time=1", "blacklists", "blacklists/email/enemy@example.net"),
        *("smtp", "agregate?smtp_account=1.alice.smtp&date_from=1767300000"),
        *("agregate_tags?smtp_account=1.alice.smtp&date_from=1767300000",),
    ]
    for target in targets:
        body = (await get(house, target, key=charlie)).body
        assert b"example.com" not in body
        assert b"enemy" not in body
        assert b"bob@" not in body
        assert b'"injected":5' not in body
    for target in ("emails", "smtp_events/injected?from_time=1", "smtp"):
        assert b"charlie" not in (await get(house, target)).body
        assert b"mallory" not in (await get(house, target)).body
    gone = await get(house, "blacklists/email/enemy@example.net", key=charlie, method="DELETE")
    assert gone.status == 404
    assert await listed(house) == ["enemy@example.net"]


async def test_a_test_key_reads_test_mail_only(house: ApiHouse) -> None:
    await stage(house)
    test_key = await house.key_text(mode=Mode.TEST)
    assert (await get(house, "emails", key=test_key)).status == 404
