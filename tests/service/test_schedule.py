"""SCHEDULE: a bounded window on the queue, fair among customers, that never loses sight of a recipient."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tests.doubles.delivery_house import DeliveryHouse
from tests.doubles.memory_store import MemoryQueues, MemoryStore
from tests.doubles.scripted_hops import DEAD, LATER, NO_DOMAIN, route_to

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.service.ports import TEST_POOL, DueRecipient, LeasedQueue, NewMessage, Selection
from sztafeta.service.ready_queue import Batch, Site
from sztafeta.service.schedule import ScheduleLimits

SECOND = timedelta(seconds=1)


class SlowReads(MemoryQueues):
    """A store whose reads of due recipients can be stopped before they answer."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.gate: asyncio.Event | None = None
        self.reads = 0

    async def due(
        self, queue: LeasedQueue, *, now: datetime, limit: int, after: tuple[datetime, int] | None
    ) -> Sequence[DueRecipient]:
        self.reads += 1
        found = await super().due(queue, now=now, limit=limit, after=after)
        if self.gate is not None:
            await self.gate.wait()
        return found


async def house(**limits: int) -> DeliveryHouse:
    return await DeliveryHouse(limits=ScheduleLimits(**limits)).join()


def site_of(house: DeliveryHouse, name: str = "example.net") -> Site:
    return house.schedule.sites.by_name[name]


def taken(batch: Batch | None) -> list[str]:
    assert batch is not None
    return [due.forward_path.mailbox.local_part for due in batch.recipients]


def ids(messages: Sequence[NewMessage]) -> list[int]:
    return [message.message_id for message in messages]


# -- what comes in ---------------------------------------------------------------------------------


async def test_the_first_message_for_a_domain_has_its_queue_leased_and_read() -> None:
    here = await house()
    message = await here.send("bob@example.net")
    assert here.schedule.wants_leases()
    assert not here.schedule.wants_leases()
    await here.look()
    batch = here.schedule.take(site_of(here))
    assert taken(batch) == ["bob"]
    assert batch is not None
    assert batch.message_id == message.message_id
    assert here.schedule.take(site_of(here)) is None


async def test_a_message_for_a_drained_queue_is_handed_over_with_its_content() -> None:
    here = await house()
    await here.send("bob@example.net")
    await here.work()
    fresh = await here.send("carol@example.net", "dave@example.net")
    batch = here.schedule.take(site_of(here))
    assert taken(batch) == ["carol", "dave"]
    assert batch is not None
    kept = here.schedule.fresh(batch)
    assert kept is not None
    assert kept.message_id == fresh.message_id
    assert here.schedule.fresh(batch) is None, "it is forgotten once all have taken it"


async def test_a_suppressed_recipient_is_not_scheduled() -> None:
    here = await house()
    await here.send("bob@example.net", state=State.SUPPRESSED)
    await here.look()
    assert here.schedule.depth == 0


async def test_fresh_content_is_bounded_and_big_content_is_not_kept() -> None:
    here = await house(content_bytes=200)
    await here.send("bob@example.net")
    await here.work()
    for name in ("a", "b", "c", "d", "e", "f", "g", "h", "i"):
        await here.send(f"{name}@example.net")
    batches = [here.schedule.take(site_of(here)) for _ in range(9)]
    kept = [here.schedule.fresh(batch) is not None for batch in batches if batch is not None]
    assert kept == [False] + [True] * 8
    small = await house(content_bytes=100)
    await small.send("bob@example.net")
    await small.work()
    await small.send("carol@example.net")
    batch = small.schedule.take(site_of(small))
    assert batch is not None
    assert small.schedule.fresh(batch) is None


# -- what goes out ---------------------------------------------------------------------------------


async def test_recipients_of_one_message_go_together_up_to_the_limit() -> None:
    """R-56."""
    here = await house(recipients_per_transaction=2)
    await here.send("a@example.net", "b@example.net", "c@example.net")
    await here.send("d@example.net")
    await here.look()
    site = site_of(here)
    assert [taken(here.schedule.take(site)) for _ in range(3)] == [["a", "b"], ["c"], ["d"]]


async def test_a_site_takes_turns_among_customers() -> None:
    """R-52: a customer's many messages delay another's one by one turn."""
    here = await house()
    for _ in range(100):
        await here.send("many@example.net", customer_id=1)
    await here.send("one@example.net", customer_id=2)
    await here.look()
    site = site_of(here)
    assert "one" in [name for _ in range(2) for name in taken(here.schedule.take(site))]


