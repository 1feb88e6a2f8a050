"""What every store promises to the operator: history, administration of queues and accounts, retention."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.houses import House, accepted, leased
from tests.contracts.letters import claim

from sztafeta.account.sending_domain import DkimKey, KeyAlgorithm, SendingDomain
from sztafeta.account.smtp_account import SenderRule, SmtpAccount, password_matches
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.service.ports import AlreadyThere, NotThere, Selection

MINUTE = timedelta(minutes=1)


# -- history --------------------------------------------------------------------------------------


async def test_messages_are_listed_newest_first_page_by_page(house: House) -> None:
    letters = []
    for number in range(3):
        letters.append(house.writer.letter(customer_id=1 + number % 2))
        await accepted(house, letters[-1])
        house.writer.clock.advance(MINUTE)
    first = await house.history.messages(limit=2)
    assert [one.message_id for one in first] == [letters[2].message_id, letters[1].message_id]
    rest = await house.history.messages(limit=2, before=first[-1].message_id)
    assert [one.message_id for one in rest] == [letters[0].message_id]
    of_second = await house.history.messages(limit=9, customer_id=2)
    assert [one.message_id for one in of_second] == [letters[1].message_id]


async def test_a_summary_says_who_what_when_and_how_far(house: House) -> None:
    letter = house.writer.letter("bob@example.net", "carol@example.org", subject="zażółć")
    await accepted(house, letter)
    (summary,) = await house.history.messages(limit=9)
    assert summary.reverse_path == letter.envelope.reverse_path
    assert (summary.subject, summary.size) == ("zażółć", letter.content.size)
    assert (summary.header_message_id, summary.accepted_at) == (
        letter.header_message_id,
        letter.accepted_at,
    )
    assert summary.states == {State.QUEUED: 2}


async def test_a_subject_with_stray_octets_is_kept_readable(house: House) -> None:
    await accepted(house, house.writer.letter(subject="caf\udce9 ok"))
    (summary,) = await house.history.messages(limit=1)
    assert summary.subject.endswith(" ok")


async def test_a_message_that_is_not_there_has_no_history(house: House) -> None:
    assert await house.history.message_history(5) is None


async def test_the_details_of_a_message_are_kept(house: House) -> None:
    letter = house.writer.letter()
    await accepted(house, letter)
    history = await house.history.message_history(letter.message_id)
    assert history is not None
    assert history.source == {"protocol": "ESMTPSA"}
    assert history.envelope == letter.envelope
    assert (history.signing_domain, history.expires_at) == ("example.com", letter.expires_at)
    assert history.recipients[0].events == letter.events
    assert history.recipients[0].due_at == letter.accepted_at


async def test_the_counts_add_up_to_what_was_accepted(house: House) -> None:
    """Acceptance §1.4: accepted = delivered + bounced + … + queued."""
    await accepted(house, house.writer.letter("bob@example.net", "carol@example.net"))
    (queue,) = await leased(house)
    bob, _ = await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
    await house.first.queues.claim([claim(bob, queue)], now=house.writer.now)
    await house.first.queues.settle([house.writer.settlement(bob, queue)], now=house.writer.now)
    assert await house.history.counts() == {State.DELIVERED: 1, State.QUEUED: 1}
    assert await house.history.live_counts() == {State.QUEUED: 1}


# -- queues ---------------------------------------------------------------------------------------


async def test_the_overview_counts_each_queue_the_fullest_first(house: House) -> None:
    customer = await house.accounts.create_customer("alice", now=house.writer.now)
    oldest = house.writer.now
    assert customer.customer_id == 1
    await accepted(house, house.writer.letter("bob@example.org"))
    house.writer.clock.advance(MINUTE)
    await accepted(house, house.writer.letter("bob@example.net", "carol@example.net"))
    await leased(house)
    first, second = await house.administration.overview(limit=9)
    assert (first.key.domain, first.queued, first.sending, first.held) == ("example.net", 2, 0, 0)
    assert (first.customer_name, first.node) == ("alice", "first")
    assert (second.key.domain, second.oldest_accepted_at) == ("example.org", oldest)
    assert second.next_due == oldest
    (only,) = await house.administration.overview(limit=9, domain="example.org")
    assert only == second
    assert await house.administration.overview(limit=9, customer_id=7) == []


async def test_held_recipients_wait_until_they_are_released(house: House) -> None:
    letter = house.writer.letter()
    await accepted(house, letter)
    (queue,) = await leased(house)
    chosen = Selection(message_id=letter.message_id)
    assert await house.administration.hold(chosen, now=house.writer.now, reason="suspicious") == 1
    assert not await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
    assert await leased(house) == [queue], "the owner is poked"
    house.writer.clock.advance(MINUTE)
    assert await house.administration.release(chosen, now=house.writer.now) == 1
    assert await leased(house) == [queue]
    (due,) = await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
    assert due.due_at == house.writer.now
    history = await house.history.message_history(letter.message_id)
    assert history is not None
    kinds = [(one.kind, one.details.get("reason")) for one in history.recipients[0].events]
    assert kinds[1:] == [(EventKind.HELD, "suspicious"), (EventKind.RELEASED, None)]


async def test_a_canceled_recipient_is_final_and_its_claim_fails(house: House) -> None:
    await accepted(house, house.writer.letter())
    (queue,) = await leased(house)
    (due,) = await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
    everything = Selection()
    assert await house.administration.cancel(everything, now=house.writer.now) == 1
    assert await house.administration.cancel(everything, now=house.writer.now) == 0
    ours = await house.first.queues.claim([claim(due, queue)], now=house.writer.now)
    assert ours == frozenset()
    assert await house.history.counts() == {State.CANCELED: 1}


async def test_held_recipients_can_be_canceled(house: House) -> None:
    await accepted(house, house.writer.letter())
    await house.administration.hold(Selection(), now=house.writer.now)
    assert await house.administration.cancel(Selection(), now=house.writer.now) == 1


async def test_retry_makes_deferred_recipients_due_now(house: House) -> None:
    await accepted(house, house.writer.letter())
    (queue,) = await leased(house)
    (due,) = await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
    await house.first.queues.claim([claim(due, queue)], now=house.writer.now)
    later = house.writer.now + timedelta(hours=4)
    deferred = house.writer.settlement(due, queue, State.QUEUED, due_at=later)
    await house.first.queues.settle([deferred], now=house.writer.now)
    house.writer.clock.advance(MINUTE)
    assert await house.administration.retry(Selection(domain="example.net"), now=house.writer.now)
    assert await leased(house) == [queue]
    assert await house.first.queues.next_due(queue) == house.writer.now


async def test_a_selection_touches_nothing_else(house: House) -> None:
    await accepted(house, house.writer.letter("bob@example.net", "bob@example.org"))
    await accepted(house, house.writer.letter("bob@example.net", customer_id=2))
    of_second = Selection(customer_id=2, domain="example.net")
    assert await house.administration.hold(of_second, now=house.writer.now) == 1
    by_domain = Selection(domain="example.org")
    assert await house.administration.hold(by_domain, now=house.writer.now) == 1
    assert await house.history.counts() == {State.HELD: 2, State.QUEUED: 1}


async def test_more_than_one_slice_is_changed(house: House) -> None:
    addresses = [f"bob{number}@example.net" for number in range(700)]
    await accepted(house, house.writer.letter(*addresses))
    assert await house.administration.hold(Selection(), now=house.writer.now) == 700
    assert await house.history.live_counts() == {State.HELD: 700}


# -- accounts -------------------------------------------------------------------------------------


def account(login: str = "1.alice.smtp", customer_name: str = "alice") -> SmtpAccount:
    return SmtpAccount(
        account_id=0,
        customer_id=0,
        customer_name=customer_name,
        login=login,
        password_sha256=b"",
        sender_rule=SenderRule.ANY,
        ttl=timedelta(hours=12),
    )


async def test_an_account_is_found_by_its_login_as_it_was_created(house: House) -> None:
    now = house.writer.now
    customer = await house.accounts.create_customer("alice", now=now)
    created = await house.accounts.create_smtp_account(account(), password="s3cret", now=now)
    found = await house.accounts.smtp_account("1.alice.smtp")
    assert found == created
    assert found == replace(
        account(),
        account_id=created.account_id,
        customer_id=customer.customer_id,
        password_sha256=created.password_sha256,
    )
    assert password_matches("s3cret", found.password_sha256)
    assert await house.accounts.smtp_account("2.alice.smtp") is None


async def test_names_that_are_taken_or_unknown_are_refused(house: House) -> None:
    now = house.writer.now
    customer = await house.accounts.create_customer("alice", now=now)
    await house.accounts.create_smtp_account(account(), password="one", now=now)
    domain = SendingDomain(domain="example.com", customer_id=customer.customer_id)
    await house.accounts.add_sending_domain(domain, now=now)
    with pytest.raises(AlreadyThere, match="alice"):
        await house.accounts.create_customer("alice", now=now)
    with pytest.raises(AlreadyThere, match=r"1\.alice\.smtp"):
        await house.accounts.create_smtp_account(account(), password="two", now=now)
    with pytest.raises(AlreadyThere, match=r"example\.com"):
        await house.accounts.add_sending_domain(domain, now=now)
    stranger = account("1.charlie.smtp", "charlie")
    with pytest.raises(NotThere, match="charlie"):
        await house.accounts.create_smtp_account(stranger, password="x", now=now)
    with pytest.raises(NotThere):
        await house.accounts.add_sending_domain(replace(domain, customer_id=77), now=now)
    with pytest.raises(NotThere):
        await house.accounts.set_password("nobody", "x")
    with pytest.raises(NotThere):
        await house.accounts.delete_smtp_account("nobody")
    with pytest.raises(NotThere):
        await house.accounts.remove_sending_domain("example.net")
    with pytest.raises(NotThere):
        await house.accounts.enable_customer("charlie", enabled=False)


async def test_an_accounts_settings_and_password_can_be_changed(house: House) -> None:
    now = house.writer.now
    await house.accounts.create_customer("alice", now=now)
    created = await house.accounts.create_smtp_account(account(), password="one", now=now)
    assert created.egress == "shared"
    changed = replace(created, max_connections=3, cleartext_auth=True, failure_notices=False)
    changed = replace(changed, egress="alice-1")
    await house.accounts.change_smtp_account(changed)
    await house.accounts.set_password(created.login, "two")
    found = await house.accounts.smtp_account(created.login)
    assert found is not None
    assert (found.max_connections, found.cleartext_auth, found.failure_notices) == (3, True, False)
    assert (found.egress, found.dedicated_pool) == ("alice-1", "alice/alice-1")
    assert password_matches("two", found.password_sha256)
    await house.accounts.delete_smtp_account(created.login)
    assert await house.accounts.smtp_accounts() == []


async def test_a_suspended_customers_accounts_are_disabled(house: House) -> None:
    now = house.writer.now
    await house.accounts.create_customer("alice", now=now)
    await house.accounts.create_smtp_account(account(), password="one", now=now)
    await house.accounts.enable_customer("alice", enabled=False)
    found = await house.accounts.smtp_account("1.alice.smtp")
    assert found is not None
    assert not found.enabled
    (customer,) = await house.accounts.customers()
    assert not customer.enabled


async def test_accounts_are_listed_by_customer(house: House) -> None:
    now = house.writer.now
    for name in ("bob", "alice"):
        await house.accounts.create_customer(name, now=now)
        new = account(f"1.{name}.smtp", name)
        await house.accounts.create_smtp_account(new, password="x", now=now)
    assert [one.name for one in await house.accounts.customers()] == ["alice", "bob"]
    assert [one.login for one in await house.accounts.smtp_accounts()] == [
        "1.alice.smtp",
        "1.bob.smtp",
    ]
    assert [one.login for one in await house.accounts.smtp_accounts("bob")] == ["1.bob.smtp"]


async def test_a_sending_domain_is_found_with_its_keys(house: House) -> None:
    now = house.writer.now
    customer = await house.accounts.create_customer("alice", now=now)
    await house.accounts.create_smtp_account(account(), password="x", now=now)
    keys = (
        DkimKey(selector="s1", algorithm=KeyAlgorithm.RSA, private_key=b"rsa"),
        DkimKey(selector="s2", algorithm=KeyAlgorithm.ED25519, private_key=b"ed"),
    )
    domain = SendingDomain(domain="example.com", customer_id=customer.customer_id, keys=keys)
    await house.accounts.add_sending_domain(domain, now=now)
    assert await house.accounts.sending_domain("example.com") == domain
    assert await house.accounts.sending_domains() == [domain]
    assert await house.accounts.sending_domains(customer_id=9) == []
    found = await house.accounts.smtp_account("1.alice.smtp")
    assert found is not None
    assert found.sending_domains == {"example.com"}
    await house.accounts.remove_sending_domain("example.com")
    assert await house.accounts.sending_domain("example.com") is None


# -- housekeeping ---------------------------------------------------------------------------------


async def test_settled_messages_leave_and_live_ones_stay_however_old(house: House) -> None:
    settled, waiting = house.writer.letter(), house.writer.letter()
    await accepted(house, settled)
    await accepted(house, waiting)
    await house.administration.cancel(
        Selection(message_id=settled.message_id), now=house.writer.now
    )
    assert await house.housekeeping.prune(house.writer.now, 100) == 0, "not old enough"
    house.writer.clock.advance(timedelta(days=40))
    assert await house.housekeeping.prune(house.writer.now, 100) == 1
    assert await house.history.message_history(settled.message_id) is None
    assert await house.first.queues.message(settled.message_id) is None
    assert await house.history.counts() == {State.QUEUED: 1}
    assert await house.first.queues.message(waiting.message_id) is not None


async def test_pruning_stops_at_its_limit(house: House) -> None:
    for _ in range(3):
        await accepted(house, house.writer.letter())
    await house.administration.cancel(Selection(), now=house.writer.now)
    house.writer.clock.advance(timedelta(days=40))
    assert await house.housekeeping.prune(house.writer.now, 2) == 2
    assert await house.housekeeping.prune(house.writer.now, 2) == 1


async def test_an_unverified_domain_is_nobodys_until_it_is_verified(house: House) -> None:
    """Issue 3: a claim neither sends nor blocks; the last asker's stands."""
    now = house.writer.now
    for name in ("alice", "charlie"):
        await house.accounts.create_customer(name, now=now)
    await house.accounts.create_smtp_account(account(), password="secret", now=now)
    pending = (DkimKey(selector="e1", algorithm=KeyAlgorithm.ED25519, private_key=b"secret"),)
    hers, his = (
        SendingDomain(domain="example.com", customer_id=who, pending=pending, is_verified=False)
        for who in (1, 2)
    )
    await house.accounts.add_sending_domain(his, now=now)
    with pytest.raises(AlreadyThere):
        await house.accounts.add_sending_domain(his, now=now)
    await house.accounts.add_sending_domain(hers, now=now)
    assert await house.accounts.sending_domains() == [hers]
    found = await house.accounts.smtp_account("1.alice.smtp")
    assert found is not None
    assert found.sending_domains == frozenset()
    verified = hers.with_seen(frozenset({"e1"}))
    with pytest.raises(NotThere):
        await house.accounts.change_sending_domain(replace(verified, customer_id=2), now=now)
    await house.accounts.change_sending_domain(verified, now=now)
    assert await house.accounts.sending_domain("example.com") == verified
    assert (verified.keys, verified.pending) == (pending, ())
    found = await house.accounts.smtp_account("1.alice.smtp")
    assert found is not None
    assert found.sending_domains == {"example.com"}
    for late in (his, replace(his, is_verified=True)):
        with pytest.raises(AlreadyThere):
            await house.accounts.add_sending_domain(late, now=now)
    assert await house.accounts.sending_domains() == [verified]


async def test_the_operator_takes_a_claim_over(house: House) -> None:
    now = house.writer.now
    await house.accounts.create_customer("alice", now=now)
    claim = SendingDomain(domain="example.com", customer_id=1, is_verified=False)
    await house.accounts.add_sending_domain(claim, now=now)
    await house.accounts.add_sending_domain(replace(claim, is_verified=True), now=now)
    assert await house.accounts.sending_domain("example.com") == replace(claim, is_verified=True)
