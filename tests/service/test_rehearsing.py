"""Test mode: the same queue, claims, attempts and events as all mail, and no socket."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.doubles.memory_store import MemoryQueues, MemoryStore
from tests.doubles.sending_office import SendingOffice
from tests.service.sending.test_send import ALICE, a_call

from sztafeta.account.api_key import Mode
from sztafeta.delivery.egress import EgressSource, EgressSources
from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.rehearsal import play
from sztafeta.delivery.retry import RetryPlan
from sztafeta.delivery.route import Hop, Route
from sztafeta.delivery.shaping import SiteLimits, SiteState
from sztafeta.delivery.state import State
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.delivery.verdict import Answer, Failure, FailureKind, Stage
from sztafeta.mail.address import parse_mailbox
from sztafeta.service.deliver import Deliver
from sztafeta.service.notices import StatusNotices
from sztafeta.service.ports import Connection, DialFailure
from sztafeta.service.record import Record
from sztafeta.service.rehearsing import RehearsalDialer, RehearsalRouter
from sztafeta.service.schedule import Schedule
from sztafeta.service.sending.call import Call, Caller
from sztafeta.service.sending.send import Sent
from sztafeta.service.sign import Sign
from sztafeta.workers.signers import Signers

ROUTE = Route(
    site="mx.example.net",
    hops=(Hop(host="mx.example.net", addresses=("192.0.2.1",)),),
    valid_for_seconds=60,
)
TESTER = Caller(account=ALICE.account, mode=Mode.TEST, key_id="t123456789", address="192.0.2.7")


class RealWorld:
    """A router and a dialler that note who was really meant to get mail."""

    def __init__(self) -> None:
        self.dialled: list[str] = []

    async def route(self, domain: str) -> Route | Failure:
        """Give a route."""
        return ROUTE

    async def dial(
        self, route: Route, *, source: EgressSource, tls: TlsRequirement
    ) -> Connection | DialFailure:
        """Note it, and fail."""
        self.dialled.append(route.site)
        failure = Failure(FailureKind.REFUSED, "nobody is there")
        return DialFailure(answer=Answer(Stage.CONNECT, failure), hop="", transcript="", tried=1)


class Line:
    """A whole line of delivery on the memory store."""

    def __init__(self) -> None:
        self.store, self.world = MemoryStore(), RealWorld()
        self.queues = MemoryQueues(self.store)
        self.office = SendingOffice(self.store, self.store.bodies, self)
        self.clock = self.office.clock
        self.schedule = Schedule(
            store=self.queues,
            router=RehearsalRouter(self.world),
            sources=EgressSources(shared=EgressSource(name="default", ehlo_name="mx.example.org")),
            clock=self.clock,
            new_site_state=lambda: SiteState(SiteLimits()),
        )
        self.record = Record(
            store=self.queues,
            schedule=self.schedule,
            clock=self.clock,
            ids=IdSource(2),
            plan=RetryPlan(),
            notices=StatusNotices(hostname="mx.example.org", ids=IdSource(3)),
            draw=lambda: 0.5,
        )
        self.deliver = Deliver(
            store=self.queues,
            schedule=self.schedule,
            dialer=RehearsalDialer(self.world),
            sign=Sign(accounts=self.store, hands=Signers(1), clock=self.clock),
            record=self.record,
            clock=self.clock,
        )
        self.accepted = self.schedule.accepted

    async def send(self, call: Call, caller: Caller = TESTER) -> Sent:
        """Take a call over."""
        sent = await self.office.sending.send(caller, call)
        assert isinstance(sent, Sent), sent
        return sent

    async def work(self) -> None:
        """Do everything that is due now."""
        now = self.clock.now()
        if not self.queues.number:
            await self.queues.join("node", now=now)
        self.schedule.ring_alarms()
        self.schedule.review_busy()
        self.schedule.adopt(await self.queues.lease(now=now, limit=100))
        await self.schedule.refill_wanted()
        for _ in range(5):  # routes are looked up beside everything else
            await asyncio.sleep(0)
        for site in list(self.schedule.sites.by_name.values()):
            while (batch := self.schedule.take(site)) is not None:
                await self.deliver.attempt(batch, None)
        await self.record.finish()

    def states(self) -> dict[str, State]:
        """Give where each recipient stands, by local part."""
        rows = self.store.rows.values()
        return {row.new.forward_path.mailbox.local_part: row.state for row in rows}

    def story(self, local_part: str) -> list[str]:
        """Give the kinds of a recipient's events."""
        for row in self.store.rows.values():
            if row.new.forward_path.mailbox.local_part == local_part:
                return [event.kind.value for event in row.events]
        return []


