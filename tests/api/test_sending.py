"""`POST /v1/messages…`: one call, a batch, a MIME message, a check; the answer says what became of each."""

from __future__ import annotations

import asyncio
import base64
import json
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import pytest
from tests.doubles.native_house import Caller, NativeHouse, a_message

from sztafeta.account.api_key import Mode, Scope

POLISH = "Zażółć gęślą jaźń"
RAW = b"From: alice@example.com\r\nTo: bob@example.net\r\nSubject: Raw\r\n\r\nHi Bob\r\n"
MIME = {"Content-Type": "message/rfc822"}


async def source_of(alice: Caller, message: str) -> EmailMessage:
    answer = await alice("GET", f"/v1/messages/{message}/source")
    assert answer.headers["content-type"] == "message/rfc822"
    read = message_from_bytes(answer.content, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


# -- one call ------------------------------------------------------------------------------------


async def test_each_recipient_has_a_message_of_its_own(house: NativeHouse, alice: Caller) -> None:
    answer = await alice.send("bob@example.net", "Eve <eve@example.net>", tags=["order"])
    assert answer.status == 202
    assert answer.json["id"].startswith("sub_")
    assert answer.json["mode"] == "live"
    one, two = answer.json["messages"]
    assert one["id"] != two["id"]
    assert one["message_id"] != two["message_id"]
    assert [one["status"], two["status"]] == ["accepted", "accepted"]
    assert [one["to"], two["to"]] == ["bob@example.net", "eve@example.net"]
    assert len(house.store.letters) == 2, "on disk before the answer"


async def test_all_that_a_call_may_say_reaches_the_message(
    house: NativeHouse, alice: Caller
) -> None:
    message = await alice.sent(
        "bob@example.net",
        cc=[{"email": "carol@example.net", "name": "Carol"}],
        reply_to="help@example.com",
        html="<p>Hi <b>Bob</b> <img src='cid:logo'></p>",
        headers={"X-Order": "5"},
        metadata={"order": "5"},
        attachments=[
            {"filename": "a.txt", "content": base64.b64encode(b"file").decode()},
            {"filename": "l.png", "content": "AAAA", "content_id": "logo"},
        ],
        send_at="2026-01-03T00:00:00Z",
        expires_at="2026-01-04T00:00:00+01:00",
    )
    read = await source_of(alice, message)
    assert (read["Cc"], read["Reply-To"]) == ("Carol <carol@example.net>", "help@example.com")
    assert (read["X-Order"], read["Subject"]) == ("5", "Hello")
    assert [part.get_filename() for part in read.walk() if part.get_filename()] == [
        "l.png",
        "a.txt",
    ]
    seen = (await alice("GET", f"/v1/messages/{message}")).json
    assert seen["metadata"] == {"order": "5"}
    assert seen["expires_at"] == "2026-01-03T23:00:00Z"
    assert seen["to"][0]["next_attempt_at"] == "2026-01-03T00:00:00Z"


async def test_polish_text_makes_the_round_trip(house: NativeHouse, alice: Caller) -> None:
    """Issue 3, §6: subject, display name, file name, IDN domain."""
    message = await alice.sent(
        f"{POLISH} <jan@żółw.example>",
        from_={"email": "alice@example.com", "name": POLISH},
        subject=POLISH,
        text=POLISH,
        tags=["łąka"],
        metadata={"imię": POLISH},
        attachments=[{"filename": f"{POLISH}.txt", "content": "AAAA"}],
    )
    read = await source_of(alice, message)
    assert read["Subject"] == POLISH
    author, receiver = read["From"].addresses[0], read["To"].addresses[0]
    assert isinstance(author, Address)
    assert (author.display_name, receiver.display_name) == (POLISH, POLISH)
    assert receiver.domain == "xn--w-uga1v8h.example"
    assert [part.get_filename() for part in read.iter_attachments()] == [f"{POLISH}.txt"]
    assert read.get_body(("plain",)).get_content().strip() == POLISH  # type: ignore[union-attr]
    seen = (await alice("GET", f"/v1/messages/{message}")).json
    assert (seen["subject"], seen["tags"], seen["metadata"]) == (
        POLISH,
        ["łąka"],
        {"imię": POLISH},
    )


async def test_who_gets_nothing_stands_in_the_answer(house: NativeHouse, alice: Caller) -> None:
    """Issue 3, §1: suppressed or invalid recipients are never silently dropped."""
    await alice("POST", "/v1/suppressions", {"addresses": ["eve@example.net"]})
    answer = await alice.send("bob@example.net", "eve@example.net", "nobody")
    assert answer.status == 202
    told = {one["to"]: one for one in answer.json["messages"]}
    assert told["bob@example.net"]["status"] == "accepted"
    assert told["eve@example.net"]["status"] == "suppressed"
    assert (told["nobody"]["status"], told["nobody"]["id"]) == ("invalid", None)
    assert told["nobody"]["error"]["pointer"] == "/to/2"


async def test_a_call_whose_recipients_are_all_suppressed_is_on_record(alice: Caller) -> None:
    await alice("POST", "/v1/suppressions", {"addresses": ["eve@example.net"]})
    answer = await alice.send("eve@example.net")
    (told,) = answer.json["messages"]
    assert (answer.status, told["error"]["code"]) == (202, "recipient_suppressed")
    events = (await alice("GET", f"/v1/messages/{told['id']}/events")).json
    assert [one["type"] for one in events] == ["message.suppressed"]


async def test_all_faults_are_found_at_once(house: NativeHouse, alice: Caller) -> None:
    """Issue 3, §1: also the verb's, beside one another."""
    answer = await alice.send(
        "a@b> NOTIFY=NEVER",
        subject="a\r\nBcc: eve@example.net",
        reply_to="x",
        headers={"To": "y"},
        tags=["\x00"],
        metadata={"k": "v\r\n"},
        send_at="2030-01-01T00:00:00Z",
    )
    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.faults == {
        "/to/0": "invalid_address",
        "/subject": "invalid_subject",
        "/reply_to/0": "invalid_address",
        "/headers/To": "header_not_allowed",
        "/tags/0": "invalid_tag",
        "/metadata/k": "invalid_metadata",
        "/send_at": "invalid_send_at",
    }
    assert not house.store.letters


async def test_an_address_with_a_slip_is_told_beside_other_faults(alice: Caller) -> None:
    """Alone it would have been told in the answer, beside those that were accepted."""
    answer = await alice.send("bob@@example.net", "carol@example.net", subject="\x01", text=None)
    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.faults == {
        "/to/0": "invalid_address",
        "/subject": "invalid_subject",
        "/html": "no_content",
    }


async def test_faults_of_shape_hide_no_others(alice: Caller) -> None:
    """Issue 3, §1: all faults at once."""
    answer = await alice.send(
        "a@b> NOTIFY=NEVER",
        subject="\x01",
        metadata={"k": 5},
        reply_to="x",
        unknown=1,
        attachments=[{"filename": "a", "content": "%%%"}],
    )
    assert answer.faults == {
        "/to/0": "invalid_address",
        "/subject": "invalid_subject",
        "/metadata/k": "string_type",
        "/reply_to/0": "invalid_address",
        "/unknown": "extra_forbidden",
        "/attachments/0/content": "value_error",
    }
    assert answer.json["detail"] == "6 value(s) of the call cannot be used."


@pytest.mark.parametrize("left_out", ["from_", "to"])
async def test_what_is_spoiled_is_told_once(alice: Caller, left_out: str) -> None:
    answer = await alice.send(**{left_out: 5}, headers={"Bcc": "x"})
    assert set(answer.faults) == {f"/{left_out.strip('_')}", "/headers/Bcc"}


async def test_a_template_that_is_unknown_is_told_beside_other_faults(alice: Caller) -> None:
    answer = await alice.send(text=None, template={"id": "nope"}, tags=["\x00"])
    assert answer.faults == {"/tags/0": "invalid_tag", "/template": "template_unknown"}


async def test_faults_of_one_recipient_are_pointed_at_where_they_stand(alice: Caller) -> None:
    recipient = {"to": "bob@example.net", "data": {"a": 2**70}, "metadata": {"k": "v\r\n"}}
    answer = await alice.send(to=None, recipients=[recipient])
    assert set(answer.faults) == {"/recipients/0/data", "/recipients/0/metadata/k"}


@pytest.mark.parametrize(
    "name",
    [
        "X-Tag",
        "X-Metadata-order",
        "X-Send-At",
        "X-Template-Data",
        "Idempotency-Key",
        "Authentication-Results",
    ],
)
async def test_fields_that_speak_to_us_are_not_a_callers_own(alice: Caller, name: str) -> None:
    """S-42: they would be obeyed when the message is sent again, or believed by its receiver."""
    answer = await alice.send(headers={name: "2030"})
    assert answer.faults == {f"/headers/{name}": "header_not_allowed"}


@pytest.mark.parametrize("to", ["bob@example.net\r\n", "\nBob <bob@example.net>"])
async def test_a_line_break_around_an_address_is_a_fault(alice: Caller, to: str) -> None:
    """S-43."""
    answer = await alice.send(to)
    assert (answer.status, set(answer.faults)) == (422, {"/to/0"})


@pytest.mark.parametrize("data", ["NaN", "-Infinity"])
async def test_numbers_that_are_not_json_are_refused(alice: Caller, data: str) -> None:
    """W-19, RFC 8259 §6."""
    call = json.dumps(a_message(data={"n": 0})).replace('"n": 0', f'"n": {data}')
    answer = await alice("POST", "/v1/messages", content=call.encode())
    assert answer.faults == {"/data": "invalid_data"}


async def test_a_thousand_variables_are_enough(alice: Caller) -> None:
    """W-19: wherever they stand."""
    inside = {str(one): one for one in range(999)}
    assert (await alice.send(data={"all": inside})).status == 202
    answer = await alice.send(data={"all": [inside], "more": 1})
    assert answer.faults == {"/data": "invalid_data"}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"to": 5}, "/to"),
        ({"to": ["bob@example.net", 5]}, "/to/1"),
        ({"from_": None, "sender": "a@example.com"}, "/sender"),
        ({"send_at": "tomorrow"}, "/send_at"),
        ({"send_at": "2026-01-02T03:04:05"}, "/send_at"),
        ({"attachments": [{"filename": "a", "content": "%%%"}]}, "/attachments/0/content"),
        ({"metadata": {"k": 5}}, "/metadata/k"),
        ({"recipients": [{"to": "x@example.net", "dat": {}}]}, "/recipients/0/dat"),
    ],
)
async def test_a_wrong_shape_is_pointed_at(
    alice: Caller, changes: dict[str, Any], pointer: str
) -> None:
    answer = await alice.send(**changes)
    assert (answer.status, answer.code) == (422, "invalid")
    assert pointer in answer.faults