async def test_domains_behind_one_set_of_hosts_are_one_site() -> None:
    here = await house()
    here.router.routes = {name: route_to("mx.example.org") for name in ("one.test", "two.test")}
    await here.send("a@one.test", "b@two.test")
    await here.look()
    assert list(here.schedule.sites.by_name) == ["mx.example.org"]
    site = here.schedule.sites.by_name["mx.example.org"]
    assert sorted(taken(here.schedule.take(site)) + taken(here.schedule.take(site))) == ["a", "b"]


# -- bounded memory --------------------------------------------------------------------------------


async def test_memory_holds_a_window_however_much_is_queued() -> None:
    """R-54: rows wait in the store, not in memory."""
    here = await house(window=40, total=50, page=20)
    for _ in range(500):
        await here.send("bob@example.net")
    await here.look()
    assert here.schedule.depth <= 40
    seen = 0
    while (batch := here.next_batch()) is not None:
        seen += len(batch.recipients)
        for due in batch.recipients:
            await here.deliver.attempt(Batch(batch.site, batch.queue, (due,)), None)
        await here.record.finish()
        assert here.schedule.depth <= 40
        await here.look()
    assert seen == 500


async def test_a_dead_site_cannot_fill_the_memory_that_others_need() -> None:
    """R-50, R-51: many recipients of sites that are left alone leave a share to every other queue."""
    here = await house(total=20, page=20, window=20)
    for name in ("one", "two", "three"):
        for _ in range(30):
            await here.send(f"bob@{name}.test")
    await here.look()
    await here.send("alice@example.net", customer_id=2)
    await here.look()
    assert taken(here.schedule.take(site_of(here))) == ["alice"]
    await here.send("again@example.net", customer_id=2)
    await here.look()
    assert taken(here.schedule.take(site_of(here))) == ["again"]


# -- nothing is lost from sight --------------------------------------------------------------------


async def test_a_recipient_that_is_committed_late_is_found_while_the_queue_is_busy() -> None:
    """An accept's time is taken before its commit: it may be older than what was read already."""
    here = await house()
    late = here.letter("late@example.net")
    here.clock.advance(SECOND)
    for _ in range(3):
        await here.send("busy@example.net")
    await here.look()
    assert taken(here.schedule.take(site_of(here))) == ["busy"]
    await here.queues.accept(late)
    here.schedule.review_busy()
    await here.look()
    names = [taken(here.schedule.take(site_of(here))) for _ in range(3)]
    assert ["late"] in names


async def test_what_came_in_during_a_slow_read_is_read_next() -> None:
    here = await DeliveryHouse(queues=SlowReads).join()
    queues = here.queues
    assert isinstance(queues, SlowReads)
    await here.send("first@example.net")
    queues.gate = asyncio.Event()
    looking = asyncio.ensure_future(here.look())
    await here.settled()
    await here.send("second@example.net")
    queues.gate.set()
    await looking
    await here.look()
    site = site_of(here)
    assert [taken(here.schedule.take(site)) for _ in range(2)] == [["first"], ["second"]]


async def test_what_is_committed_late_during_a_read_is_found_at_once() -> None:
    here = await DeliveryHouse(queues=SlowReads).join()
    queues = here.queues
    assert isinstance(queues, SlowReads)
    late = here.letter("late@example.net")
    here.clock.advance(SECOND)
    for _ in range(3):
        await here.send("busy@example.net")
    queues.gate = asyncio.Event()
    looking = asyncio.ensure_future(here.look())
    await here.settled()
    here.schedule.accepted(late, await here.queues.accept(late))
    queues.gate.set()
    await looking
    await here.look()
    names = [taken(here.schedule.take(site_of(here))) for _ in range(4)]
    assert names == [["busy"]] * 3 + [["late"]]


async def test_what_is_committed_late_after_a_read_is_found_at_once() -> None:
    here = await house(window=3)
    late = here.letter("late@example.net")
    here.clock.advance(SECOND)
    for _ in range(3):
        await here.send("busy@example.net")
    await here.look()
    here.schedule.accepted(late, await here.queues.accept(late))
    names = []
    for _ in range(4):
        names.append(taken(here.schedule.take(site_of(here))))
        await here.look()
    assert ["late"] in names


async def test_what_was_read_back_before_its_accept_was_told_is_scheduled_once() -> None:
    """A commit is seen by the next read, which may answer before whoever accepted the message goes on."""
    here = await house()
    await here.send("first@example.net")
    await here.work()
    early = here.letter("early@example.net")
    queue_ids = await here.queues.accept(early)
    here.schedule.review_busy()
    await here.look()
    here.schedule.accepted(early, queue_ids)
    await here.look()
    site = site_of(here)
    assert taken(here.schedule.take(site)) == ["early"]
    assert here.schedule.take(site) is None