async def test_the_outcomes_are_played_at_any_domain_and_nothing_is_dialled() -> None:
    """Issue 3, §4: a test key never sends; magic addresses play the outcomes."""
    line = Line()
    await line.send(
        a_call(
            "delivered@example.net",
            "bounced+label@test.example",
            "soft@example.net",
            "slow@example.net",
            "anybody@example.org",
        )
    )
    await line.work()
    assert line.states() == {
        "delivered": State.DELIVERED,
        "bounced+label": State.BOUNCED,
        "soft": State.QUEUED,
        "slow": State.QUEUED,
        "anybody": State.DELIVERED,
    }
    line.clock.advance(timedelta(minutes=5))
    await line.work()
    assert line.states()["soft"] is line.states()["slow"] is State.DELIVERED
    assert line.story("soft") == ["queued", "deferred", "delivered"]
    assert line.world.dialled == []


async def test_a_failed_attempt_has_its_transcript_like_any_other() -> None:
    line = Line()
    await line.send(a_call("bounced@example.net"))
    await line.work()
    (row,) = line.store.rows.values()
    (attempt,) = row.attempts
    assert (attempt.reply_code, attempt.reply_status, attempt.rule) == (
        550,
        "5.1.1",
        "recipient-refused",
    )
    assert "C: RCPT TO:<bounced@example.net>\nS: 550 5.1.1" in attempt.transcript


async def test_live_mail_is_dialled_even_to_a_magic_address() -> None:
    line = Line()
    await line.send(a_call("delivered@example.net"), ALICE)
    await line.work()
    assert line.world.dialled == ["mx.example.net"]
    assert line.states() == {"delivered": State.QUEUED}


async def test_test_mail_and_live_mail_of_one_domain_go_different_ways() -> None:
    line = Line()
    await line.send(a_call("a@example.net"), ALICE)
    await line.send(a_call("b@example.net"))
    await line.work()
    assert line.states() == {"a": State.QUEUED, "b": State.DELIVERED}
    assert {queue.key.pool for queue in line.store.ready.values()} == {"default", "test"}


@pytest.mark.parametrize("is_leased", [False, True])
async def test_mail_for_later_waits_for_its_time(is_leased: bool) -> None:
    """An alarm, not a hand-over, also in a queue that this node holds already."""
    line = Line()
    if is_leased:
        await line.send(a_call("first@example.net"))
        await line.work()
    await line.send(a_call("later@example.net", send_at=line.clock.now() + timedelta(hours=1)))
    await line.work()
    line.clock.advance(timedelta(minutes=59))
    await line.work()
    assert line.states()["later"] is State.QUEUED
    line.clock.advance(timedelta(minutes=2))
    await line.work()
    assert line.states()["later"] is State.DELIVERED


async def test_a_later_alarm_does_not_hide_an_earlier_one() -> None:
    line = Line()
    await line.send(a_call("first@example.net"))
    await line.work()
    for name, hours in (("second", 2), ("first-again", 1), ("third", 3)):
        send_at = line.clock.now() + timedelta(hours=hours)
        await line.send(a_call(f"{name}@example.net", send_at=send_at))
    for expected in ("first-again", "second", "third"):
        line.clock.advance(timedelta(minutes=61))
        await line.work()
        assert line.states()[expected] is State.DELIVERED
    assert set(line.states().values()) == {State.DELIVERED}


async def test_a_soft_bounce_expires_when_no_time_is_left_for_another_try() -> None:
    """The ladder decides, as for all mail."""
    line = Line()
    expires_at = line.clock.now() + timedelta(seconds=45)
    await line.send(a_call("soft@example.net", expires_at=expires_at))
    await line.work()
    assert line.states() == {"soft": State.EXPIRED}
    assert line.story("soft") == ["queued", "bounced"]


@pytest.mark.parametrize(
    ("address", "codes"),
    [
        ("delivered@example.net", [250, 250, 250]),
        ("BOUNCED@example.net", [550, 550, 550]),
        ("soft+1@example.net", [451, 250, 250]),
        ("slow@example.net", [450, 250, 250]),
        ("deliver@example.net", [250, 250, 250]),
    ],
)
def test_each_word_has_its_part(address: str, codes: list[int]) -> None:
    played = [play(parse_mailbox(address), attempt).said for attempt in (1, 2, 3)]
    assert [getattr(said, "code", None) for said in played] == codes
