"""ACCEPT: what is checked, what is changed, what is committed, and what is never answered with 250."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.doubles.manual_clock import ManualClock
from tests.doubles.sending_office import HOSTNAME, SendingOffice
from tests.doubles.submission_house import KeptMail, Told, account

from sztafeta.account.smtp_account import SenderRule, SmtpAccount
from sztafeta.delivery.queue_id import to_text
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.mail.address import parse_mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.accept import Accepted
from sztafeta.service.composing import Source, Submission
from sztafeta.service.ports import NewMessage, StorageFull, StoreBroken
from sztafeta.service.rejection import Rejection

FROM = b"From: Alice <alice@example.com>\r\n"
REST = b"Message-ID: <1@example.com>\r\nDate: Mon, 1 Dec 2025 10:00:00 +0000\r\nSubject: Hello\r\n"
BODY = b"\r\nHello, Bob.\r\n"
SOURCE = Source(
    listener="submission",
    address="192.0.2.7",
    client_name="client.example.com",
    extended=True,
    tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
)


class Office:
    """An ACCEPT with its surroundings."""

    def __init__(self, store: KeptMail | None = None, *, patience: timedelta | None = None) -> None:
        self.store = store or KeptMail()
        self.told, self.clock = Told(), ManualClock()
        self.accept = SendingOffice(
            self.store,
            self.store,
            self.told,
            clock=self.clock,
            patience=patience or timedelta(seconds=25),
        ).accept

    async def offer(
        self,
        content: bytes,
        *,
        sender: SmtpAccount | None = None,
        smtputf8: bool = False,
        recipients: tuple[str, ...] = ("bob@example.net",),
        piece: int = 1 << 30,
    ) -> Accepted | Rejection:
        """Give a message in pieces of so many octets."""
        submission = Submission(
            account=sender or account("1.alice.smtp", 1),
            envelope=Envelope(reverse_path=parse_mailbox("alice@example.com"), smtputf8=smtputf8),
            forward_paths=tuple(ForwardPath(mailbox=parse_mailbox(one)) for one in recipients),
            source=SOURCE,
        )
        incoming = self.accept.begin(submission)
        for start in range(0, len(content), piece):
            incoming.add(content[start : start + piece])
        return await self.accept.accept(incoming)

    async def take(self, content: bytes, **how: object) -> tuple[NewMessage, bytes]:
        """Offer what must be accepted; give what was kept."""
        outcome = await self.offer(content, **how)  # type: ignore[arg-type]
        assert isinstance(outcome, Accepted), outcome
        message = self.store.messages[-1]
        return message, b"".join(message.content.blocks())

    async def refuse(self, content: bytes, **how: object) -> str:
        """Offer what must be refused; give the reply, and make sure that nothing was kept."""
        outcome = await self.offer(content, **how)  # type: ignore[arg-type]
        assert isinstance(outcome, Rejection), outcome
        assert self.store.messages == []
        assert self.told.accepted_ids == []
        assert all(spool.is_discarded for spool in self.store.spools)
        return f"{outcome.reply.code} {outcome.reply.status} {outcome.reply.text}"


# -- what is committed ---------------------------------------------------------------------------


async def test_a_message_is_committed_whole_and_the_schedule_is_told_after_that() -> None:
    """C-024."""
    office = Office()
    outcome = await office.offer(
        FROM + REST + BODY, recipients=("bob@example.net", "c@example.org")
    )
    assert isinstance(outcome, Accepted)
    message = office.store.messages[0]
    assert outcome.reply.text == f"Ok: queued as {to_text(message.message_id)}"
    assert outcome.queue_id == to_text(message.message_id)
    assert (outcome.recipients, outcome.octets) == (2, message.content.size)
    assert office.told.accepted_ids == [message.message_id]
    assert (message.customer_id, message.account_id) == (1, 1)
    assert message.accepted_at == office.clock.now()
    assert message.expires_at == office.clock.now() + timedelta(hours=48)
    assert message.header_message_id == "<1@example.com>"
    assert message.subject == "Hello"
    assert message.envelope.forward_paths == ()


async def test_each_recipient_is_queued_with_one_event_and_ids_of_its_own() -> None:
    office = Office()
    message, _ = await office.take(FROM + BODY, recipients=("a@example.net", "b@example.net"))
    recipients, events = message.recipients, message.events
    assert [one.state for one in recipients] == [State.QUEUED] * 2
    assert [event.kind for event in events] == [EventKind.QUEUED] * 2
    assert [event.recipient_id for event in events] == [one.recipient_id for one in recipients]
    ids = [message.message_id, *(r.recipient_id for r in recipients), *(e.event_id for e in events)]
    assert ids == sorted(set(ids)) or len(set(ids)) == 5


async def test_the_history_knows_the_client_and_the_message_does_not() -> None:
    """C-025: Received without the client's address, with ESMTPSA."""
    message, content = await Office().take(FROM + BODY)
    assert message.source == {
        "listener": "submission",
        "address": "192.0.2.7",
        "client": "client.example.com",
        "tls": "TLSv1.3 TLS_AES_256_GCM_SHA384",
        "protocol": "ESMTPSA",
    }
    received = content.partition(b"\r\nMessage-ID")[0]
    assert received.startswith(b"Received: from ")
    assert b" with ESMTPSA id " + to_text(message.message_id).encode() in received
    assert b"192.0.2.7" not in content
    assert b"client.example.com" not in content


