"""Routes that FastAPI reads take the same bodies as those that send, and refuse others in the same words."""

from __future__ import annotations

import pytest
from tests.doubles.native_house import Caller

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATHS = [
    "/v1/messages",
    "/v1/templates",
    "/v1/templates/x/publish",
    "/v1/suppressions",
    "/v1/keys",
    "/v1/domains",
    "/v1/smtp-accounts",
]
NOT_JSON = [b"{", b"nul", b'{"name": "\xff\xfe"}', b"[" * 100_000, b"[" * 500 + b"]" * 500]


@pytest.mark.parametrize("path", PATHS)
async def test_another_media_type_is_refused(alice: Caller, path: str) -> None:
    """RFC 9110 §15.5.16: curl says that a body is a form when it is told nothing."""
    answer = await alice("POST", path, content=b'{"name": "x"}', headers=FORM)
    assert (answer.status, answer.code) == (415, "unsupported_media")
    said = "This address takes application/json, not application/x-www-form-urlencoded."
    assert answer.json["detail"] == said


async def test_a_body_that_does_not_say_what_it_is_is_json(alice: Caller) -> None:
    content = b'{"addresses": ["eve@example.net"]}'
    answer = await alice("POST", "/v1/suppressions", content=content)
    assert answer.status == 201, answer.content


async def test_a_call_without_a_body_has_no_media_type(alice: Caller) -> None:
    """Some clients name one all the same."""
    made = (await alice("POST", "/v1/keys", {"name": "shop", "scopes": ["send"]})).json
    answer = await alice("POST", f"/v1/keys/{made['id']}/rotate", content=b"", headers=FORM)
    assert answer.status in (200, 201), answer.content


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("content", NOT_JSON, ids=["cut", "word", "octets", "endless", "deep"])
async def test_what_is_no_json_is_said_to_be_none(alice: Caller, path: str, content: bytes) -> None:
    answer = await alice("POST", path, content=content, headers=JSON)
    assert (answer.status, answer.code) == (400, "malformed_body")
    assert answer.json["detail"].startswith("The body is not JSON: ")
