"""W-26: what is changed with an API key, and content that is read with one, stands in the audit log."""

from __future__ import annotations

from typing import Any, Final

import pytest
from tests.api.test_certificates import settle
from tests.api.test_matrix import NEEDS, filled, things_of
from tests.doubles.native_house import Caller, NativeHouse

from sztafeta.account.api_key import Scope
from sztafeta.delivery.state import State
from sztafeta.service.ports import AuditEntry, AuditQuery

BODIES: Final[dict[str, Any]] = {
    "POST /v1/templates": {"name": "New", "external_id": "new", "html": "<p>hi</p>"},
    "PATCH /v1/templates/{template}": {"name": "Renamed"},
    "POST /v1/suppressions": {"addresses": ["mallory@example.net"]},
    "POST /v1/domains": {"domain": "new.example"},
    "POST /v1/smtp-accounts": {"login": "3.alice.smtp"},
    "PATCH /v1/smtp-accounts/{login}": {"display_name": "Shop"},
    "POST /v1/smtp-accounts/{login}/password": {"overlap_hours": 1},
    "POST /v1/keys": {"name": "new", "scopes": ["read"]},
    "PATCH /v1/keys/{key_id}": {"name": "renamed"},
    "PATCH /v1/messages/{message}": {"send_at": "2026-01-02T05:00:00Z"},
    "POST /v1/templates/{template}/send-test": {
        "from": "shop@example.com",
        "to": "bob@example.net",
    },
}
ACTIONS: Final = {
    "DELETE /v1/sandbox/messages": "test-inbox.emptied",
    "POST /v1/templates": "template.made",
    "PATCH /v1/templates/{template}": "template.changed",
    "DELETE /v1/templates/{template}": "template.deleted",
    "POST /v1/templates/{template}/publish": "template.published",
    "POST /v1/suppressions": "suppression.added",
    "DELETE /v1/suppressions/{address}": "suppression.removed",
    "POST /v1/domains": "domain.added",
    "DELETE /v1/domains/{domain}": "domain.removed",
    "POST /v1/domains/{domain}/rotate-dkim": "domain.keys-rotated",
    "POST /v1/smtp-accounts": "smtp-account.made",
    "PATCH /v1/smtp-accounts/{login}": "smtp-account.changed",
    "POST /v1/smtp-accounts/{login}/password": "smtp-account.password-changed",
    "POST /v1/smtp-accounts/{login}/end-overlap": "smtp-account.former-password-ended",
    "DELETE /v1/smtp-accounts/{login}": "smtp-account.deleted",
    "POST /v1/keys": "key.made",
    "PATCH /v1/keys/{key_id}": "key.changed",
    "DELETE /v1/keys/{key_id}": "key.revoked",
    "POST /v1/keys/{key_id}/rotate": "key.replaced",
    "GET /v1/messages/{message}/source": "messages.content-read",
    "GET /v1/messages/{message}/certificate": "messages.certificate-downloaded",
    "POST /v1/messages/{message}/cancel": "messages.cancel",
    "POST /v1/messages/{message}/resend": "messages.resend",
    "PATCH /v1/messages/{message}": "messages.reschedule",
    "POST /v1/templates/{template}/send-test": "template.tried",
}
OF_MAIL: Final = {
    "POST /v1/messages",
    "POST /v1/messages/batch",
    "POST /v1/messages/raw",
    "POST /v1/messages/validate",
    "POST /v1/templates/{template}/render",
    "POST /v1/domains/{domain}/verify",
}
"""What sends, whose history names key and call; and what only looks: at a call, a template, or DNS."""


def test_every_route_that_changes_something_is_audited_or_said_to_be_of_mail() -> None:
    """A route without an entry fails the build."""
    changing = {route for route in NEEDS if not route.startswith("GET ")}
    assert changing == {route for route in ACTIONS if not route.startswith("GET ")} | OF_MAIL


async def prepared(house: NativeHouse, alice: Caller, route: str) -> dict[str, str]:
    """Give a thing of Alice's for each kind of id, in the state that the route wants."""
    things = await things_of(house, alice)
    if route.endswith("/end-overlap"):
        await alice("POST", "/v1/smtp-accounts/2.alice.smtp/password", {"overlap_hours": 1})
    if route.endswith("/certificate"):
        settle(house, State.DELIVERED)
    return things


async def entries(house: NativeHouse) -> list[AuditEntry]:
    customer_id = house.accounts["alice"].customer_id
    return [*await house.desk.audit.entries(customer_id, AuditQuery(), limit=100)]


@pytest.mark.parametrize("route", sorted(ACTIONS))
async def test_what_a_key_does_is_noted_with_key_and_request(
    house: NativeHouse, alice: Caller, tester: Caller, route: str
) -> None:
    """Who, what, to what, from where, which key and which request."""
    caller = tester if "sandbox" in route else alice
    things = await prepared(house, alice, route)
    before = len(await entries(house))
    answer = await caller(*filled(route, things), BODIES.get(route))
    assert answer.status < 300, answer.content
    entry, *others = await entries(house)
    assert len(others) == before
    assert entry.action == ACTIONS[route]
    assert (entry.key_id, entry.member_id) == (caller.made.key.key_id, None)
    assert entry.who == f"shop (key_{caller.made.key.key_id})"
    assert entry.request_id == answer.headers["x-request-id"]
    assert entry.address == "127.0.0.1"
    assert "sandbox" in route or entry.subject


async def test_before_and_after_say_what_changed_and_no_secret(
    house: NativeHouse, alice: Caller
) -> None:
    await prepared(house, alice, "")
    await alice("PATCH", "/v1/smtp-accounts/2.alice.smtp", {"display_name": "Shop"})
    (changed, *_) = await entries(house)
    assert changed.details == {"before": {"name": ""}, "after": {"name": "Shop"}}
    made = await alice("POST", "/v1/smtp-accounts/2.alice.smtp/password", {})
    assert made.json["password"] not in repr(await entries(house))
    key = await alice("POST", "/v1/keys", {"name": "new", "scopes": ["read"]})
    assert key.json["key"] not in repr(await entries(house))


async def test_content_that_is_read_again_within_the_hour_is_noted_once(
    house: NativeHouse, alice: Caller
) -> None:
    message = await alice.sent()
    for _ in range(3):
        await alice("GET", f"/v1/messages/{message}/source")
    assert [one.action for one in await entries(house)] == ["messages.content-read"]
    bob = Caller(house, await house.key(Scope.READ))
    await bob("GET", f"/v1/messages/{message}/source")
    assert len(await entries(house)) == 2


async def test_what_is_refused_is_not_noted(house: NativeHouse, alice: Caller) -> None:
    await alice("DELETE", "/v1/suppressions/nobody@example.net")
    await alice("POST", "/v1/keys", {"name": "new", "scopes": []})
    assert await entries(house) == []