async def test_everything_else_goes_on_octet_for_octet() -> None:
    """C-070, C-063, C-064, C-066, C-067."""
    odd = b"SUBJECT:   odd \t spacing\r\n\tfolded  \r\nX-Other:\xc2\xa0\r\n".replace(
        b"\xc2\xa0", b""
    )
    removed = b"Bcc: secret@example.net\r\nReturn-Path: <x@example.org>\r\nDelivered-To: y\r\n"
    body = b"\r\n\tbody \x80\xff\r\n\r\n..dots\r\n"
    _, content = await Office().take(REST[: REST.index(b"Subject")] + odd + removed + FROM + body)
    _, _, kept = content.partition(b"+0000\r\n")
    assert kept.endswith(odd + FROM + body)
    assert b"secret@example.net" not in content


async def test_authentication_results_that_claim_to_be_ours_are_removed() -> None:
    """S-42 (RFC 8601 §5): nobody but us speaks under our name."""
    forged = f"Authentication-Results: {HOSTNAME}; dkim=pass\r\n".encode()
    theirs = b"Authentication-Results: mx.example.net; dkim=pass\r\n"
    _, content = await Office().take(forged + theirs + FROM + BODY)
    assert forged not in content
    assert theirs in content


async def test_message_id_and_date_are_added_when_missing() -> None:
    """C-063, C-064."""
    message, content = await Office().take(FROM + BODY)
    expected = f"<{to_text(message.message_id)}@example.com>"
    assert message.header_message_id == expected
    assert (
        f"\r\nMessage-ID: {expected}\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\n".encode()
        in content
    )


@pytest.mark.parametrize(
    ("content", "body"),
    [(FROM, b""), (FROM + b"\r\n", b""), (FROM + b"\r\n\r\n", b"\r\n")],
)
async def test_a_message_of_header_alone_is_one(content: bytes, body: bytes) -> None:
    """C-068."""
    _, kept = await Office().take(content)
    assert kept.endswith(FROM + b"\r\n" + body)


# -- who signs -----------------------------------------------------------------------------------


async def test_the_authors_domain_signs_when_it_is_the_customers() -> None:
    message, _ = await Office().take(FROM + BODY)
    assert message.signing_domain == "example.com"


async def test_for_another_domain_nobody_signs() -> None:
    anybody = account("3.alice.smtp", 4, sender_rule=SenderRule.ANY)
    message, _ = await Office().take(b"From: <c@example.org>\r\n" + BODY, sender=anybody)
    assert message.signing_domain is None


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        b"From: <charlie@example.org>\r\n",
        b"From: Alice <charlie@EXAMPLE.org>\r\n",
        b'From: "alice@example.com" <charlie@example.org>\r\n',
        b"From: <alice@sub.example.com>\r\n",
        b"From: <alice@example.com>, <charlie@example.org>\r\nSender: <alice@example.com>\r\n",
        FROM + b"Sender: <charlie@example.org>\r\n",
        FROM + b"Resent-From: <charlie@example.org>\r\n",
        FROM + b"Resent-Sender: charlie@example.org\r\n",
    ],
)
async def test_an_author_of_another_domain_is_refused_by_name(header: bytes) -> None:
    """C-061, S-40."""
    reply = await Office().refuse(header + BODY)
    assert reply.startswith("550 5.7.1 ")
    assert " is not one of your sending domains" in reply
    assert "example." in reply


