"""`/v1/templates`: drafts, versions, publishing, rolling back, previews; calls that send variables."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

import pytest
from tests.doubles.native_house import Caller, NativeHouse, a_message

from sztafeta.account.api_key import Scope

ORDER = {
    "name": "Order paid",
    "external_id": "order-paid",
    "subject": "Zamówienie {{ order }}",
    "html": "<p>Cześć {{ name }}</p>",
}


@pytest.fixture
async def order(alice: Caller) -> str:
    made = await alice("POST", "/v1/templates", ORDER)
    assert made.status == 201, made.content
    return str(made.json["id"])


def with_template(**template: Any) -> dict[str, Any]:
    return a_message(subject=None, text=None, template={"id": "order-paid", **template})


async def test_a_template_begins_as_a_draft(alice: Caller, order: str) -> None:
    seen = (await alice("GET", "/v1/templates/order-paid")).json
    assert (seen["id"], seen["live_version"], seen["newest_version"]) == (order, None, 1)
    assert seen["version"]["is_draft"]
    assert (await alice("GET", f"/v1/templates/{order}")).json == seen
    refused = await alice("POST", "/v1/messages", with_template())
    assert (refused.status, refused.code) == (422, "template_unknown")


async def test_a_published_template_is_sent_with_each_recipients_variables(
    alice: Caller, order: str
) -> None:
    published = await alice("POST", f"/v1/templates/{order}/publish")
    assert (published.json["live_version"], published.json["version"]["is_draft"]) == (1, False)
    call = with_template(data={"order": 5}) | {
        "to": [],
        "recipients": [
            {"to": "anna@example.net", "data": {"name": "Anna"}},
            {"to": "jan@example.net", "data": {"name": "Jan"}, "metadata": {"nr": "2"}},
        ],
    }
    answer = await alice("POST", "/v1/messages", call)
    assert answer.status == 202, answer.content
    texts = []
    for one in answer.json["messages"]:
        source = await alice("GET", f"/v1/messages/{one['id']}/source")
        read = message_from_bytes(source.content, policy=policy.default)
        assert read["Subject"] == "Zamówienie 5"
        texts.append(read.get_body(("html",)).get_content().strip())  # type: ignore[attr-defined]
    assert texts == ["<p>Cześć Anna</p>", "<p>Cześć Jan</p>"]


async def test_missing_variables_are_named(alice: Caller, order: str) -> None:
    """Issue 3, §3."""
    await alice("POST", f"/v1/templates/{order}/publish")
    answer = await alice("POST", "/v1/messages", with_template(data={"order": 5}))
    assert (answer.status, answer.code) == (422, "template_variable_missing")
    assert "name" in str(answer.json["errors"])


async def test_each_missing_variable_has_its_part_and_line(alice: Caller, order: str) -> None:
    """Issue 3, §3: those of all parts, at the sender's and at the author's."""
    source = {
        "subject": "{{ order }}",
        "html": "<p>\n{{ name }}\n{{ city }}</p>",
        "text": "{{ x }}",
    }
    await alice("PATCH", f"/v1/templates/{order}", {"source": source})
    lacking = await alice("POST", f"/v1/templates/{order}/render", {"data": {"order": 5}})
    assert {one["pointer"]: one["detail"] for one in lacking.json["errors"]} == {
        "/data/city": "The html (line 3) needs it.",
        "/data/name": "The html (line 2) needs it.",
        "/data/x": "The text (line 1) needs it.",
    }
    await alice("POST", f"/v1/templates/{order}/publish")
    refused = await alice("POST", "/v1/messages", with_template())
    assert set(refused.faults) == {"/data/order", "/data/name", "/data/city", "/data/x"}
    assert "(line 1) needs x" in str(refused.json["errors"])
    wrong = await alice("POST", "/v1/messages", with_template(data={"order": 5}) | {"tags": ["\0"]})
    assert set(wrong.faults) == {"/tags/0", "/data/name", "/data/city", "/data/x"}


async def test_a_template_may_leave_missing_variables_blank(alice: Caller, order: str) -> None:
    changed = await alice("PATCH", f"/v1/templates/{order}", {"missing": "blank"})
    assert changed.json["missing"] == "blank"
    await alice("POST", f"/v1/templates/{order}/publish")
    assert (await alice("POST", "/v1/messages", with_template())).status == 202


async def test_a_change_is_a_draft_and_an_older_version_rolls_back(
    alice: Caller, order: str
) -> None:
    await alice("POST", f"/v1/templates/{order}/publish")
    changed = await alice("PATCH", f"/v1/templates/{order}", {"source": {"html": "<p>2</p>"}})
    assert (changed.json["live_version"], changed.json["newest_version"]) == (1, 2)
    await alice("POST", f"/v1/templates/{order}/publish")
    versions = (await alice("GET", f"/v1/templates/{order}/versions")).json
    assert [one["version"] for one in versions] == [2, 1]
    back = await alice("POST", f"/v1/templates/{order}/publish", {"version": 1})
    assert (back.json["live_version"], back.json["newest_version"]) == (1, 2)
    old = await alice("GET", f"/v1/templates/{order}?version=1")
    assert old.json["version"]["html"] == ORDER["html"]


async def test_a_preview_sends_nothing(house: NativeHouse, alice: Caller, order: str) -> None:
    data = {"data": {"order": 5, "name": "Anna"}}
    shown = (await alice("POST", f"/v1/templates/{order}/render", data)).json
    assert (shown["subject"], shown["html"]) == ("Zamówienie 5", "<p>Cześć Anna</p>")
    assert shown["variables"] == ["name", "order"]
    lacking = await alice("POST", f"/v1/templates/{order}/render", {"data": {}})
    assert lacking.code == "template_variable_missing"
    assert not house.store.letters


async def test_a_draft_can_be_sent_as_a_test(house: NativeHouse, alice: Caller, order: str) -> None:
    wish = {"from": "Alice <alice@example.com>", "to": "bob@example.net", "data": {"order": 5}}
    path = f"/v1/templates/{order}/send-test"
    assert (await alice("POST", path, wish)).code == "template_variable_missing"
    wish["data"] = {"order": 5, "name": "Bob"}
    answer = await alice("POST", path, wish)
    assert (answer.status, answer.json["messages"][0]["to"]) == (202, "bob@example.net")
    (message, _) = next(iter(house.store.letters.values()))
    assert (message.subject, message.tags) == ("Zamówienie 5", ("template-test",))


async def test_a_test_is_sent_by_the_rules_of_all_mail(alice: Caller, order: str) -> None:
    data = {"order": "5\r\nBcc: eve@example.net", "name": "Bob"}
    wish = {"from": "alice@example.com", "to": "bob@example.net", "data": data}
    answer = await alice("POST", f"/v1/templates/{order}/send-test", wish)
    assert answer.faults == {"/subject": "invalid_subject"}
    wish = {"from": "alice@example.org", "to": "bob@example.net", "data": {**data, "order": 5}}
    assert (await alice("POST", f"/v1/templates/{order}/send-test", wish)).status == 403


async def test_names_are_taken_once(alice: Caller, charlie: Caller, order: str) -> None:
    again = await alice("POST", "/v1/templates", ORDER)
    assert (again.status, again.code) == (409, "already_there")
    assert (await charlie("POST", "/v1/templates", ORDER)).status == 201
    other = (await alice("POST", "/v1/templates", ORDER | {"external_id": "other"})).json["id"]
    taken = await alice("PATCH", f"/v1/templates/{other}", {"external_id": "order-paid"})
    assert taken.code == "already_there"


async def test_a_deleted_template_is_gone(alice: Caller, order: str) -> None:
    assert (await alice("DELETE", f"/v1/templates/{order}")).status == 204
    assert (await alice("GET", f"/v1/templates/{order}")).status == 404
    assert (await alice("DELETE", f"/v1/templates/{order}")).status == 404


async def test_templates_are_listed_page_by_page(alice: Caller) -> None:
    for number in range(3):
        await alice("POST", "/v1/templates", ORDER | {"external_id": f"t{number}"})
    first = (await alice("GET", "/v1/templates?limit=2")).json
    rest = (await alice("GET", f"/v1/templates?limit=2&after={first['next']}")).json
    names = [one["external_id"] for one in first["data"] + rest["data"]]
    assert (names, rest["has_more"]) == (["t0", "t1", "t2"], False)
    assert (await alice("GET", "/v1/templates?after=bm9uc2Vuc2U")).code == "invalid"


async def test_a_template_that_cannot_be_read_is_pointed_at(alice: Caller) -> None:
    wish = ORDER | {"html": "<p>{% if </p>"}
    answer = await alice("POST", "/v1/templates", wish)
    if answer.status == 201:  # a draft may be unfinished; to publish it, it must be whole
        answer = await alice("POST", "/v1/templates/order-paid/publish")
    assert (answer.status, answer.code) == (422, "template_invalid")
    assert answer.json["errors"][0]["pointer"].startswith("/html")


async def test_whoever_reads_may_preview_and_not_publish(house: NativeHouse, order: str) -> None:
    reader = Caller(house, await house.key(Scope.READ))
    data = {"data": {"order": 5, "name": "x"}}
    assert (await reader("POST", f"/v1/templates/{order}/render", data)).status == 200
    assert (await reader("POST", f"/v1/templates/{order}/publish")).status == 403
