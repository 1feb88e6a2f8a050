"""Who uses a template is told by the dialect that he speaks, and of test keys nothing."""

from __future__ import annotations

from tests.api.compat.test_emaillabs_v1_sending import BASE, post
from tests.api.compat.test_emaillabs_v21 import ask, send_to
from tests.doubles.api_house import ALICES_OTHER, ApiHouse
from tests.doubles.native_house import a_message

from sztafeta.account.api_key import Mode
from sztafeta.service.ports import Template

TEMPLATE = {"html": "<p>Hi {{ name }}</p>", "name": "hello", "externalId": "hello"}
V21 = {"content": {"templateId": "hello"}, "globalVars": {"name": "Bob"}}
V1 = f"{BASE}&template_id=hello&to[bob@example.net][vars][name]=Bob"


async def published(house: ApiHouse) -> Template:
    """Keep a template of Alice's and make it live."""
    assert (await ask(house, "POST", "email/template", TEMPLATE)).status == 200
    template = await house.store.templates.template(1, "hello")
    assert template is not None
    return template


async def counted(house: ApiHouse, template: Template) -> dict[str, int]:
    """Count messages by door."""
    found = await house.office.template_uses.of([template.template_id])
    return {one.user.door: one.messages for one in found[template.template_id]}


async def test_each_dialect_is_counted_as_a_door_of_its_own(house: ApiHouse) -> None:
    template, key = await published(house), await house.key_text()
    assert (await post(house, V1, key=key)).status == 200
    sent = await send_to(house, "bob@example.net", "eve@example.net", key=key, **V21)
    assert sent.status == 200
    call = a_message(subject="Hi", text=None, template={"id": "hello"}, data={"name": "Bob"})
    assert (await house.call("POST", "/v1/messages", call, key=key)).status == 202
    assert await counted(house, template) == {"emaillabs-v1": 1, "emaillabs-v2.1": 2, "api": 1}


async def test_the_account_that_a_call_names_is_the_user(house: ApiHouse) -> None:
    template = await published(house)
    await send_to(house, "bob@example.net", smtpAccount=ALICES_OTHER, **V21)
    (use,) = (await house.office.template_uses.of([template.template_id]))[template.template_id]
    other = await house.store.smtp_account(ALICES_OTHER)
    assert other is not None
    assert use.user.account_id == other.account_id


async def test_inline_templates_and_test_keys_are_not_counted(house: ApiHouse) -> None:
    template = await published(house)
    test_key = await house.key_text(mode=Mode.TEST)
    assert (await post(house, V1, key=test_key)).status == 200
    assert (await send_to(house, "bob@example.net", key=test_key, **V21)).status == 200
    inline = f"{BASE}&to[bob@example.net][vars][name]=Bob"
    assert (await post(house, inline, action="sendmail_templates")).status == 200
    assert await counted(house, template) == {}
