"""NOTICES: who is told what, and when: once, and never about a notice (RFC 3461 §5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.doubles.delivery_house import DeliveryHouse, text_of
from tests.doubles.memory_store import MemoryContent
from tests.doubles.scripted_hops import LATER, NO_DOMAIN, NO_USER

from sztafeta.delivery.state import State
from sztafeta.delivery.verdict import Outcome
from sztafeta.mail.address import Mailbox
from sztafeta.mail.dsn import Action
from sztafeta.mail.envelope import Envelope, ForwardPath, Notify, Return
from sztafeta.service.notices import wanted_action
from sztafeta.service.ports import NewMessage, Selection

ALICE, BOB = Mailbox("alice", "example.com"), Mailbox("bob", "example.net")
ALL = Notify.SUCCESS | Notify.FAILURE | Notify.DELAY
OUTCOMES = (Outcome.DELIVERED, Outcome.DEFERRED, Outcome.BOUNCED, Outcome.EXPIRED)
FAILED, DELAYED, RELAYED = Action.FAILED, Action.DELAYED, Action.RELAYED


@pytest.fixture
async def here() -> DeliveryHouse:
    return await DeliveryHouse().join()


def path(notify: Notify | None = None, original: str | None = None) -> ForwardPath:
    return ForwardPath(mailbox=BOB, notify=notify, original=original)


async def refused(here: DeliveryHouse, **how: object) -> NewMessage:
    """Send what the hop refuses; give the one notice."""
    here.dialer.answers[str(BOB)] = [NO_USER]
    await here.send(str(BOB), **how)
    await here.work()
    (notice,) = here.notices
    return notice


# -- the table -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notify", "actions"),
    [
        (None, (None, None, FAILED, FAILED)),
        (Notify.NEVER, (None, None, None, None)),
        (Notify.SUCCESS, (RELAYED, None, None, None)),
        (Notify.FAILURE, (None, None, FAILED, FAILED)),
        (Notify.DELAY, (None, DELAYED, None, None)),
        (ALL, (RELAYED, DELAYED, FAILED, FAILED)),
    ],
)
def test_each_outcome_asks_for_what_notify_says(
    notify: Notify | None, actions: tuple[Action | None, ...]
) -> None:
    """C-083, C-084, C-085, C-086."""
    asked = [
        wanted_action(notify, one, failure_by_default=True, dsn_passed=False) for one in OUTCOMES
    ]
    assert tuple(asked) == actions


def test_an_account_without_notices_is_told_only_where_notify_asks() -> None:
    """C-084."""
    how = {"failure_by_default": False, "dsn_passed": False}
    assert wanted_action(None, Outcome.BOUNCED, **how) is None
    assert wanted_action(Notify.FAILURE, Outcome.BOUNCED, **how) is FAILED


def test_success_is_the_next_hops_to_tell_when_it_took_that_over() -> None:
    """C-082, C-083."""
    how = {"failure_by_default": True, "dsn_passed": True}
    assert wanted_action(Notify.SUCCESS, Outcome.DELIVERED, **how) is None


# -- the notice as a message -----------------------------------------------------------------------


async def test_a_notice_is_a_message_of_its_own_from_the_null_sender(here: DeliveryHouse) -> None:
    """C-084, C-089: it can fail and never be answered."""
    notice = await refused(here)
    assert notice.envelope.reverse_path is None
    (recipient,) = notice.recipients
    assert recipient.forward_path == ForwardPath(mailbox=ALICE, notify=Notify.NEVER)
    assert notice.signing_domain == "relay.example.org"
    assert notice.expires_at - notice.accepted_at == timedelta(hours=48)
    assert here.states(notice) == [State.DELIVERED]
    assert here.dialer.sent[-1] == ["alice@example.com"]


async def test_one_notice_speaks_for_all_recipients_of_a_transaction(here: DeliveryHouse) -> None:
    names = ["a@example.net", "b@example.net"]
    here.dialer.answers = {name: [NO_USER] for name in names}
    await here.send(*names, "ok@example.net")
    await here.work()
    (notice,) = here.notices
    assert text_of(notice).count("Final-Recipient:") == 2


async def test_outcomes_of_two_kinds_are_two_notices(here: DeliveryHouse) -> None:
    here.dialer.answers[str(BOB)] = [NO_USER]
    ok = ForwardPath(mailbox=Mailbox("ok", "example.net"), notify=Notify.SUCCESS)
    await here.send("ok@example.net", str(BOB), path=ok)
    await here.work()
    texts = [text_of(notice) for notice in here.notices]
    assert ["Action: relayed" in text for text in texts].count(True) == 1
    assert ["Action: failed" in text for text in texts].count(True) == 1


async def test_to_the_null_sender_nothing_is_told(here: DeliveryHouse) -> None:
    """C-085."""
    here.dialer.answers[str(BOB)] = [NO_USER]
    await here.send(str(BOB), reverse_path=None)
    await here.work()
    assert len(here.notices) == 1, "the message itself, and nothing about it"
    expired = await here.send("carol@example.net", reverse_path=None)
    await here.look()
    batch = here.next_batch()
    assert batch is not None
    await here.deliver.expire(batch)
    await here.record.finish()
    assert here.states(expired) == [State.EXPIRED]
    assert len(here.notices) == 2


async def test_envid_and_orcpt_are_decoded_and_nonsense_is_left_out(here: DeliveryHouse) -> None:
    """C-080, C-081."""
    envelope = Envelope(reverse_path=ALICE, envelope_id="q+2B1")
    text = text_of(
        await refused(here, envelope=envelope, path=path(original="rfc822;a+2Bb@example.org"))
    )
    assert "Original-Envelope-Id: q+1\r\n" in text
    assert "Original-Recipient: rfc822;a+b@example.org\r\n" in text
    broken = await DeliveryHouse().join()
    text = text_of(await refused(broken, path=path(original="rfc822;a+zz")))
    assert "Original-Recipient" not in text


async def test_envid_and_orcpt_are_decoded_on_both_sides_of_a_semicolon(
    here: DeliveryHouse,
) -> None:
    """C-080, C-081: a semicolon stands for itself in xtext (RFC 3461 §4)."""
    envelope = Envelope(reverse_path=ALICE, envelope_id="a+2B1;b+2B2")
    original = "rfc822;a+2Bb;c@example.org"
    text = text_of(await refused(here, envelope=envelope, path=path(original=original)))
    assert "Original-Envelope-Id: a+1;b+2\r\n" in text
    assert "Original-Recipient: rfc822;a+b;c@example.org\r\n" in text


@pytest.mark.parametrize(
    ("content", "returns", "kind"),
    [
        (b"Subject: x\r\n\r\nbody\r\n", None, "message/rfc822"),
        (b"Subject: x\r\n\r\nbody\r\n", Return.HEADERS, "text/rfc822-headers"),
        (b"Subject: x\r\n", Return.HEADERS, "text/rfc822-headers"),
        (b"Subject: x\r\n\r\n" + b"body\r\n" * 20_000, Return.FULL, "text/rfc822-headers"),
    ],
)
async def test_what_is_returned_is_what_was_asked_for_and_small(
    here: DeliveryHouse, content: bytes, returns: Return | None, kind: str
) -> None:
    """C-087."""
    envelope = Envelope(reverse_path=ALICE, returns=returns)
    text = text_of(await refused(here, envelope=envelope, content=MemoryContent(content)))
    assert f"Content-Type: {kind}\r\n" in text
    assert "Subject: x\r\n" in text
    assert ("body" in text.rpartition("Content-Type:")[2]) is (kind == "message/rfc822")


@pytest.mark.parametrize("returns", [None, Return.HEADERS])
async def test_a_notice_about_8bit_mail_needs_nothing_of_its_hop(
    here: DeliveryHouse, returns: Return | None
) -> None:
    """C-033: it would be refused by a hop without 8BITMIME, and nobody is told of a lost notice."""
    envelope = Envelope(reverse_path=ALICE, smtputf8=True, eight_bit=True, returns=returns)
    content = MemoryContent("Subject: Zażółć\r\n\r\ngęślą jaźń\r\n".encode())
    notice = await refused(here, envelope=envelope, content=content)
    assert text_of(notice).isascii()
    assert not notice.envelope.eight_bit
    assert not notice.envelope.smtputf8


async def test_a_failure_without_a_reply_is_told_in_words(here: DeliveryHouse) -> None:
    here.router.routes["example.net"] = NO_DOMAIN
    await here.send(str(BOB))
    await here.work()
    (notice,) = here.notices
    assert "Status: 5.1.2\r\n" in text_of(notice)
    assert "the domain does not exist" in text_of(notice)


async def test_an_expiry_without_another_attempt_is_5_4_7(here: DeliveryHouse) -> None:
    quiet = ForwardPath(mailbox=Mailbox("q", "example.net"), notify=Notify.NEVER)
    await here.send("q@example.net", str(BOB), path=quiet)
    await here.look()
    batch = here.next_batch()
    assert batch is not None
    await here.deliver.expire(batch)
    await here.record.finish()
    (notice,) = here.notices
    assert "Status: 5.4.7\r\n" in text_of(notice)
    assert "q@example.net" not in text_of(notice)


# -- delay -----------------------------------------------------------------------------------------


async def test_an_operators_retry_does_not_have_a_delay_told_twice(here: DeliveryHouse) -> None:
    here.dialer.answers[str(BOB)] = [LATER]
    await here.send(str(BOB), path=path(Notify.DELAY))
    for _ in range(12 * 12):
        await here.work()
        await here.store.retry(Selection(), now=here.clock.now())
        await here.work()
        here.clock.advance(timedelta(minutes=7))
    assert len(here.notices) == 1


@pytest.mark.parametrize("notify", [Notify.DELAY, ALL, None])
async def test_a_delay_is_told_once_in_a_lifetime_where_it_is_asked_for(
    here: DeliveryHouse, notify: Notify | None
) -> None:
    """C-086, R-60: walked by the clock for three days."""
    here.dialer.answers[str(BOB)] = [LATER]
    message = await here.send(str(BOB), path=path(notify))
    for _ in range(3 * 24 * 60):
        alarm = here.schedule.next_alarm
        if alarm is None or alarm <= here.clock.now():
            await here.work()
        here.clock.advance(timedelta(minutes=1))
    assert here.states(message) == [State.EXPIRED]
    texts = [text_of(notice) for notice in here.notices]
    told = [one.accepted_at for one in here.notices if "Action: delayed" in text_of(one)]
    hours = timedelta(hours=4)
    assert told == ([] if notify is None else [message.accepted_at + hours])
    failed = notify is None or Notify.FAILURE in notify
    assert ["Action: failed" in text for text in texts].count(True) == failed