@pytest.mark.parametrize(
    "content",
    [
        REST + BODY,
        FROM + FROM + BODY,
        b"From: <alice@example.com>, <bob@example.com>\r\n" + BODY,
        b"From : <alice@example.com>\r\n" + BODY,
        b"From: a: <alice@example.com>;\r\n" + BODY,
        b"From: <@example.org:alice@example.com>\r\n" + BODY,
        FROM + b"Message-ID: <1@x>\r\nMessage-ID: <2@x>\r\n" + BODY,
        FROM + b"Subject: a\0b\r\n" + BODY,
        FROM + b"not a field\r\n" + BODY,
        b"\r\nbody only\r\n",
        b"Hello, Bob.\r\n",
        b"",
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(content: bytes) -> None:
    """C-064, C-065, C-068, S-09, S-41."""
    assert (await Office().refuse(content)).startswith("550 5.6.0 ")


async def test_letters_outside_ascii_in_the_header_need_smtputf8() -> None:
    """C-069."""
    content = FROM + "Subject: Zażółć\r\n".encode() + BODY
    office = Office()
    assert (await office.refuse(content)).startswith("550 5.6.7 ")
    _, kept = await office.take(content, smtputf8=True)
    assert b" with UTF8SMTPSA " in kept


async def test_a_message_that_was_everywhere_is_in_a_loop() -> None:
    """S-50."""
    office = Office()
    hop = b"Received: from a by b; Mon, 1 Dec 2025 10:00:00 +0000\r\n"
    assert (await office.refuse(hop * 50 + FROM + BODY)).startswith("554 5.4.6 ")
    await office.take(hop * 49 + FROM + BODY)


@pytest.mark.parametrize("piece", [1 << 30, 10_000])
async def test_a_header_over_100_kib_is_refused(piece: int) -> None:
    """S-24."""
    endless = FROM + b"X-Long: " + (b"x" * 900 + b"\r\n ") * 120
    reply = await Office().refuse(endless + b"\r\n" + BODY, piece=piece)
    assert reply.startswith("552 5.6.0 ")


async def test_more_than_a_thousand_fields_are_refused() -> None:
    """S-24."""
    assert (await Office().refuse(FROM + b"X: y\r\n" * 1001 + BODY)).startswith("550 5.6.0 ")


# -- big messages --------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [1 << 30, 65_536, 1000])
async def test_a_big_message_is_spooled_and_is_the_same(piece: int) -> None:
    office = Office()
    body = b"\r\n" + b"0123456789abcdef\r\n" * 20_000
    _, kept = await office.take(FROM + REST + body, piece=piece)
    assert len(office.store.spools) == 1
    assert kept.startswith(b"Received: ")
    assert kept.endswith(FROM + REST + body)


async def test_a_header_between_64_and_100_kib_is_waited_for_octet_by_octet() -> None:
    office = Office()
    header = FROM + b"X-Long: " + (b"x" * 900 + b"\r\n ") * 90 + b"x\r\n"
    _, kept = await office.take(header + BODY, piece=500)
    assert kept.endswith(header + BODY)


async def test_a_big_message_refused_by_its_header_is_never_on_the_disk() -> None:
    office = Office()
    await office.refuse(b"From: <charlie@example.org>\r\n\r\n" + b"x\r\n" * 50_000, piece=5000)
    assert office.store.spools == []


# -- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 50_000])
async def test_a_full_disk_is_a_rejection_and_nothing_is_kept(size: int) -> None:
    """R-20."""
    office = Office(KeptMail(failure=StorageFull("full")))
    reply = await office.refuse(FROM + b"\r\n" + b"x\r\n" * size)
    assert reply.startswith("452 4.3.1 ")


@pytest.mark.parametrize("failure", [StoreBroken("a sync failed"), OSError("gone")])
async def test_a_broken_store_is_an_exception_and_the_schedule_is_not_told(
    failure: Exception,
) -> None:
    """R-24."""
    office = Office(KeptMail(failure=failure))
    with pytest.raises(type(failure)):
        await office.offer(FROM + BODY)
    assert office.told.accepted_ids == []


async def test_a_commit_that_takes_too_long_is_taken_back() -> None:
    """R-26: more than 25 s, here less."""
    office = Office(KeptMail(gate=asyncio.Event()), patience=timedelta(milliseconds=10))
    with pytest.raises(TimeoutError):
        await office.offer(FROM + BODY)
    assert office.store.gate is not None
    office.store.gate.set()
    await asyncio.sleep(0)
    assert office.store.messages == []
    assert office.told.accepted_ids == []


async def test_room_is_asked_of_the_store() -> None:
    """R-20."""
    office = Office()
    assert office.accept.has_room(1000)
    office.store.has_space = False
    assert not office.accept.has_room(1000)