async def test_a_deferred_recipient_is_taken_again_when_it_is_due_and_not_before() -> None:
    here = await house()
    here.dialer.answers = {"bob@example.net": [LATER]}
    message = await here.send("bob@example.net")
    await here.work()
    here.clock.advance(timedelta(seconds=119))
    await here.work()
    assert here.rows(message)[0].attempt == 1
    assert here.schedule.next_alarm is not None
    here.clock.advance(SECOND)
    await here.work()
    assert here.rows(message)[0].attempt == 2


async def test_of_many_deferred_recipients_none_is_forgotten() -> None:
    here = await house(page=4)
    here.dialer.answers = {f"bob{n}@example.net": [LATER] for n in range(20)}
    messages = [await here.send(f"bob{n}@example.net") for n in range(20)]
    await here.work()
    for _ in range(200):
        here.clock.advance(timedelta(minutes=15))
        here.schedule.review_busy()
        await here.work()
    assert {here.states(message)[0] for message in messages} == {State.EXPIRED}


async def test_queues_of_a_site_that_is_left_alone_are_not_read_again_and_again() -> None:
    """R-50: ten thousand dead domains must not keep the scheduler from the others."""
    here = await DeliveryHouse(queues=SlowReads).join()
    queues = here.queues
    assert isinstance(queues, SlowReads)
    here.dialer.failures = {"example.net": DEAD}
    for _ in range(3):
        await here.send("bob@example.net")
    await here.work()
    queues.reads = 0
    here.schedule.review_busy()
    await here.look()
    assert queues.reads == 0
    here.clock.advance(timedelta(minutes=1))
    here.schedule.review_busy()
    await here.look()
    assert queues.reads == 1


async def test_an_operators_retry_is_seen_at_the_next_look() -> None:
    here = await house()
    here.dialer.answers = {"bob@example.net": [LATER]}
    message = await here.send("bob@example.net")
    await here.work()
    assert await here.store.retry(Selection(), now=here.clock.now()) == 1
    await here.work()
    assert here.rows(message)[0].attempt == 2


# -- leases ----------------------------------------------------------------------------------------


async def test_a_queue_that_stays_idle_is_given_back_and_leased_again() -> None:
    here = await house()
    await here.send("bob@example.net")
    await here.work()
    for _ in range(2):
        await here.schedule.release_idle(before=here.clock.now() - timedelta(seconds=60))
        here.clock.advance(timedelta(seconds=61))
    await here.schedule.release_idle(before=here.clock.now() - timedelta(seconds=60))
    assert here.store.ready[1].node is None
    assert here.schedule.sites.by_name == {}
    message = await here.send("carol@example.net")
    await here.work()
    assert here.states(message) == [State.DELIVERED]


async def test_a_queue_with_somebody_sending_is_never_given_back() -> None:
    here = await house()
    await here.send("bob@example.net")
    await here.look()
    assert taken(here.schedule.take(site_of(here))) == ["bob"]
    for _ in range(3):
        here.clock.advance(timedelta(hours=1))
        await here.schedule.release_idle(before=here.clock.now())
    assert here.store.ready[1].node is not None


async def test_a_queue_that_works_between_two_looks_counts_as_idle_from_then_on() -> None:
    here = await house()
    await here.send("bob@example.net")
    await here.work()
    await here.schedule.release_idle(before=here.clock.now() - timedelta(seconds=60))
    await here.send("carol@example.net")
    await here.schedule.release_idle(before=here.clock.now() - timedelta(seconds=60))
    await here.work()
    here.clock.advance(timedelta(seconds=61))
    await here.schedule.release_idle(before=here.clock.now() - timedelta(seconds=60))
    assert here.store.ready[1].node is not None


async def test_a_queue_that_comes_back_under_a_new_epoch_begins_anew() -> None:
    here = await house()
    message = await here.send("bob@example.net")
    await here.look()
    batch = here.schedule.take(site_of(here))
    assert batch is not None
    here.store.ready[1].node = None
    here.store.ready[1].poke(here.clock.now())
    await here.look()
    await here.deliver.attempt(batch, None)
    assert here.states(message) == [State.QUEUED], "the old epoch's claim matches no row"
    await here.work()
    assert here.states(message) == [State.DELIVERED]


# -- where a queue leads ---------------------------------------------------------------------------


