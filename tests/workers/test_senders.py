"""The senders: how many a site gets, whose turn it is when they run short, and what connections carry."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.doubles.delivery_house import DeliveryHouse
from tests.doubles.scripted_hops import CLOSING, DEAD, NO_USER, OK, SILENCE

from sztafeta.delivery.shaping import SiteLimits
from sztafeta.delivery.state import State
from sztafeta.service.ready_queue import Site
from sztafeta.workers.senders import Senders


class Staff:
    """A delivery house with senders at work in it."""

    def __init__(self, *, all_sites: int = 100, limits: SiteLimits | None = None) -> None:
        limits = limits or SiteLimits()
        self.house = DeliveryHouse(site_limits=limits)
        self.senders = Senders(
            schedule=self.house.schedule,
            deliver=self.house.deliver,
            clock=self.house.clock,
            limits=limits,
            max_connections=all_sites,
            on_trouble=self.house.trouble,
        )

    async def send(self, *recipients: str) -> None:
        """Accept a message to each."""
        for recipient in recipients:
            await self.house.send(recipient)
            await self.work()

    async def work(self) -> None:
        """Let everything happen that can happen now."""
        for _ in range(5):
            await self.house.look()
            await self.house.record.finish()

    def site(self, name: str = "example.net") -> Site:
        return self.house.schedule.sites.by_name[name]

    def hold_up(self, *sites: str) -> None:
        """Have the transactions of these sites wait."""
        for site in sites:
            self.house.dialer.slow[site] = asyncio.Event()

    async def let_go(self, site: str) -> None:
        self.house.dialer.slow.pop(site).set()
        await self.work()

    def busy(self, site: str) -> int:
        """Count the connections of a site that are in use or kept."""
        return sum(one.site == site and not one.has_quit for one in self.house.dialer.opened)

    @property
    def states(self) -> set[State]:
        return {row.state for row in self.house.store.rows.values()}


@pytest.fixture
async def staff() -> Staff:
    made = Staff()
    await made.house.join()
    return made


# -- how many --------------------------------------------------------------------------------------


async def test_a_site_gets_no_more_connections_than_it_may() -> None:
    """R-53: a cap per site, however much is due."""
    staff = Staff(limits=SiteLimits(connections=3))
    staff.hold_up("example.net")
    await staff.send(*(f"bob{n}@example.net" for n in range(10)))
    assert (staff.busy("example.net"), staff.senders.connections) == (3, 3)
    await staff.let_go("example.net")
    assert staff.states == {State.DELIVERED}
    assert len(staff.house.dialer.opened) == 3
    assert staff.senders.connections == 0


async def test_one_message_keeps_to_one_connection(staff: Staff) -> None:
    """R-56: transactions of a hundred, one after the other."""
    recipients = [f"bob{n}@example.net" for n in range(1000)]
    await staff.house.send(*recipients)
    await staff.work()
    assert len(staff.house.dialer.opened) == 1
    assert [len(one) for one in staff.house.dialer.sent] == [100] * 10


async def test_a_message_that_takes_long_does_not_keep_the_next_waiting(staff: Staff) -> None:
    """R-51: what stays with one connection is one message, not its site."""
    staff.hold_up("example.net")
    await staff.house.send(*(f"bob{n}@example.net" for n in range(250)))
    await staff.work()
    assert staff.busy("example.net") == 1
    await staff.house.send("carol@example.net")
    await staff.work()
    assert staff.busy("example.net") == 4, "three transactions of the one, and the other"


async def test_slow_sites_leave_connections_for_others() -> None:
    """R-51: the last quarter of all connections is for sites that have none."""
    staff = Staff(all_sites=8)
    staff.hold_up("slow.test")
    await staff.send(*(f"bob{n}@slow.test" for n in range(20)))
    assert staff.busy("slow.test") == 6
    await staff.send("bob@example.net")
    assert staff.busy("example.net") == 1
    assert staff.house.dialer.sent[-1] == ["bob@example.net"]


async def test_a_site_that_found_no_connection_free_gets_the_next() -> None:
    """R-50: its turn comes when another's sender ends, with nothing else happening."""
    staff = Staff(all_sites=2, limits=SiteLimits(connections=1))
    staff.hold_up("one.test", "two.test")
    await staff.send("a@one.test", "b@two.test", "c@three.test", "d@four.test")
    assert staff.house.dialer.dialled == ["one.test", "two.test"]
    staff.house.dialer.slow.pop("one.test").set()
    await staff.house.settled()
    assert staff.house.dialer.dialled == ["one.test", "two.test", "three.test", "four.test"]


# -- what a site teaches ---------------------------------------------------------------------------


async def test_a_site_learns_once_from_one_transaction(staff: Staff) -> None:
    """R-41: one silent end is one, whatever number of recipients it had."""
    recipients = [f"bob{n}@example.net" for n in range(10)]
    staff.house.dialer.answers = {one: [SILENCE] for one in recipients}
    await staff.house.send(*recipients)
    await staff.work()
    state = staff.site().state
    assert (state.unknowns, state.troubles) == (1, 1)
    assert state.retry_at is None


