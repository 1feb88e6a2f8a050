"""Who may come in (S-25, S-26): counts by address and account, and a reserve for those who logged in."""

from __future__ import annotations

import pytest
from tests.doubles.submission_house import account

from sztafeta.submission.doorkeeper import Doorkeeper, network_of
from sztafeta.submission.limits import Limits

ALICE = account("1.alice.smtp", 1, max_connections=2)
CHARLIE = account("1.charlie.smtp", 9)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ],
)
def test_an_ipv6_address_counts_as_its_64(address: str, network: str) -> None:
    assert network_of(address) == network


def test_strangers_from_one_address_are_limited_and_logging_in_makes_room() -> None:
    """S-25: at most 30 unauthenticated connections an IP address."""
    keeper = Doorkeeper(Limits())
    for _ in range(30):
        assert keeper.refusal("192.0.2.7") is None
        keeper.enter("192.0.2.7")
    refusal = keeper.refusal("192.0.2.7")
    assert refusal is not None
    assert (refusal.code, str(refusal.status)) == (421, "4.7.0")
    assert refusal.text == "30 of 30 connections without a login in use from your address"
    assert keeper.refusal("192.0.2.8") is None
    assert keeper.log_in("192.0.2.7", CHARLIE) is None
    assert keeper.refusal("192.0.2.7") is None


def test_all_connections_of_one_address_are_limited() -> None:
    keeper = Doorkeeper(Limits(connections_per_address=3))
    for _ in range(3):
        keeper.enter("192.0.2.7")
        keeper.log_in("192.0.2.7", CHARLIE)
    refusal = keeper.refusal("192.0.2.7")
    assert refusal is not None
    assert refusal.text == "3 of 3 connections in use from your address"


def test_an_account_has_so_many_connections_and_the_reply_says_how_many() -> None:
    keeper = Doorkeeper(Limits())
    for _ in range(3):
        keeper.enter("192.0.2.7")
    assert keeper.log_in("192.0.2.7", ALICE) is None
    assert keeper.log_in("192.0.2.7", ALICE) is None
    refusal = keeper.log_in("192.0.2.7", ALICE)
    assert refusal is not None
    assert (refusal.code, refusal.text) == (421, "2 of 2 connections in use for this account")
    keeper.leave("192.0.2.7", ALICE.account_id)
    assert keeper.log_in("192.0.2.7", ALICE) is None


def test_a_fifth_of_all_places_is_kept_for_those_who_logged_in() -> None:
    """S-26."""
    keeper = Doorkeeper(Limits(connections=10))
    for number in range(8):
        keeper.enter(f"192.0.2.{number}")
    assert keeper.refusal("192.0.2.100") is not None
    keeper.log_in("192.0.2.1", CHARLIE)
    keeper.log_in("192.0.2.2", CHARLIE)
    for number in (100, 101):
        assert keeper.refusal(f"192.0.2.{number}") is None
        keeper.enter(f"192.0.2.{number}")
    keeper.log_in("192.0.2.100", CHARLIE)
    assert keeper.refusal("192.0.2.102") is not None, "all ten places are taken"
    assert keeper.total == 10


def test_everybody_who_leaves_is_forgotten_wholly() -> None:
    keeper = Doorkeeper(Limits())
    keeper.enter("192.0.2.7")
    keeper.log_in("192.0.2.7", ALICE)
    keeper.log_out("192.0.2.7", ALICE.account_id)
    keeper.leave("192.0.2.7", None)
    keeper.enter("192.0.2.7")
    keeper.log_in("192.0.2.7", ALICE)
    keeper.leave("192.0.2.7", ALICE.account_id)
    counters = (keeper._by_network, keeper._strangers_by_network, keeper._by_account)
    assert keeper.total == 0
    assert keeper._strangers == 0
    assert not any(counters)
