"""Who may call what: every route with every scope, without a key, and with a stranger's (W-01, W-03)."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from tests.doubles.native_house import Caller, NativeHouse, a_message

from sztafeta.account.api_key import Scope
from sztafeta.api.routes import ROUTERS

ANYBODY: Final = None
NEEDS: Final = {
    "POST /v1/messages": Scope.SEND,
    "POST /v1/messages/batch": Scope.SEND,
    "POST /v1/messages/raw": Scope.SEND,
    "POST /v1/messages/validate": Scope.SEND,
    "GET /v1/messages": Scope.READ,
    "GET /v1/messages/{message}": Scope.READ,
    "GET /v1/messages/{message}/events": Scope.READ,
    "GET /v1/messages/{message}/attempts": Scope.READ,
    "GET /v1/messages/{message}/source": Scope.READ,
    "GET /v1/messages/{message}/certificate": Scope.READ,
    "POST /v1/messages/{message}/cancel": Scope.SEND,
    "POST /v1/messages/{message}/resend": Scope.SEND,
    "PATCH /v1/messages/{message}": Scope.SEND,
    "GET /v1/events": Scope.READ,
    "GET /v1/sandbox/wait": Scope.READ,
    "DELETE /v1/sandbox/messages": Scope.SEND,
    "GET /v1/templates": Scope.READ,
    "POST /v1/templates": Scope.TEMPLATES,
    "GET /v1/templates/{template}": Scope.READ,
    "PATCH /v1/templates/{template}": Scope.TEMPLATES,
    "DELETE /v1/templates/{template}": Scope.TEMPLATES,
    "GET /v1/templates/{template}/versions": Scope.READ,
    "POST /v1/templates/{template}/publish": Scope.TEMPLATES,
    "POST /v1/templates/{template}/render": Scope.READ,
    "POST /v1/templates/{template}/send-test": Scope.TEMPLATES,
    "GET /v1/suppressions": Scope.READ,
    "POST /v1/suppressions": Scope.SUPPRESSIONS,
    "GET /v1/suppressions/{address}": Scope.READ,
    "DELETE /v1/suppressions/{address}": Scope.SUPPRESSIONS,
    "GET /v1/domains": Scope.READ,
    "POST /v1/domains": Scope.DOMAINS,
    "GET /v1/domains/{domain}": Scope.READ,
    "DELETE /v1/domains/{domain}": Scope.DOMAINS,
    "GET /v1/domains/{domain}/records": Scope.READ,
    "POST /v1/domains/{domain}/verify": Scope.DOMAINS,
    "POST /v1/domains/{domain}/rotate-dkim": Scope.DOMAINS,
    "GET /v1/domains/{domain}/health": Scope.READ,
    "GET /v1/smtp-accounts": Scope.READ,
    "POST /v1/smtp-accounts": Scope.ADMIN,
    "GET /v1/smtp-accounts/{login}": Scope.READ,
    "PATCH /v1/smtp-accounts/{login}": Scope.ADMIN,
    "POST /v1/smtp-accounts/{login}/password": Scope.ADMIN,
    "POST /v1/smtp-accounts/{login}/end-overlap": Scope.ADMIN,
    "DELETE /v1/smtp-accounts/{login}": Scope.ADMIN,
    "GET /v1/keys": Scope.ADMIN,
    "POST /v1/keys": Scope.ADMIN,
    "GET /v1/keys/{key_id}": Scope.ADMIN,
    "PATCH /v1/keys/{key_id}": Scope.ADMIN,
    "DELETE /v1/keys/{key_id}": Scope.ADMIN,
    "POST /v1/keys/{key_id}/rotate": Scope.ADMIN,
    "GET /v1/me": ANYBODY,
    "GET /v1/limits": ANYBODY,
    "GET /v1/usage": Scope.READ,
}
PUBLIC: Final = {
    "GET /v1/openapi.json",
    "GET /v1/reference",
    "GET /v1/reference.css",
    "GET /v1/icon.svg",
    "GET /v1/errors",
    "GET /v1/errors/{code}",
    "GET /.well-known/sztafeta-certificates.json",
}
BODIES: Final[dict[str, Any]] = {
    "PATCH /v1/messages/{message}": {"send_at": "2026-01-02T05:00:00Z"},
    "PATCH /v1/templates/{template}": {"name": "Taken over"},
    "POST /v1/templates/{template}/render": {"data": {}},
    "POST /v1/templates/{template}/send-test": {
        "from": "shop@example.org",
        "to": "bob@example.net",
    },
    "PATCH /v1/smtp-accounts/{login}": {"enabled": False},
    "PATCH /v1/keys/{key_id}": {"name": "Taken over"},
}
NOBODYS: Final = {
    "message": "msg_0000000000001",
    "template": "nothing",
    "address": "nobody@example.net",
    "domain": "nowhere.example",
    "login": "9.alice.smtp",
    "key_id": "key_0000000000",
}


def routes() -> set[str]:
    return {
        f"{method} {route.path}".replace(":path", "")
        for router in ROUTERS
        for route in router.routes
        for method in route.methods - {"HEAD"}
    }


def test_every_route_has_a_row_in_the_matrix() -> None:
    """W-01: a route without an entry fails the build."""
    assert routes() == NEEDS.keys() | PUBLIC


async def test_every_route_is_documented(house: NativeHouse) -> None:
    document = (await house.call("GET", "/v1/openapi.json")).json
    documented = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert documented == set(NEEDS)


async def things_of(house: NativeHouse, alice: Caller) -> dict[str, str]:
    """Give a thing of Alice's for each kind of id."""
    await alice("POST", "/v1/templates", {"name": "T", "external_id": "hers", "html": "<p>hi</p>"})
    await alice("POST", "/v1/suppressions", {"addresses": ["eve@example.net"]})
    await alice("POST", "/v1/smtp-accounts", {"login": "2.alice.smtp"})
    return {
        "message": await alice.sent(),
        "template": "hers",
        "address": "eve@example.net",
        "domain": "example.com",
        "login": "2.alice.smtp",
        "key_id": f"key_{(await house.key(Scope.READ)).key.key_id}",
    }


