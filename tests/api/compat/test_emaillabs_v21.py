"""EmailLabs v2.1: JSON of its clients in, its envelope out (emaillabs.md §2)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.api.compat.test_emaillabs_v1_sending import parsed
from tests.doubles.api_house import ALICES_OTHER, CHARLIE, Answer, ApiHouse

from sztafeta.account.api_key import Scope
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.service.ports import NewMessage

SEND = {
    "subject": "Hello",
    "smtpAccount": "1.alice.smtp",
    "from": {"email": "shop@example.com", "name": "Shop"},
    "to": [{"email": "basia@example.net", "name": "Basia", "messageId": "b1@example.com"}],
    "content": {"html": "<p>Hi</p>"},
}
REDLINK = json.dumps(
    SEND
    | {
        "to": [{**SEND["to"][0], "vars": []}],  # type: ignore[dict-item]
        "headers": [],
        "globalVars": [],
        "cc": None,
        "tags": None,
        "attachments": [],
    }
)
"""As PHP writes it: empty maps are `[]`."""


async def ask(
    house: ApiHouse, method: str, target: str, body: Any = None, *, key: str = ""
) -> Answer:
    octets = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    headers = {
        "Application-Key": "any",
        "Authorization": key or await house.key_text(),
        "Content-Type": "application/json",
    }
    return await house.ask(method, f"/v2.1/{target}", headers, octets)


async def sent(house: ApiHouse, **changes: Any) -> list[NewMessage]:
    """Send what must be accepted; give the messages in their order."""
    answer = await ask(house, "POST", "email", SEND | changes)
    assert answer.status == 200, answer.body
    return [message for _, (message, _) in sorted(house.store.letters.items())]


async def send_to(house: ApiHouse, *addresses: str, key: str = "", **changes: Any) -> Answer:
    body = SEND | {"to": [{"email": one} for one in addresses]} | changes
    return await ask(house, "POST", "email", body, key=key)


# -- sending --------------------------------------------------------------------------------------


async def test_a_recipient_is_answered_with_a_row(house: ApiHouse) -> None:
    """§2.3: `to` as an object."""
    answer = await ask(house, "POST", "email", SEND)
    told = answer.json
    assert answer.headers["content-type"] == "application/json"
    assert told["data"] == [
        {
            "subject": "Hello",
            "smtpAccount": "1.alice.smtp",
            "to": {"email": "basia@example.net", "name": "Basia", "messageId": "b1@example.com"},
            "status": "sent",
        }
    ]
    unique = told["meta"].pop("uniqId")
    assert told["meta"] == {"numberOfErrors": 0, "numberOfData": 1, "status": 200}
    assert len(unique) == 10
    assert told["errors"] == []


async def test_what_php_writes_for_empty_maps_is_read(house: ApiHouse) -> None:
    answer = await ask(house, "POST", "email", REDLINK)
    assert answer.status == 200, answer.body


async def test_some_bad_recipients_are_207_and_only_bad_ones_400(house: ApiHouse) -> None:
    answer = await send_to(house, "bob@example.net", "A <a@a.tld>")
    assert (answer.status, answer.json["meta"]["status"]) == (207, 207)
    (error,) = answer.json["errors"]
    assert error["meta"] == {"parameter": "to.1.email", "value": "A <a@a.tld>", "source": "body"}
    assert [row["to"]["email"] for row in answer.json["data"]] == ["bob@example.net"]
    assert len(house.store.letters) == 1
    answer = await send_to(house, "nobody")
    assert (answer.status, len(house.store.letters)) == (400, 1)


async def test_a_suppressed_recipient_is_dropped(house: ApiHouse) -> None:
    await house.office.suppress("bob@example.net")
    answer = await send_to(house, "bob@example.net", "eve@example.net")
    assert [row["status"] for row in answer.json["data"]] == ["dropped", "sent"]


@pytest.mark.parametrize("is_list", [True, False])
async def test_reply_to_is_an_object_or_a_list(house: ApiHouse, is_list: bool) -> None:
    person = {"email": "r@example.com", "name": "Help"}
    (message,) = await sent(house, replyTo=[person] if is_list else person)
    assert parsed(message)["Reply-To"] == "Help <r@example.com>"


async def test_variables_tags_headers_copies_and_files_arrive(house: ApiHouse) -> None:
    basia, _ = await sent(
        house,
        subject="Dear {{ name }}",
        content={"html": "<p>{{ shop }}</p>", "text": None},
        globalVars={"shop": "Zażółć", "name": "Basia"},
        to=[{"email": "basia@example.net"}],
        cc=[{"email": "carol@example.net", "name": "Carol"}],
        headers={"X-TRACKING-OFF": 1, "X-Order": "7"},
        tags=["a"],
        attachments=[{"fileNames": "a.txt", "fileMime": "text/plain", "fileContent": "aGk="}],
    )
    mail = parsed(basia)
    assert (mail["Subject"], mail["Cc"]) == ("Dear Basia", "Carol <carol@example.net>")
    assert (mail["X-Order"], mail["X-TRACKING-OFF"]) == ("7", None)
    html = mail.get_body(("html",))
    assert html is not None
    assert "Zażółć" in html.get_content()
    (file,) = mail.iter_attachments()
    assert file.get_filename() == "a.txt"
    assert basia.tags == ("a",)


@pytest.mark.parametrize("template_id", ["5", 5])
async def test_a_template_is_named_by_text_or_number(
    house: ApiHouse, template_id: str | int
) -> None:
    """§2.3: the Symfony bridge casts it to a number, and sends a body beside it."""
    template = {"html": "<p>{{ name }}</p>", "name": "five", "externalId": "5"}
    assert (await ask(house, "POST", "email/template", template)).status == 200
    to = [{"email": "basia@example.net", "vars": {"name": "Basia"}}]
    content = {"html": "<p>fallback</p>", "templateId": template_id}
    (message,) = await sent(house, to=to, content=content, subject="For {{ name }}")
    assert parsed(message)["Subject"] == "For Basia"
    assert b"<p>Basia</p>" in b"".join(message.content.blocks())


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({**SEND, "to": []}, "to"),
        ({**SEND, "to": [{"email": f"{n}@example.net"} for n in range(201)]}, "to"),
        ({**SEND, "from": {}}, "from.email"),
        ({**SEND, "subject": ""}, "subject"),
        ({key: value for key, value in SEND.items() if key != "smtpAccount"}, "smtpAccount"),
    ],
)
async def test_a_body_of_another_shape_is_400_and_says_where(
    house: ApiHouse, body: Any, parameter: str
) -> None:
    answer = await ask(house, "POST", "email", body)
    assert answer.status == 400
    assert [one["meta"]["parameter"] for one in answer.json["errors"]] == [parameter]
    assert not house.store.letters


@pytest.mark.parametrize("body", [None, "", '{"subject":'])
async def test_an_empty_or_torn_body_is_an_empty_request(house: ApiHouse, body: Any) -> None:
    answer = await ask(house, "POST", "email", body)
    assert answer.status == 400
    assert answer.json["errors"][0]["message"].startswith("Empty request")


async def test_a_foreign_sender_domain_is_not_authorized(house: ApiHouse) -> None:
    """§2.1: clients look for these words."""
    answer = await send_to(house, "b@example.net", **{"from": {"email": "a@example.org"}})
    assert answer.status == 400
    assert "is not authorized" in answer.json["errors"][0]["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"smtpAccount": CHARLIE},
        {"smtpAccount": "1.nobody.smtp"},
        {"content": {}},
        {"subject": "a\r\nBcc: x@example.net"},
        {"attachments": [{"fileName": "a", "fileContent": "*"}]},
    ],
)
async def test_what_cannot_be_sent_is_400(house: ApiHouse, change: dict[str, Any]) -> None:
    answer = await ask(house, "POST", "email", SEND | change)
    assert (answer.status, answer.json["meta"]["numberOfData"]) == (400, 0)
    assert answer.json["errors"]
    assert not house.store.letters


async def test_a_key_without_the_scope_is_401(house: ApiHouse) -> None:
    key = await house.key_text(scopes=frozenset({Scope.READ}))
    answer = await ask(house, "POST", "email", SEND, key=key)
    assert (answer.status, answer.json["errors"][0]["code"]) == (401, "scope_missing")


# -- what became of it ----------------------------------------------------------------------------


async def test_a_status_row_tells_all_statuses(house: ApiHouse) -> None:
    await sent(house, tags=["a"])
    house.settle("basia@example.net", State.QUEUED, EventKind.DEFERRED, reply="451 later")
    house.settle("basia@example.net", State.DELIVERED, EventKind.DELIVERED, reply="250 OK")
    (row,) = (await ask(house, "GET", "email?messageId=b1@example.com")).json["data"]
    assert row["to"]["messageId"] == "b1@example.com"
    assert row["from"]["email"] == "shop@example.com"
    assert (row["status"], row["statusDesc"], row["tags"]) == ("ok", "250 OK", ["a"])
    assert row["statusTime"] == 1767323045 + 120
    assert [one["status"] for one in row["allStatuses"]] == ["injected", "deferred", "ok"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["dan", "carol", "bob"]),
        ("limit=1&offset=1", ["carol"]),
        ("to=bob@example.net", ["bob"]),
        ("to=nonsense", []),
        ("smtpAccount=2.alice.smtp", ["dan"]),
        ("smtpAccount=1.charlie.smtp", []),
        ("messageId=nobody@example.com", []),
    ],
)
async def test_statuses_are_narrowed_and_no_row_is_404(
    house: ApiHouse, query: str, found: list[str]
) -> None:
    await send_to(house, "bob@example.net", "carol@example.net")
    await send_to(house, "dan@example.net", smtpAccount=ALICES_OTHER)
    answer = await ask(house, "GET", f"email?{query}")
    assert answer.status == (200 if found else 404)
    assert [row["to"]["email"].partition("@")[0] for row in answer.json["data"]] == found


@pytest.mark.parametrize("query", ["limit=1001", "limit=0", "limit=x", "offset=-1"])
async def test_a_page_out_of_bounds_is_400(house: ApiHouse, query: str) -> None:
    assert (await ask(house, "GET", f"email?{query}")).status == 400


@pytest.mark.parametrize("resource", ["open", "click"])
async def test_nothing_is_tracked(house: ApiHouse, resource: str) -> None:
    await sent(house)
    target = f"email/{resource}?smtpAccount=1.alice.smtp&dateFrom=1&dateTo=2026-01-02"
    assert (await ask(house, "GET", target)).status == 404
    assert (await ask(house, "GET", f"email/{resource}?dateFrom=soon")).status == 400


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_accounts_and_reasons_are_asked_for_in_two_ways(house: ApiHouse, method: str) -> None:
    rows = (await ask(house, method, "email/smtpAccount")).json["data"]
    assert [one["smtpAccount"] for one in rows] == ["1.alice.smtp", "2.alice.smtp"]
    reasons = (await ask(house, method, "email/blacklist/reason")).json["data"]
    assert reasons == ["hardbounce", "spam_complaint", "unsubscribe", "other"]


# -- templates ------------------------------------------------------------------------------------


async def test_templates_are_added_listed_and_deleted(house: ApiHouse) -> None:
    for name in ("one", "two", "three"):
        body = {"html": f"<p>{name}</p>", "text": name, "name": name, "externalId": name}
        assert (await ask(house, "POST", "email/template", body)).status == 200
    row, last = (await ask(house, "GET", "email/template?limit=2&offset=1")).json["data"]
    assert row == {
        "createdAt": "2026-01-02 04:04:05",
        "html": "<p>two</p>",
        "text": "two",
        "name": "two",
        "externalId": "two",
        "smtpAccount": "1.alice.smtp",
    }
    assert last["externalId"] == "three"
    answer = await ask(house, "DELETE", "email/template", {"externalId": ["one", "four"]})
    assert (answer.status, answer.json["data"]) == (207, [{"externalId": "one"}])
    assert (await ask(house, "GET", "email/template?externalId=one")).status == 404
    assert (await ask(house, "GET", "email/template?externalId=two")).status == 200


async def test_an_external_id_is_taken_once(house: ApiHouse) -> None:
    body = {"html": "x", "externalId": "one"}
    await ask(house, "POST", "email/template", body)
    answer = await ask(house, "POST", "email/template", body)
    assert (answer.status, answer.json["errors"][0]["code"]) == (400, "already_there")
    assert (await ask(house, "POST", "email/template", {"name": "x"})).status == 400


# -- blacklist ------------------------------------------------------------------------------------


async def test_addresses_are_blacklisted_listed_and_removed(house: ApiHouse) -> None:
    for name in ("bob", "eve"):
        body = {"email": f"{name}@example.net", "smtpAccount": "1.alice.smtp", "reason": "other"}
        assert (await ask(house, "POST", "email/blacklist", body)).status == 200
        house.clock.advance(timedelta(minutes=1))
    eve, _ = (await ask(house, "GET", "email/blacklist")).json["data"]
    assert (eve["email"], eve["reason"], eve["source"]) == ("eve@example.net", "other", "API")
    body = {"id": ["eve@example.net", "stranger@example.net", "x"]}
    answer = await ask(house, "DELETE", "email/blacklist/1.alice.smtp", body)
    assert (answer.status, answer.json["data"]) == (207, [{"id": "eve@example.net"}])
    assert answer.json["meta"]["numberOfErrors"] == 2
    rows = (await ask(house, "GET", "email/blacklist?limit=5")).json["data"]
    assert [one["email"] for one in rows] == ["bob@example.net"]


@pytest.mark.parametrize(
    "change", [{"reason": "fancy"}, {"email": "x"}, {"smtpAccount": CHARLIE}, {"email": None}]
)
async def test_an_entry_that_cannot_be_kept_is_400(house: ApiHouse, change: dict[str, Any]) -> None:
    body = {"email": "b@example.net", "smtpAccount": "1.alice.smtp", "reason": "other"}
    assert (await ask(house, "POST", "email/blacklist", body | change)).status == 400


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("rest", ["", "/1.alice.smtp"])
async def test_domain_blacklists_are_said_not_to_be_supported(
    house: ApiHouse, method: str, rest: str
) -> None:
    answer = await ask(house, method, f"email/domain/blacklist{rest}", {"domain": "x"})
    assert answer.status == 400
    (error,) = answer.json["errors"]
    assert (error["title"], error["code"]) == ("Not supported", "not_supported")
    assert "not supported" in error["message"]


# -- whose ----------------------------------------------------------------------------------------


async def test_nothing_of_another_customer_ever_appears(house: ApiHouse) -> None:
    """S-60"""
    await sent(house)
    template = {"html": "alices", "externalId": "alices"}
    await ask(house, "POST", "email/template", template)
    entry = {"email": "enemy@example.net", "smtpAccount": "1.alice.smtp", "reason": "other"}
    await ask(house, "POST", "email/blacklist", entry)
    charlie = await house.key_text(CHARLIE)
    targets = [
        *("email", "email?smtpAccount=1.alice.smtp", "email?messageId=b1@example.com"),
        *("email/template", "email/template?externalId=alices", "email/blacklist"),
        *("email/smtpAccount",),
    ]
    for target in targets:
        body = (await ask(house, "GET", target, key=charlie)).body
        assert not any(word in body for word in (b"alice", b"basia", b"enemy", b"example.com"))
    calls: list[tuple[str, Any]] = [
        ("email/template", {"externalId": ["alices"]}),
        ("email/blacklist/1.charlie.smtp", {"id": ["enemy@example.net"]}),
        ("email/blacklist/1.alice.smtp", {"id": ["enemy@example.net"]}),
    ]
    for target, body in calls:
        assert (await ask(house, "DELETE", target, body, key=charlie)).status == 400
    assert (await ask(house, "GET", "email/template")).status == 200
    assert (await ask(house, "GET", "email/blacklist")).status == 200
