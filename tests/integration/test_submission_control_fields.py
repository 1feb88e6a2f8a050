"""Control fields over SMTP: keys, templates, labels, times and suppressions, from the wire to the store."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.doubles.submission_house import House, KeptMail, open_house

from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.service.ports import NewMessage, StoreBusy

FROM = b"From: Sklep <alice@example.com>\r\n"
REST = b"Subject: Hello\r\n\r\nHello\r\n"


def message(*fields: str, body: bytes = REST) -> bytes:
    return FROM + "".join(f"{field}\r\n" for field in fields).encode() + body


def octets(kept: NewMessage) -> bytes:
    return b"".join(kept.content.blocks())


async def send(house: House, content: bytes, *recipients: str) -> str:
    client = await house.client()
    try:
        return await client.send(content, *recipients)
    finally:
        client.close()


@pytest.mark.parametrize("size", [0, 200_000])
async def test_the_same_key_and_octets_are_sent_once_and_answered_alike(size: int) -> None:
    """R-13 over SMTP, for a message in memory and for one in the spool."""
    body = REST + (b"x" * 78 + b"\r\n") * (size // 80)
    async with open_house() as house:
        first = await send(house, message("Idempotency-Key: k", body=body))
        again = await send(house, message("Idempotency-Key: k", body=body))
        assert first.startswith("250 2.0.0 Ok: queued as ")
        assert again == first
        (kept,) = house.store.messages
        assert b"Idempotency-Key" not in octets(kept)
        assert house.told.accepted_ids == [kept.message_id]


@pytest.mark.parametrize(
    ("content", "recipient"),
    [
        (message("Idempotency-Key: k", body=REST + b"P.S.\r\n"), "bob@example.net"),
        (message("Idempotency-Key: k"), "eve@example.net"),
        (message("Idempotency-Key: k", body=REST + b"x\r\n" * 70_000), "bob@example.net"),
    ],
)
async def test_the_same_key_with_another_message_is_refused(content: bytes, recipient: str) -> None:
    """R-13: other octets, or the same for somebody else."""
    async with open_house() as house:
        await send(house, message("Idempotency-Key: k"))
        refused = await send(house, content, recipient)
        assert refused.startswith("550 5.6.0 This Idempotency-Key was used for another message")
        assert len(house.store.messages) == 1
        assert all(spool.is_discarded for spool in house.store.spools)


async def test_two_at_once_are_one_250_and_one_451() -> None:
    """R-13."""
    store = KeptMail(gate=asyncio.Event())
    async with open_house(store) as house:
        first = asyncio.ensure_future(send(house, message("Idempotency-Key: k")))
        await store.at_the_gate.wait()
        second = await send(house, message("Idempotency-Key: k"))
        assert second.startswith("451 4.3.0 ")
        assert store.gate is not None
        store.gate.set()
        assert (await first).startswith("250 ")
        assert len(store.messages) == 1


async def test_a_key_whose_message_was_not_stored_may_be_used_again() -> None:
    store = KeptMail(failure=StoreBusy())
    async with open_house(store) as house:
        assert (await send(house, message("Idempotency-Key: k"))).startswith("451 ")
        store.failure = None
        assert (await send(house, message("Idempotency-Key: k"))).startswith("250 ")


async def test_labels_and_times_are_kept_and_leave_no_trace_in_the_message() -> None:
    async with open_house() as house:
        send_at = house.clock.now() + timedelta(hours=3)
        fields = (
            "X-Tag: order",
            "X-MAILTAGS: a;b",
            "X-Metadata-order: 5",
            f"X-Send-At: {send_at.isoformat()}",
            "X-TRACKING-OFF: 1",
        )
        assert (await send(house, message(*fields))).startswith("250 ")
        (kept,) = house.store.messages
        assert (kept.tags, kept.metadata) == (("order", "a", "b"), {"order": "5"})
        assert kept.recipients[0].due_at == send_at
        assert octets(kept).endswith(FROM + REST)
        assert b"X-" not in octets(kept)


@pytest.mark.parametrize(
    ("fields", "reply"),
    [
        (
            ["X-Template: t", 'X-Template-Data: {"name": "Zofia" x'],
            "550 5.6.0 X-Template-Data is not valid JSON (column 18)",
        ),
        (["X-Send-At: 2030-01-01T00:00:00Z"], "550 5.6.0 X-Send-At: mail may be scheduled at most"),
        (
            ["X-Expires-At: 2020-01-01T00:00:00Z"],
            "550 5.6.0 X-Expires-At: the message would expire",
        ),
        (["X-Template: unknown"], "550 5.6.0 There is no template unknown"),
        (
            ["X-Template: order"],
            "550 5.6.0 The template needs variables that are not in the data: ",
        ),
    ],
)
async def test_a_field_that_cannot_be_obeyed_refuses_the_message(
    fields: list[str], reply: str
) -> None:
    async with open_house() as house:
        await house.office.publish("order", subject="{{ name }}", text="x")
        assert (await send(house, message(*fields))).startswith(reply)
        assert house.store.messages == []


async def test_a_template_takes_the_place_of_the_content_for_each_recipient() -> None:
    async with open_house() as house:
        await house.office.publish("order", subject="Dla {{ name }}", text="Witaj {{ name }}")
        content = message(
            "To: list@example.net",
            "Reply-To: Biuro <office@example.com>",
            "X-Campaign: winter",
            "X-Template: order",
            'X-Template-Data: {"name": "Zofia"}',
            "X-Tag: order",
        )
        answer = await send(house, content, "bob@example.net", "eve@example.net")
        first, second = house.store.messages
        assert answer.endswith(first.header_message_id[1:].partition("@")[0])
        assert (first.subject, first.tags) == ("Dla Zofia", ("order",))
        for kept, mailbox in ((first, b"bob"), (second, b"eve")):
            assert b"To: " + mailbox + b"@example.net\r\n" in octets(kept)
            assert b"Witaj Zofia" in octets(kept)
            assert b"From: Sklep <alice@example.com>\r\n" in octets(kept)
            assert b"Reply-To: office@example.com\r\n" in octets(kept)
            assert b"X-Campaign: winter\r\n" in octets(kept)
            assert b"X-Template" not in octets(kept)
            assert b"Hello" not in octets(kept)
            assert kept.failure_notices
        template = await house.store.templates.template(1, "order")
        assert template is not None
        (use,) = (await house.office.template_uses.of([template.template_id]))[template.template_id]
        assert (use.user.key_id, use.messages) == ("", 2)


async def test_a_template_with_a_key_is_sent_once() -> None:
    """R-13 with both."""
    async with open_house() as house:
        await house.office.publish("order", subject="Hi", text="x")
        content = message("X-Template: order", "Idempotency-Key: k")
        answers = [await send(house, content, "bob@example.net") for _ in range(2)]
        assert answers[0] == answers[1]
        assert len(house.store.messages) == 1


async def test_a_suppressed_recipient_is_told_as_such_and_the_others_get_their_mail() -> None:
    async with open_house() as house:
        await house.office.suppress("eve@example.net")
        await send(house, message(), "bob@example.net", "Eve@example.net")
        (kept,) = house.store.messages
        assert [one.state for one in kept.recipients] == [State.QUEUED, State.SUPPRESSED]
        assert [one.kind for one in kept.events] == [EventKind.QUEUED, EventKind.REJECTED]
        assert kept.events[1].details == {"reason": "suppressed: bounce"}
