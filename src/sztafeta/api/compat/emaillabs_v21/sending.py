"""EmailLabs v2.1, `POST email`: a row a recipient, an error for each that cannot be read (§2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sztafeta.api.caller import caller_of
from sztafeta.api.compat.emaillabs_v21.envelope import Outcome, Trouble, fail, refuse
from sztafeta.api.compat.emaillabs_v21.shapes import SEND, SendShape, read
from sztafeta.api.compat.emaillabs_v21.visit import Visit
from sztafeta.api.compat.screening import Screened, screen
from sztafeta.service.fault import Refusal
from sztafeta.service.sending.call import Call
from sztafeta.service.sending.sent import Fate, Replayed, Sent, SentMessage

DIALECT: Final = "emaillabs-v2.1"


async def send(visit: Visit) -> Outcome:
    """Send a message to each recipient."""
    shape = read(SEND, visit.octets)
    screened = screen(shape.read())
    sent: dict[str, SentMessage] = {}
    if screened.call is not None:
        sent = {one.address: one for one in await _take(visit, shape, screened.call)}
    return Outcome(list(_rows(shape, screened, sent)), list(_troubles(screened)))


async def _take(visit: Visit, shape: SendShape, call: Call) -> tuple[SentMessage, ...]:
    account = await visit.account(shape.smtp_account)
    if not account.enabled:
        refuse(f"The SMTP account {account.login} is suspended", code="account_paused")
    caller = caller_of(visit.request, visit.key, account, dialect=DIALECT)
    outcome: Sent | Refusal | Replayed = await visit.desk.sending.send(caller, call)
    if isinstance(outcome, Refusal):
        fail(outcome)
    if isinstance(outcome, Replayed):
        raise ValueError("nothing is replayed without an idempotency key")
    return outcome.messages


def _rows(
    shape: SendShape, screened: Screened, sent: dict[str, SentMessage]
) -> Iterator[dict[str, Any]]:
    """Give a row for each that is on disk; one on the blacklist is `dropped`, as its status will say."""
    for asked in screened.asked:
        one = sent.pop(asked.person.address, None)
        if one is not None:
            yield {
                "subject": shape.subject,
                "smtpAccount": shape.smtp_account,
                "to": {
                    "email": one.address,
                    "name": asked.person.name,
                    "messageId": one.header_message_id,
                },
                "status": "dropped" if one.fate is Fate.SUPPRESSED else "sent",
            }


def _troubles(screened: Screened) -> Iterator[Trouble]:
    for _, asked, trouble in screened.troubles():
        yield Trouble(
            title="Validation",
            message=trouble,
            code="invalid_address",
            parameter=asked.person.pointer.strip("/").replace("/", "."),
            value=asked.person.address,
        )
