"""Problems: RFC 9457 with a stable code, a place for each fault, and a page on our own host (issue 3, §6)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.doubles.native_house import BASE_URL, Caller, NativeHouse, a_message, read_answer

import sztafeta
from sztafeta.api.pointers import pointer
from sztafeta.api.problem_kinds import BY_CODE, KINDS
from sztafeta.service.ports import StorageFull, StoreBroken, StoreBusy

SOURCE = Path(sztafeta.__file__).parent


async def test_a_problem_says_what_where_and_what_to_do(alice: Caller) -> None:
    answer = await alice.send("a b")
    problem = answer.json
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"{BASE_URL}/v1/errors/invalid"
    assert (problem["status"], problem["code"], problem["retryable"]) == (422, "invalid", False)
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["fix"]
    (fault,) = problem["errors"]
    assert fault.keys() == {"pointer", "code", "detail"}


async def test_every_problem_has_its_page(house: NativeHouse) -> None:
    """`type` leads to a page that works offline, without a key."""
    listed = (await house.call("GET", "/v1/errors")).content.decode()
    for kind in KINDS:
        assert f'href="/v1/errors/{kind.code}"' in listed
        page = await house.call("GET", f"/v1/errors/{kind.code}")
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert kind.code in page.content.decode()
    assert (await house.call("GET", "/v1/errors/nonsense")).code == "not_found"


def test_every_code_in_the_source_is_in_the_table() -> None:
    """No code without a page: whatever a verb or a route refuses with."""
    used = {
        code
        for file in SOURCE.rglob("*.py")
        if file.parts[-2] in ("service", "routes", "api")
        for code in _codes(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert used
    assert used <= BY_CODE.keys(), used - BY_CODE.keys()


def _codes(tree: ast.AST) -> set[str]:
    """Find the codes of `Problem("…")` and `Refusal(code="…")`."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id == "Problem" and node.args:
            found.add(node.args[0])
        if node.func.id == "Refusal":
            found |= {one.value for one in node.keywords if one.arg == "code"}
    return {one.value for one in found if isinstance(one, ast.Constant)}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/messages/", 404, "not_found"),
        ("PUT", "/v1/messages", 405, "method_not_allowed"),
        ("DELETE", "/v1/me", 405, "method_not_allowed"),
        ("POST", "/v1/openapi.json", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_said_in_the_same_form(
    alice: Caller, method: str, path: str, status: int, code: str
) -> None:
    answer = await alice(method, path)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/messages", "GET, POST"),
        ("DELETE", "/v1/messages/validate", "GET, PATCH, POST"),
        ("PUT", "/v1/templates/x", "DELETE, GET, PATCH"),
        ("PUT", "/v1/keys", "GET, POST"),
        ("PUT", "/v1/smtp-accounts/x", "DELETE, GET, PATCH"),
        ("PUT", "/v1/suppressions/bob@example.net", "DELETE, GET"),
        ("DELETE", "/v1/me", "GET"),
    ],
)
async def test_a_refused_method_is_told_all_that_the_path_has(
    alice: Caller, method: str, path: str, allowed: str
) -> None:
    """RFC 9110 §15.5.6."""
    answer = await alice(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "hosts",
    ["Host: evil.example\r\n", "Host: [\r\n", "", "Host: localhost\r\nHost: localhost\r\n"],
)
async def test_a_call_for_another_host_is_refused_in_the_same_form(
    house: NativeHouse, hosts: str
) -> None:
    """RFC 9110 §15.5.20; a missing or doubled Host is nobody's."""
    request = f"GET /v1/me HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n"
    answer = read_answer(await house.wire(request.encode()), "GET")
    assert (answer.status, answer.code) == (421, "misdirected")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["request_id"] == answer.headers["x-request-id"]


class Broken:
    """A store of keys that fails, as a test wants it."""

    def __init__(self, trouble: Exception) -> None:
        self.trouble = trouble

    async def api_key(self, key_id: str) -> None:
        raise self.trouble


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (StorageFull("full"), 507, "no_room"),
        (StoreBusy("busy"), 503, "maintenance"),
        (StoreBroken("broken"), 503, "maintenance"),
        (TimeoutError(), 503, "maintenance"),
        (ZeroDivisionError("secret detail"), 500, "internal"),
    ],
)
async def test_our_own_trouble_is_told_without_its_details(
    house: NativeHouse, trouble: Exception, status: int, code: str
) -> None:
    made = await house.key()
    house.keys._store = Broken(trouble)  # type: ignore[assignment]
    answer = await house.call("POST", "/v1/messages", a_message(), key=made.text)
    assert (answer.status, answer.code, answer.json["retryable"]) == (status, code, True)
    assert "secret" not in answer.content.decode()
    assert house.troubles == [trouble]
    assert ("retry-after" in answer.headers) == (status != 500)


@pytest.mark.parametrize(
    ("path", "written"),
    [([], ""), (["to", 0], "/to/0"), (["a/b", "c~d"], "/a~1b/c~0d"), ([""], "/")],
)
def test_pointers_are_written_as_the_rfc_says(path: list[object], written: str) -> None:
    """RFC 6901 §3."""
    assert pointer(path) == written