async def test_a_slow_name_server_delays_nobody_else() -> None:
    """R-50, R-61."""
    here = await house()
    here.router.slow["slow.test"] = asyncio.Event()
    slow = await here.send("bob@slow.test")
    quick = await here.send("bob@example.net")
    await here.work()
    assert here.states(quick) == [State.DELIVERED]
    assert here.states(slow) == [State.QUEUED]
    here.router.slow["slow.test"].set()
    await here.settled()
    await here.work()
    assert here.states(slow) == [State.DELIVERED]


async def test_a_route_is_looked_up_again_when_its_lifetime_is_over() -> None:
    """Also for a queue that is never empty for long, whose mail is all handed over fresh."""
    here = await house()
    here.router.routes["example.net"] = route_to("old.test", seconds=60)
    await here.send("bob@example.net")
    await here.work()
    here.router.routes["example.net"] = route_to("new.test", seconds=60)
    here.clock.advance(timedelta(seconds=59))
    await here.send("bob@example.net")
    await here.work()
    here.clock.advance(timedelta(seconds=2))
    await here.send("bob@example.net")
    await here.settled()
    await here.work()
    assert here.dialer.dialled == ["old.test", "new.test"]


async def test_waiting_mail_moves_to_the_new_site_with_its_queue() -> None:
    here = await house()
    here.router.routes["example.net"] = route_to("old.test", seconds=60)
    await here.send("a@example.net")
    await here.look()
    here.router.routes["example.net"] = route_to("new.test", seconds=60)
    here.clock.advance(timedelta(seconds=61))
    await here.send("b@example.net")
    here.schedule.review_busy()
    await here.look()
    assert not site_of(here, "old.test").has_work
    assert taken(here.schedule.take(site_of(here, "new.test"))) == ["a"]


async def test_a_domain_without_a_route_is_looked_up_again_after_a_minute() -> None:
    here = await house()
    here.router.routes["example.net"] = NO_DOMAIN
    lost = await here.send("bob@example.net")
    await here.work()
    assert here.states(lost) == [State.BOUNCED]
    del here.router.routes["example.net"]
    here.clock.advance(timedelta(seconds=61))
    message = await here.send("bob@example.net")
    await here.settled()
    await here.work()
    assert here.states(message) == [State.DELIVERED]


async def test_a_site_that_is_left_alone_is_remembered_while_it_is() -> None:
    """R-50: a queue that goes and comes back does not begin with all connections again."""
    here = await house()
    here.dialer.failures = {"example.net": DEAD}
    await here.send("bob@example.net")
    await here.work()
    site = site_of(here)
    assert site.state.allowance(here.clock.now()) == 0
    for _ in range(2):
        await here.schedule.release_idle(before=here.clock.now())
    assert here.store.ready[1].node is None
    assert site_of(here) is site
    here.clock.advance(timedelta(minutes=1))
    await here.schedule.release_idle(before=here.clock.now())
    assert here.schedule.sites.by_name == {}


async def test_queues_whose_site_is_left_alone_are_named_for_the_expiry() -> None:
    here = await house()
    here.dialer.failures = {"example.net": DEAD}
    await here.send("bob@example.net")
    await here.send("carol@example.net")
    await here.look()
    assert here.schedule.waiting_queues() == []
    batch = here.next_batch()
    assert batch is not None
    for verdict in (await here.attempt(batch)).verdicts:
        batch.site.state.learn(verdict, here.clock.now())
    assert here.schedule.waiting_queues() == [batch.queue]


# -- where it leaves from ----------------------------------------------------------------------------


async def sent_from(here: DeliveryHouse, pool: str) -> None:
    message = replace(here.letter("bob@example.net"), dedicated_pool=pool)
    here.schedule.accepted(message, await here.queues.accept(message))


async def test_mail_of_a_dedicated_source_has_a_site_of_its_own() -> None:
    here = await house()
    await sent_from(here, "")
    await sent_from(here, "alice/alice-1")
    await here.look()
    sites = here.schedule.sites.by_name
    assert set(sites) == {"example.net", "example.net from alice-1"}
    assert sites["example.net"].source.name == "default"
    assert sites["example.net from alice-1"].source.name == "alice-1"


async def test_mail_of_a_source_that_was_taken_away_leaves_from_the_shared_one() -> None:
    here = await house()
    await sent_from(here, "alice/gone")
    await here.look()
    (site,) = here.schedule.sites.by_name.values()
    assert site.source.name == "default"
    assert taken(here.schedule.take(site)) == ["bob"]


async def test_mail_in_test_mode_leaves_from_nowhere_whatever_its_account_chose() -> None:
    message = replace((await house()).letter("bob@example.net"), dedicated_pool="alice/alice-1")
    assert replace(message, mode=Mode.TEST).pool == TEST_POOL
    assert message.pool == "alice/alice-1"
