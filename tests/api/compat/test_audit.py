"""W-26: what EmailLabs' dialects change with a key stands in the audit log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from tests.api.compat.test_emaillabs_v1_log import get
from tests.api.compat.test_emaillabs_v1_sending import post
from tests.api.compat.test_emaillabs_v21 import ask
from tests.doubles.api_house import ApiHouse

from sztafeta.api.compat.emaillabs_v1.facade import ACTIONS
from sztafeta.api.compat.emaillabs_v21.facade import RESOURCES
from sztafeta.service.ports import AuditEntry, AuditQuery

Change = Callable[[ApiHouse], Awaitable[object]]
BLACKLISTED: Final = "account=1.alice.smtp&email=eve@example.net&reason=other"
ENTRY: Final = {"email": "eve@example.net", "smtpAccount": "1.alice.smtp", "reason": "other"}
TEMPLATE: Final = {"html": "<p>one</p>", "name": "one", "externalId": "one"}
NOTED: Final[dict[tuple[str, str], tuple[str, Change]]] = {
    ("add_template", "POST"): (
        "template.made",
        lambda house: post(house, "html=<p>Hi</p>&name=one", action="add_template"),
    ),
    ("blacklists", "POST"): (
        "suppression.added",
        lambda house: post(house, BLACKLISTED, action="blacklists"),
    ),
    ("blacklists", "DELETE"): (
        "suppression.removed",
        lambda house: get(house, "blacklists/email/bob@example.net", method="DELETE"),
    ),
    ("email/template", "POST"): (
        "template.made",
        lambda house: ask(house, "POST", "email/template", TEMPLATE),
    ),
    ("email/template", "DELETE"): (
        "template.deleted",
        lambda house: ask(house, "DELETE", "email/template", {"externalId": ["zero"]}),
    ),
    ("email/blacklist", "POST"): (
        "suppression.added",
        lambda house: ask(house, "POST", "email/blacklist", ENTRY),
    ),
    ("email/blacklist/{smtp}", "DELETE"): (
        "suppression.removed",
        lambda house: ask(
            house, "DELETE", "email/blacklist/1.alice.smtp", {"id": ["bob@example.net"]}
        ),
    ),
}
OF_MAIL: Final = {
    ("sendmail", "POST"),
    ("new_sendmail", "POST"),
    ("sendmail_templates", "POST"),
    ("email", "POST"),
}
"""What sends: the history of a message names its key and call."""


def test_every_action_that_changes_something_is_listed() -> None:
    """An action without an entry fails the build; domain blacklists are refused."""
    changing = {one for one in {*ACTIONS, *RESOURCES} if one[1] not in ("GET", "OPTIONS")}
    refused = {one for one in RESOURCES if one[0].startswith("email/domain/blacklist")}
    assert changing - refused == NOTED.keys() | OF_MAIL


async def entries(house: ApiHouse) -> list[AuditEntry]:
    key = house.accounts["alice"]
    return [*await house.desk.audit.entries(key.customer_id, AuditQuery(), limit=20)]


@pytest.mark.parametrize("action", sorted(NOTED))
async def test_what_a_dialect_changes_is_noted_with_key_and_request(
    house: ApiHouse, action: tuple[str, str]
) -> None:
    expected, change = NOTED[action]
    bob, zero = ENTRY | {"email": "bob@example.net"}, TEMPLATE | {"externalId": "zero"}
    await ask(house, "POST", "email/blacklist", bob)
    await ask(house, "POST", "email/template", zero)
    before = len(await entries(house))
    await change(house)
    entry, *others = await entries(house)
    assert (entry.action, len(others)) == (expected, before)
    assert entry.key_id
    assert entry.request_id.startswith("req_")
    assert entry.subject