@pytest.mark.parametrize("content", [b"{", b"", b"[", b"\xff\xfe", b'{"a":\x00}', b"nul"])
async def test_what_is_no_json_is_said_to_be_none(alice: Caller, content: bytes) -> None:
    answer = await alice(
        "POST", "/v1/messages", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status, answer.code) == (400, "malformed_body")


@pytest.mark.parametrize("content", [b"[]", b"5", b'"text"', b"null", b"true"])
async def test_json_that_is_no_object_is_refused(alice: Caller, content: bytes) -> None:
    answer = await alice("POST", "/v1/messages", content=content)
    assert (answer.status, answer.code) == (422, "invalid")


async def test_another_media_type_is_refused(alice: Caller) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await alice("POST", "/v1/messages", content=b"to=bob", headers=form)
    assert (answer.status, answer.code) == (415, "unsupported_media")


async def test_an_author_of_a_foreign_domain_is_refused(alice: Caller) -> None:
    """S-40, at this door too."""
    answer = await alice.send(from_="alice@example.org")
    assert answer.faults == {"/from": "from_not_allowed"}


# -- nothing is stored ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/messages/validate", "/v1/messages"])
async def test_a_check_says_all_and_stores_nothing(
    house: NativeHouse, alice: Caller, path: str
) -> None:
    """Issue 3, §1: validate and dry_run."""
    headers = {"Idempotency-Key": "k"}
    answer = await alice("POST", path, a_message(dry_run=True), headers=headers)
    assert (answer.status, answer.json["messages"][0]["status"]) == (200, "accepted")
    wrong = await alice("POST", path, a_message("a b", subject="\x01", dry_run=True))
    assert set(wrong.faults) == {"/to/0", "/subject"}
    assert not house.store.letters
    assert (await alice("GET", "/v1/messages")).json["data"] == []
    real = await alice("POST", "/v1/messages", a_message(), headers=headers)
    assert real.status == 202, "a check takes no idempotency key"


