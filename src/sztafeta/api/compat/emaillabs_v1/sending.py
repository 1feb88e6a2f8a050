"""EmailLabs v1, the actions that send and store what is sent (emaillabs.md §1.4, §1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sztafeta.api.caller import caller_of
from sztafeta.api.compat.emaillabs_v1.call_form import CallFault, read_call
from sztafeta.api.compat.emaillabs_v1.envelope import FAILED, Answer, Found, fail
from sztafeta.api.compat.emaillabs_v1.visit import Visit
from sztafeta.api.compat.php_form import text_at
from sztafeta.api.compat.screening import Screened, screen, what_is_wrong_with
from sztafeta.mail.template_source import MissingRule, TemplateSource
from sztafeta.service.fault import Refusal
from sztafeta.service.sending.sent import Fate, Replayed, Sent, SentMessage
from sztafeta.service.templates import TemplateWish, shown_id

DIALECT: Final = "emaillabs-v1"
NO_ID: Final = "0"
"""What stands for a Message-ID that there is not."""
TEMPLATE_NAME: Final = "EmailLabs API v1"


async def send(visit: Visit) -> Found:
    """`sendmail`, `new_sendmail`: variables are put in where there are any."""
    return await _send(visit, is_template=False)


async def send_template(visit: Visit) -> Found:
    """`sendmail_templates`: the same, and variables that are missing are left blank."""
    return await _send(visit, is_template=True)


async def _send(visit: Visit, *, is_template: bool) -> Found:
    account = await visit.account("smtp_account")
    if not account.enabled:
        raise Answer(FAILED, f"SMTP account {account.login} is suspended")
    try:
        screened = screen(read_call(visit.form, is_template=is_template))
    except CallFault as fault:
        raise Answer(FAILED, str(fault)) from fault
    messages: dict[str, SentMessage] = {}
    if screened.call is not None:
        caller = caller_of(visit.request, visit.key, account, dialect=DIALECT)
        sent = _taken(await visit.desk.sending.send(caller, screened.call))
        messages = {one.address: one for one in sent.messages}
    return Found(message="Message sent", data=list(_pairs(screened, messages)))


def _taken(outcome: Sent | Refusal | Replayed) -> Sent:
    if isinstance(outcome, Refusal):
        fail(outcome)
    if isinstance(outcome, Replayed):
        raise ValueError("nothing is replayed without an idempotency key")
    return outcome


def _pairs(screened: Screened, messages: dict[str, SentMessage]) -> Iterator[dict[str, str]]:
    """Give recipient → Message-ID for each; what went wrong stands behind it."""
    for asked in screened.asked:
        address = asked.person.address
        if trouble := what_is_wrong_with(address):
            yield {address: f"{asked.message_id or NO_ID} > {trouble}"}
        elif address in messages:
            yield {address: _told(messages.pop(address))}


def _told(one: SentMessage) -> str:
    if one.fate is Fate.SUPPRESSED:
        return f"{one.header_message_id} > Address: {one.address} is on the blacklist."
    return one.header_message_id


async def add_template(visit: Visit) -> Found:
    """`add_template`: it is published at once, and its id is told where clients look for it."""
    html, text = visit.field("html"), text_at(visit.form, "txt", "text")
    if not (html or text):
        raise Answer(FAILED, "Field 'html' is required")
    wish = TemplateWish(
        name=visit.field("name") or TEMPLATE_NAME,
        missing=MissingRule.BLANK,
        source=TemplateSource(html=html, text=text),
    )
    templates, customer_id = visit.desk.templates, visit.key.customer_id
    made = await templates.create(customer_id, wish, visit.key.name)
    if isinstance(made, Refusal):
        fail(made)
    told = {"template_id": shown_id(made.template)}
    published = await templates.publish(customer_id, told["template_id"], None)
    if isinstance(published, Refusal):
        fail(published)
    await visit.note("template.made", published.template.external_id, name=wish.name)
    return Found(message="Template added", data=told, extra=told)
