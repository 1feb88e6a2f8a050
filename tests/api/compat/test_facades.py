"""Façades on one host, told apart by credentials, then path; errors in the dialect of the path (ux §3.2)."""

from __future__ import annotations

import pytest
from tests.api.compat.test_emaillabs_v1_sending import BASE, FORM, basic
from tests.doubles.api_house import BODY_SIZE, Answer, ApiHouse

V1, V21, NATIVE = "/api/emails", "/v2.1/email", "/v1/messages"
DIALECTS = [V1, V21, NATIVE]


def dialect(answer: Answer) -> str:
    """Tell by the form of an answer whose it is."""
    kind = answer.headers["content-type"].replace(" ", "").lower()
    if kind == "text/html;charset=utf-8":
        assert answer.json["code"] == answer.status
        return V1
    if kind == "application/json":
        assert answer.json["meta"]["status"] == answer.status
        return V21
    assert kind == "application/problem+json"
    return NATIVE


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer szt_live_nobody"},
        {"Authorization": "szt_live_nobody", "Application-Key": "a"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic YTpi"},
    ],
)
async def test_a_bad_key_is_401_in_the_dialect_of_the_path(
    house: ApiHouse, path: str, headers: dict[str, str]
) -> None:
    answer = await house.ask("GET", path, headers)
    assert (answer.status, dialect(answer)) == (401, path)


async def test_a_bad_key_is_told_to_v1_in_its_own_words(house: ApiHouse) -> None:
    answer = await house.ask("GET", V1, basic("wrong"))
    assert answer.json["message"] == "App Key is invalid"


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("field", ["Application-Key", "X-Postmark-Server-Token", "api-key"])
async def test_credentials_of_two_kinds_are_400_in_the_dialect_of_the_path(
    house: ApiHouse, path: str, field: str
) -> None:
    headers = basic(await house.key_text()) | {field: "x"}
    answer = await house.ask("GET", path, headers)
    assert (answer.status, dialect(answer)) == (400, path)
    assert field.encode() in answer.body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/api/multisend"), ("PUT", "/api/emails"), ("PATCH", "/api/x"), ("GET", "/api/")),
        *(("GET", "/api/new_sendmail"), ("POST", "/api/emails"), ("GET", "/api/blacklists/x")),
    ],
)
async def test_an_unknown_action_of_v1_is_404(house: ApiHouse, method: str, path: str) -> None:
    answer = await house.ask(method, path, basic(await house.key_text()))
    assert (answer.status, dialect(answer)) == (404, V1)
    assert "Unknown action" in answer.json["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v2.1/sms"), ("PUT", "/v2.1/email"), ("PATCH", "/v2.1/email"), ("GET", "/v2.1/")],
)
async def test_an_unknown_resource_of_v21_is_404(house: ApiHouse, method: str, path: str) -> None:
    headers = {"Application-Key": "a", "Authorization": await house.key_text()}
    answer = await house.ask(method, path, headers)
    assert (answer.status, dialect(answer)) == (404, V21)
    assert "POST email/template" in answer.json["errors"][0]["message"]


@pytest.mark.parametrize("path", ["/apis", "/v2.10/email", "/v2", "/nothing"])
async def test_a_path_beside_the_facades_is_ours(house: ApiHouse, path: str) -> None:
    answer = await house.ask("GET", path, basic(await house.key_text()))
    assert (answer.status, dialect(answer)) == (404, NATIVE)


@pytest.mark.parametrize("path", ["/api/new_sendmail", "/v2.1/email"])
async def test_a_body_too_large_is_refused_in_the_dialect(house: ApiHouse, path: str) -> None:
    """W-19"""
    key = await house.key_text()
    is_v1 = path.startswith("/api")
    headers = basic(key) if is_v1 else {"Application-Key": "a", "Authorization": key}
    declared = {"Content-Length": str(BODY_SIZE + 1), "Expect": "100-continue"}
    answer = await house.ask("POST", path, headers | declared)
    assert (answer.status, dialect(answer)) == ((500, V1) if is_v1 else (400, V21))
    assert str(BODY_SIZE).encode() in answer.body


async def test_a_form_too_deep_or_of_another_kind_is_refused(house: ApiHouse) -> None:
    key = await house.key_text()
    deep = b"to" + b"[a]" * 20 + b"=1"
    answer = await house.ask("POST", "/api/new_sendmail", basic(key) | FORM, deep)
    assert (answer.status, dialect(answer)) == (500, V1)
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await house.ask("POST", "/api/new_sendmail", basic(key) | multipart, b"--x--")
    assert "x-www-form-urlencoded" in answer.json["message"]


async def test_a_big_form_is_read_beside_the_loop(house: ApiHouse) -> None:
    form = f"{BASE}&to[]=bob@example.net&text=" + "a" * 300_000
    answer = await house.ask(
        "POST", "/api/new_sendmail", basic(await house.key_text()) | FORM, form.encode()
    )
    assert answer.status == 200
    assert len(house.store.letters) == 1


@pytest.mark.parametrize("path", ["/api/new_sendmail", "/v2.1/email"])
async def test_a_full_disk_is_told_in_the_dialect(house: ApiHouse, path: str) -> None:
    """R-21: nothing was taken over, and the client hears it in its own form."""
    house.store.room = False
    key = await house.key_text()
    if path.startswith("/api"):
        headers, body = basic(key) | FORM, f"{BASE}&to[]=bob@example.net"
    else:
        headers = {"Application-Key": "a", "Authorization": key}
        body = (
            '{"subject":"Hi","smtpAccount":"1.alice.smtp","from":{"email":"a@example.com"},'
            '"to":[{"email":"bob@example.net"}],"content":{"text":"x"}}'
        )
    answer = await house.ask("POST", path, headers, body.encode())
    assert answer.status >= 500
    assert dialect(answer) == (V1 if path.startswith("/api") else V21)
    assert not house.store.letters


async def test_every_answer_has_a_request_id_and_is_private(house: ApiHouse) -> None:
    for path in DIALECTS:
        answer = await house.ask("GET", path)
        assert answer.headers["x-request-id"].startswith("req_")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
