"""`/v1/messages`, the calls that look and change: filters, cursors, attempts, source; cancel, resend."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.doubles.native_house import BASE_URL, Caller, NativeHouse


async def ids(caller: Caller, query: str = "") -> list[str]:
    answer = await caller("GET", f"/v1/messages{query}")
    assert answer.status == 200, answer.content
    return [one["id"] for one in answer.json["data"]]


async def test_messages_are_listed_newest_first_page_by_page(alice: Caller) -> None:
    sent = [await alice.sent() for _ in range(5)]
    seen: list[str] = []
    path, pages = "/v1/messages?limit=2", 0
    while path:
        answer = await alice("GET", path)
        seen += [one["id"] for one in answer.json["data"]]
        pages += 1
        assert answer.json["has_more"] == (pages < 3)
        path = f"/v1/messages?limit=2&after={answer.json['next']}" if pages < 3 else ""
    assert seen == sent[::-1]
    assert answer.json["next"] is None


async def test_the_next_page_is_linked_with_its_filters(alice: Caller) -> None:
    """RFC 8288 §3."""
    for _ in range(3):
        await alice.sent(tags=["a"])
    answer = await alice("GET", "/v1/messages?limit=2&tag=a")
    link = answer.headers["link"]
    assert link.startswith(f"<{BASE_URL}/v1/messages?")
    assert link.endswith('>; rel="next"')
    following = link[len(BASE_URL) + 1 :].partition(">")[0]
    assert len((await alice("GET", following)).json["data"]) == 1


@pytest.mark.parametrize(
    "cursor", ["x", "!!!", "bm9uc2Vuc2U", "LTU", "w7M", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA", "%00"]
)
async def test_a_cursor_that_is_not_ours_is_refused(alice: Caller, cursor: str) -> None:
    answer = await alice("GET", f"/v1/messages?after={cursor}")
    assert (answer.status, answer.faults) == (422, {"/after": "bad_cursor"})


async def test_each_filter_narrows_the_list(house: NativeHouse, alice: Caller) -> None:
    bob = await alice.sent("bob@example.net", tags=["order", "paid"])
    house.clock.advance(timedelta(hours=1))
    answer = await alice.send("eve@example.net", send_at="2026-01-03T00:00:00Z")
    (eve,) = answer.json["messages"]
    assert await ids(alice, "?to=bob@EXAMPLE.net") == [bob]
    assert await ids(alice, "?tag=paid") == [bob]
    assert await ids(alice, "?status=queued&status=delivered") == [eve["id"], bob]
    assert await ids(alice, "?status=bounced") == []
    assert await ids(alice, f"?submission={answer.json['id']}") == [eve["id"]]
    assert await ids(alice, f"?message_id={eve['message_id']}") == [eve["id"]]
    assert await ids(alice, f"?message_id=%3C{eve['message_id']}%3E") == [eve["id"]]
    assert await ids(alice, "?accepted_from=2026-01-02T04:00:00Z") == [eve["id"]]
    assert await ids(alice, "?accepted_to=2026-01-02T05:00:00%2B01:00") == [bob]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("to=nobody", "/to"),
        ("status=lost", "/status"),
        ("limit=0", "/limit"),
        ("limit=501", "/limit"),
        ("accepted_from=yesterday", "/accepted_from"),
        ("accepted_from=0001-01-01T00:00:00%2B14:00", "/accepted_from"),
    ],
)
async def test_a_filter_that_cannot_be_read_is_pointed_at(
    alice: Caller, query: str, pointer: str
) -> None:
    answer = await alice("GET", f"/v1/messages?{query}")
    assert (answer.status, list(answer.faults)) == (422, [pointer])


async def test_a_message_is_seen_with_where_it_stands(alice: Caller) -> None:
    message = await alice.sent(tags=["order"])
    seen = (await alice("GET", f"/v1/messages/{message}")).json
    assert seen["id"] == message
    assert seen["from"] == "alice@example.com"
    assert (seen["status"], seen["mode"], seen["subject"]) == ("queued", "live", "Hello")
    assert seen["accepted_at"] == "2026-01-02T03:04:05Z"
    assert [one["address"] for one in seen["to"]] == ["bob@example.net"]


@pytest.mark.parametrize("message", ["msg_0000000000001", "msg_x", "x", "msg_" + "z" * 13, "%00"])
async def test_a_message_that_is_not_there_is_404(alice: Caller, message: str) -> None:
    for path in ("", "/events", "/attempts", "/source"):
        answer = await alice("GET", f"/v1/messages/{message}{path}")
        assert (answer.status, answer.code) == (404, "not_found")


# -- the test inbox ------------------------------------------------------------------------------


async def test_a_test_key_sees_test_mail_alone(alice: Caller, tester: Caller) -> None:
    """Issue 3, §4: the message lands in the test inbox."""
    live, test = await alice.sent(), await tester.sent()
    assert await ids(alice) == [live]
    assert await ids(tester) == [test]
    for path in ("", "/source", "/events"):
        assert (await alice("GET", f"/v1/messages/{test}{path}")).status == 404
    assert (await tester("POST", f"/v1/messages/{live}/cancel")).status == 404


async def test_the_outcomes_are_played_and_told(house: NativeHouse, tester: Caller) -> None:
    """Issue 3, §4: magic addresses, and nothing is dialled."""
    sent = {
        who: await tester.sent(f"{who}@example.net")
        for who in ("delivered", "bounced", "soft", "slow")
    }
    await house.line.work()

    async def status(who: str) -> str:
        return str((await tester("GET", f"/v1/messages/{sent[who]}")).json["status"])

    assert [await status(who) for who in sent] == ["delivered", "bounced", "queued", "queued"]
    house.clock.advance(timedelta(minutes=5))
    await house.line.work()
    assert [await status(who) for who in sent] == ["delivered", "bounced", "delivered", "delivered"]
    events = (await tester("GET", f"/v1/messages/{sent['soft']}/events")).json
    assert [one["type"] for one in events] == [
        "message.accepted",
        "message.deferred",
        "message.delivered",
    ]
    (attempt,) = (await tester("GET", f"/v1/messages/{sent['bounced']}/attempts")).json
    assert (attempt["reply_code"], attempt["outcome"]) == (550, "bounced")
    assert "RCPT TO:<bounced@example.net>" in attempt["transcript"]
    assert attempt["rule"]
    assert house.line.world.dialled == []


# -- the source ----------------------------------------------------------------------------------


async def test_the_source_is_a_download_that_no_browser_opens(alice: Caller) -> None:
    """W-09."""
    message = await alice.sent(html="<script>alert(1)</script>")
    answer = await alice("GET", f"/v1/messages/{message}/source")
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"] == f'attachment; filename="{message}.eml"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content.startswith((b"Received:", b"Message-ID:", b"From:", b"Date:"))


# -- what is changed -----------------------------------------------------------------------------


async def test_what_waits_can_be_canceled_once(house: NativeHouse, alice: Caller) -> None:
    message = await alice.sent()
    canceled = await alice("POST", f"/v1/messages/{message}/cancel")
    assert (canceled.status, canceled.json["status"]) == (200, "canceled")
    again = await alice("POST", f"/v1/messages/{message}/cancel")
    assert (again.status, again.code) == (409, "wrong_state")
    assert "canceled" in again.json["detail"]


async def test_a_message_that_nobody_tried_gets_another_time(
    house: NativeHouse, alice: Caller
) -> None:
    message = await alice.sent(send_at="2026-01-03T00:00:00Z")
    path = f"/v1/messages/{message}"
    changed = await alice("PATCH", path, {"send_at": "2026-01-02T23:00:00Z"})
    assert changed.json["to"][0]["next_attempt_at"] == "2026-01-02T23:00:00Z"
    for wrong in ("2026-03-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-01-02T23:00:00"):
        answer = await alice("PATCH", path, {"send_at": wrong})
        assert list(answer.faults) == ["/send_at"], wrong
    await alice("POST", f"{path}/cancel")
    late = await alice("PATCH", path, {"send_at": "2026-01-02T23:00:00Z"})
    assert late.code == "wrong_state"


async def test_a_message_is_sent_again_as_a_new_one(house: NativeHouse, alice: Caller) -> None:
    first = await alice.sent(tags=["order"])
    answer = await alice("POST", f"/v1/messages/{first}/resend")
    assert answer.status == 202
    second = answer.json["id"]
    assert second != first
    one, two = [(await alice("GET", f"/v1/messages/{m}")).json for m in (first, second)]
    assert one["message_id"] != two["message_id"]
    assert (two["subject"], two["tags"], two["status"]) == ("Hello", ["order"], "queued")


async def test_it_is_sent_again_once_for_a_key(house: NativeHouse, alice: Caller) -> None:
    """P5, R-13."""
    first, other = await alice.sent(), await alice.sent()
    path, once = f"/v1/messages/{first}/resend", {"Idempotency-Key": "again"}
    one = await alice("POST", path, headers=once)
    two = await alice("POST", path, headers=once)
    assert (one.status, two.status, two.json) == (202, 202, one.json)
    assert (one.headers.get("idempotent-replayed"), two.headers["idempotent-replayed"]) == (
        None,
        "true",
    )
    assert len(house.store.letters) == 3
    refused = await alice("POST", f"/v1/messages/{other}/resend", headers=once)
    assert (refused.status, refused.code) == (422, "idempotency_mismatch")


async def test_resend_goes_by_the_rules_of_today(house: NativeHouse, alice: Caller) -> None:
    message = await alice.sent()
    await house.store.remove_sending_domain("example.com")
    house.seconds += 2
    answer = await alice("POST", f"/v1/messages/{message}/resend")
    assert (answer.status, answer.code) == (403, "from_not_allowed")


@pytest.mark.parametrize("body", [{}, {"send_at": None}, {"send_at": 5, "x": 1}, [], "x"])
async def test_a_reschedule_without_a_time_is_refused(alice: Caller, body: Any) -> None:
    message = await alice.sent()
    assert (await alice("PATCH", f"/v1/messages/{message}", body)).code == "invalid"


async def test_ids_are_read_with_and_without_their_prefix(alice: Caller) -> None:
    message = await alice.sent()
    bare = message.removeprefix("msg_")
    assert (await alice("GET", f"/v1/messages/{bare}")).json["id"] == message