@pytest.fixture
async def things(house: NativeHouse, alice: Caller) -> dict[str, str]:
    return await things_of(house, alice)


def filled(route: str, things: dict[str, str]) -> tuple[str, str]:
    method, path = route.split(" ")
    return method, re.sub(r"\{(\w+)\}", lambda found: things[found[1]], path)


@pytest.mark.parametrize("route", sorted(NEEDS))
async def test_a_key_does_what_its_scopes_say_and_no_more(
    house: NativeHouse, things: dict[str, str], route: str
) -> None:
    """W-03: each cell of route and scope."""
    method, path = filled(route, {**things, "message": NOBODYS["message"]})
    for scope in Scope:
        answer = await house.call(method, path, key=(await house.key(scope)).text)
        may = NEEDS[route] in (ANYBODY, scope) or scope is Scope.ADMIN
        assert (answer.status not in (401, 403)) == may, (scope, answer.content)
        if not may:
            assert answer.code == "scope_missing"
            assert f"`{NEEDS[route].value}`" in answer.json["detail"]


@pytest.mark.parametrize("route", sorted(NEEDS))
async def test_nothing_is_done_without_a_key(
    house: NativeHouse, things: dict[str, str], route: str
) -> None:
    """W-01: anonymous; the key is asked for before the body is read."""
    method, path = filled(route, things)
    answer = await house.call(method, path, content=b"{", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.code) == (401, "auth_missing")
    assert answer.headers["www-authenticate"] == 'Bearer realm="sztafeta"'


@pytest.mark.parametrize("route", sorted(one for one in NEEDS if "{" in one))
async def test_what_is_another_customers_is_not_there(
    house: NativeHouse, things: dict[str, str], charlie: Caller, alice: Caller, route: str
) -> None:
    """W-01: 404, in the words for an id that nobody has."""
    name = re.findall(r"\{(\w+)\}", route)[0]
    method, path = filled(route, things)
    foreign = await charlie(method, path, BODIES.get(route))
    method, path = filled(route, NOBODYS)
    nobodys = await charlie(method, path, BODIES.get(route))
    assert foreign.status == nobodys.status == 404

    def told(answer: Any, thing: str) -> Any:
        return {**answer.json, "request_id": "", "detail": answer.json["detail"].replace(thing, "")}

    assert told(foreign, things[name]) == told(nobodys, NOBODYS[name])
    method, path = filled(route.partition("/")[0] + "/" + route.partition("/")[2], things)
    still = await alice("GET", re.sub(r"(/v1/[\w-]+/[^/]+).*", r"\1", path))
    assert still.status == 200, "it is untouched"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages",
        "/v1/templates",
        "/v1/suppressions",
        "/v1/messages?submission={submission}",
        "/v1/messages?to=bob@example.net",
    ],
)
async def test_lists_and_filters_show_nothing_of_others(
    alice: Caller, charlie: Caller, things: dict[str, str], path: str
) -> None:
    """W-01: filters."""
    submission = (await alice.send()).json["id"]
    answer = await charlie("GET", path.format(submission=submission))
    assert answer.json["data"] == []


async def test_an_id_of_another_customers_in_a_body_is_not_there(
    alice: Caller, charlie: Caller, things: dict[str, str]
) -> None:
    """W-01: bulk bodies."""
    await alice("POST", "/v1/templates/hers/publish")
    call = a_message(from_="c@example.org", template={"id": "hers"}, text=None, subject=None)
    assert (await charlie("POST", "/v1/messages", call)).code == "template_unknown"
    wish = {"name": "k", "scopes": ["send"], "smtp_account": things["login"]}
    assert (await charlie("POST", "/v1/keys", wish)).faults == {"/smtp_account": "not_found"}
    mine = await charlie("POST", "/v1/smtp-accounts", {"login": "3.alice.smtp"})
    assert mine.faults == {"/login": "invalid_login"}
