"""Who uses a template is counted once the mail is on disk; of its data the shape alone is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from tests.doubles.sending_office import SendingOffice
from tests.service.sending.test_send import ALICE, Office, a_call

from sztafeta.account.api_key import Mode
from sztafeta.service.ports import TemplateUse
from sztafeta.service.sending.call import Call, TemplateChoice
from sztafeta.service.template_uses import MASKED_EVERY

DATA = {"name": "Żaneta", "code": "A-17"}


def by_template(*addresses: str, **data: object) -> Call:
    return a_call(
        *addresses,
        html="",
        text="",
        subject="",
        template=TemplateChoice(ref="order"),
        data=DATA | data,
    )


async def opened() -> Office:
    office = Office()
    await office.publish("order", subject="{{ name }}", text="{{ code }}")
    return office


async def uses(office: SendingOffice) -> list[TemplateUse]:
    template = await office.store.templates.template(1, "order")
    assert template is not None
    found = await office.template_uses.of([template.template_id])
    return list(found[template.template_id])


async def shape(office: SendingOffice) -> object:
    template = await office.store.templates.template(1, "order")
    assert template is not None
    last = await office.template_uses.last_data(template.template_id)
    return None if last is None else json.loads(last.data)


async def test_messages_are_counted_by_who_sent_them() -> None:
    office = await opened()
    await office.sent(by_template("bob@example.net", "eve@example.net"))
    await office.sent(by_template("bob@example.net"), replace(ALICE, key_id="other"))
    await office.sent(a_call("bob@example.net"))  # without a template
    counted = [(one.user.key_id, one.messages) for one in await uses(office)]
    assert sorted(counted) == sorted([(ALICE.key_id, 2), ("other", 1)])
    assert {one.user.version for one in await uses(office)} == {1}


async def test_what_was_not_sent_is_not_counted() -> None:
    """Neither dry runs, nor refused calls, nor what a test key plays."""
    office = await opened()
    await office.sending.check(ALICE, by_template("bob@example.net"))
    missing = replace(by_template("bob@example.net"), data={})
    await office.refused(missing)
    await office.sent(by_template("bob@example.net"), replace(ALICE, mode=Mode.TEST))
    assert await uses(office) == []
    assert await shape(office) is None


async def test_the_data_is_masked_before_it_is_kept_and_once_a_minute() -> None:
    office = await opened()
    await office.sent(by_template("bob@example.net"))
    assert await shape(office) == {"name": "Xxxxxx", "code": "X-00"}
    await office.sent(by_template("bob@example.net", note="x1"))
    assert await shape(office) == {"name": "Xxxxxx", "code": "X-00"}
    office.clock.advance(MASKED_EVERY + timedelta(seconds=1))
    await office.sent(by_template("bob@example.net", note="x1"))
    assert await shape(office) == {"name": "Xxxxxx", "code": "X-00", "note": "x0"}