async def test_a_throttling_site_is_given_half(staff: Staff) -> None:
    """R-57: 421 4.7.0 too many."""
    staff.house.dialer.answers["bob@example.net"] = [CLOSING]
    await staff.send("bob@example.net")
    assert staff.site().state.allowance(staff.house.clock.now()) == 10


async def test_a_dead_site_is_probed_once_an_interval(staff: Staff) -> None:
    """R-50: not once a message."""
    staff.house.dialer.failures = {"dead.test": DEAD}
    await staff.send(*(f"bob{n}@dead.test" for n in range(50)))
    assert staff.house.dialer.dialled == ["dead.test"]
    staff.house.clock.advance(timedelta(minutes=1))
    staff.senders.wake(staff.site("dead.test"))
    await staff.work()
    assert staff.house.dialer.dialled == ["dead.test"] * 2
    staff.house.dialer.failures = {}
    staff.house.clock.advance(timedelta(minutes=2))
    staff.senders.wake(staff.site("dead.test"))
    await staff.work()
    assert [row.state for row in staff.house.store.rows.values()].count(State.DELIVERED) >= 48


async def test_a_refused_recipient_is_no_trouble_of_the_site(staff: Staff) -> None:
    staff.house.dialer.answers["bob@example.net"] = [NO_USER]
    await staff.send("bob@example.net")
    assert staff.site().state.troubles == 0


# -- connections -----------------------------------------------------------------------------------


async def test_connections_are_kept_and_used_again(staff: Staff) -> None:
    """C-127."""
    await staff.send("a@example.net", "b@example.net", "c@example.net")
    assert len(staff.house.dialer.opened) == 1


async def test_a_connection_carries_no_more_than_its_share() -> None:
    """C-127: at most 100 messages, here two."""
    staff = Staff(limits=SiteLimits(transactions_per_connection=2))
    await staff.send(*(f"bob{n}@example.net" for n in range(5)))
    assert [one.transactions for one in staff.house.dialer.opened] == [2, 2, 1]
    assert [one.has_quit for one in staff.house.dialer.opened] == [True, True, False]


async def test_a_connection_that_was_idle_for_too_long_is_closed(staff: Staff) -> None:
    """C-127: 60 s."""
    await staff.send("a@example.net")
    staff.house.clock.advance(timedelta(seconds=59))
    staff.senders.sweep()
    assert not staff.house.dialer.opened[0].has_quit
    staff.house.clock.advance(timedelta(seconds=1))
    staff.senders.sweep()
    await staff.house.settled()
    assert staff.house.dialer.opened[0].has_quit


async def test_a_connection_that_was_idle_for_too_long_is_not_used_again(staff: Staff) -> None:
    """C-127: also between two sweeps."""
    await staff.send("a@example.net")
    staff.house.clock.advance(timedelta(seconds=61))
    await staff.send("b@example.net")
    assert len(staff.house.dialer.opened) == 2
    assert staff.house.dialer.opened[0].has_quit


async def test_a_site_that_is_done_with_is_forgotten(staff: Staff) -> None:
    """Memory: a hop that never let us in leaves nothing behind."""
    staff.house.dialer.failures = {f"dead{n}.test": DEAD for n in range(10)}
    await staff.send(*(f"bob@dead{n}.test" for n in range(10)))
    assert staff.senders.sites == 10
    staff.senders.sweep()
    assert staff.senders.sites == 0


async def test_a_kept_connection_does_not_survive_a_bug(staff: Staff) -> None:
    await staff.send("a@example.net")
    staff.house.dialer.opened[0].usable = False
    staff.house.dialer.bug = RuntimeError("a bug")
    await staff.send("b@example.net")
    await staff.house.settled()
    assert staff.house.dialer.opened[0].has_quit


# -- trouble and the end ---------------------------------------------------------------------------


async def test_a_bug_costs_its_batch_one_wait_and_the_sender_goes_on(staff: Staff) -> None:
    staff.house.dialer.bug = RuntimeError("a bug")
    await staff.send("a@example.net")
    staff.house.dialer.bug = None
    await staff.send("b@example.net")
    assert staff.house.dialer.sent == [["b@example.net"]]
    assert staff.house.troubles == ["an attempt failed inside; its recipients stay due: a bug"]
    staff.house.clock.advance(timedelta(minutes=2))
    await staff.work()
    assert staff.states == {State.DELIVERED}


async def test_stopping_finishes_what_is_under_way_and_begins_nothing(staff: Staff) -> None:
    staff.hold_up("example.net")
    staff.house.dialer.answers["a@example.net"] = [OK]
    await staff.send("idle@example.org", "a@example.net")
    stopping = asyncio.ensure_future(staff.senders.stop(patience=30))
    await staff.house.settled()
    await staff.house.send("b@example.net")
    await staff.let_go("example.net")
    await stopping
    await staff.house.record.finish()
    assert staff.house.dialer.sent == [["idle@example.org"], ["a@example.net"]]
    assert all(one.has_quit for one in staff.house.dialer.opened)


async def test_what_does_not_finish_in_time_is_left_to_the_next_life(staff: Staff) -> None:
    """The claim is on disk: it is due again after the restart."""
    staff.hold_up("example.net")
    await staff.send("a@example.net")
    await staff.senders.stop(patience=0)
    assert staff.senders.connections == 0
    assert staff.states == {State.SENDING}