# -- sizes ---------------------------------------------------------------------------------------


async def test_a_message_is_refused_by_its_size_on_the_wire(alice: Caller) -> None:
    """Issue 3, §5: both numbers, and what e-mail coding adds; the call itself is not too large."""
    content = base64.b64encode(bytes(8_000_000)).decode()
    answer = await alice.send(attachments=[{"filename": "a.bin", "content": content}])
    assert (answer.status, answer.code) == (413, "message_too_large")
    detail = answer.json["detail"]
    assert "10.9 MB as e-mail, 10.0 MB are allowed" in detail
    assert "8.0 MB as files" in detail
    assert "37 %" in detail


# -- idempotency ---------------------------------------------------------------------------------


async def test_the_same_call_again_gets_the_stored_answer(
    house: NativeHouse, alice: Caller
) -> None:
    """R-13: same key and body."""
    once = {"Idempotency-Key": "order-5"}
    first = await alice("POST", "/v1/messages", a_message(), headers=once)
    again = await alice("POST", "/v1/messages", a_message(), headers=once)
    assert (again.status, again.content) == (first.status, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(house.store.letters) == 1


async def test_a_key_counts_within_its_mode_and_account(house: NativeHouse, alice: Caller) -> None:
    """P5: a live call never gets the answer of a test, and nobody that of another account."""
    once = {"Idempotency-Key": "order-5"}
    first = await alice("POST", "/v1/messages", a_message(), headers=once)
    tester = Caller(house, await house.key(mode=Mode.TEST))
    tried = await tester("POST", "/v1/messages", a_message(), headers=once)
    assert (first.status, tried.status) == (202, 202)
    assert (first.json["mode"], tried.json["mode"]) == ("live", "test")
    assert first.json["id"] != tried.json["id"]


async def test_another_body_with_the_same_key_is_refused(house: NativeHouse, alice: Caller) -> None:
    """R-13: same key, other body."""
    once = {"Idempotency-Key": "order-5"}
    await alice("POST", "/v1/messages", a_message(), headers=once)
    other = await alice("POST", "/v1/messages", a_message("eve@example.net"), headers=once)
    assert (other.status, other.code) == (422, "idempotency_mismatch")
    assert len(house.store.letters) == 1


async def test_a_refusal_takes_no_key(alice: Caller) -> None:
    """What was refused can be mended and sent again with the same key."""
    once = {"Idempotency-Key": "order-5"}
    wrong = await alice("POST", "/v1/messages", a_message("a b"), headers=once)
    assert wrong.status == 422
    right = await alice("POST", "/v1/messages", a_message(), headers=once)
    assert right.status == 202


async def test_two_at_once_make_one_message(house: NativeHouse, alice: Caller) -> None:
    """R-13: concurrent: one 202 and the same 202, or 409."""
    once = {"Idempotency-Key": "order-5"}
    answers = await asyncio.gather(
        *(alice("POST", "/v1/messages", a_message(), headers=once) for _ in range(8))
    )
    good = [one for one in answers if one.status == 202]
    assert good
    assert {one.content for one in good} == {good[0].content}
    assert all(one.code == "idempotency_in_progress" for one in answers if one.status != 202)
    assert len(house.store.letters) == 1


async def test_a_key_is_of_one_customer_and_one_address(
    house: NativeHouse, alice: Caller, charlie: Caller
) -> None:
    once = {"Idempotency-Key": "order-5"}
    await alice("POST", "/v1/messages", a_message(), headers=once)
    call = a_message(from_="charlie@example.org")
    assert (await charlie("POST", "/v1/messages", call, headers=once)).status == 202
    batch = await alice("POST", "/v1/messages/batch", {"messages": [a_message()]}, headers=once)
    assert batch.status == 200


@pytest.mark.parametrize("key", ["k" * 257, "a\tb"])
async def test_a_key_that_cannot_be_one_is_refused(alice: Caller, key: str) -> None:
    answer = await alice("POST", "/v1/messages", a_message(), headers={"Idempotency-Key": key})
    assert (answer.status, answer.code) == (422, "invalid")


# -- a batch -------------------------------------------------------------------------------------


async def test_a_batch_answers_each_call_in_its_place(house: NativeHouse, alice: Caller) -> None:
    """Issue 3, §1: a bad item in the middle fails nobody else."""
    calls: list[Any] = [
        a_message(),
        a_message("a b c"),
        {"to": "bob@example.net"},
        7,
        a_message(from_="x@example.org"),
        a_message("eve@example.net"),
    ]
    answer = await alice("POST", "/v1/messages/batch", {"messages": calls})
    assert answer.status == 200
    results = answer.json["data"]
    assert [one["status"] for one in results] == [202, 422, 422, 422, 403, 202]
    assert results[0]["messages"][0]["to"] == "bob@example.net"
    assert results[5]["messages"][0]["to"] == "eve@example.net"
    assert results[1]["error"]["errors"][0]["pointer"] == "/to/0"
    assert results[2]["error"]["code"] == "invalid"
    assert len(house.store.letters) == 2


async def test_a_batch_is_repeated_as_a_whole(house: NativeHouse, alice: Caller) -> None:
    once = {"Idempotency-Key": "batch-5"}
    calls = {"messages": [a_message(), a_message("a b")]}
    first = await alice("POST", "/v1/messages/batch", calls, headers=once)
    again = await alice("POST", "/v1/messages/batch", calls, headers=once)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert len(house.store.letters) == 1


@pytest.mark.parametrize("calls", [[], [a_message()] * 501])
async def test_a_batch_has_one_to_500_calls(alice: Caller, calls: list[Any]) -> None:
    answer = await alice("POST", "/v1/messages/batch", {"messages": calls})
    assert list(answer.faults) == ["/messages"]


async def test_a_dry_run_within_a_batch_is_a_check(house: NativeHouse, alice: Caller) -> None:
    """`dry_run` never sends, wherever it stands."""
    calls = {"messages": [a_message(), a_message(dry_run=True)]}
    answer = await alice("POST", "/v1/messages/batch", calls)
    assert [one["status"] for one in answer.json["data"]] == [202, 422]
    assert answer.json["data"][1]["error"]["errors"][0]["pointer"] == "/dry_run"
    assert len(house.store.letters) == 1


# -- a MIME message ------------------------------------------------------------------------------


async def test_a_mime_message_is_sent_as_smtp_would_take_it(
    house: NativeHouse, alice: Caller
) -> None:
    path = "/v1/messages/raw?from=alice@example.com&to=bob@example.net&to=eve@example.net"
    answer = await alice("POST", path, content=RAW, headers=MIME)
    assert answer.status == 202, answer.content
    assert [one["to"] for one in answer.json["messages"]] == ["bob@example.net", "eve@example.net"]
    read = await source_of(alice, answer.json["messages"][0]["id"])
    assert (read["Subject"], read["From"]) == ("Raw", "alice@example.com")


@pytest.mark.parametrize(
    ("query", "content", "headers", "code"),
    [
        ("from=alice@example.com&to=bob@example.net", RAW, {"Content-Type": "text/plain"}, 415),
        ("from=alice@example.com", RAW, MIME, 422),
        ("to=bob@example.net", RAW, MIME, 422),
        ("from=alice@example.org&to=bob@example.net", RAW, MIME, 403),
        ("from=alice@example.com&to=a%3E%20NOTIFY=NEVER", RAW, MIME, 422),
        ("from=alice@example.com&to=bob@example.net", RAW.replace(b"\r\n", b"\n"), MIME, 202),
        ("from=alice@example.com&to=bob@example.net", RAW.replace(b"\r\n\r", b"\n\r"), MIME, 422),
        ("from=alice@example.com&to=bob@example.net", b"From: x@example.org\r\n\r\n", MIME, 403),
    ],
)
async def test_what_smtp_would_refuse_is_refused(
    alice: Caller, query: str, content: bytes, headers: dict[str, str], code: int
) -> None:
    answer = await alice("POST", f"/v1/messages/raw?{query}", content=content, headers=headers)
    assert answer.status == code, answer.content


async def test_sending_needs_only_the_scope_to_send(house: NativeHouse) -> None:
    sender = Caller(house, await house.key(Scope.SEND))
    assert (await sender.send()).status == 202
    assert (await sender("GET", "/v1/messages")).code == "scope_missing"
