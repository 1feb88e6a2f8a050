"""Egress sources: a pool leads to its source, a customer sees its own, and one family is not the other."""

from __future__ import annotations

import pytest

from sztafeta.delivery.egress import EgressSource, EgressSources, dedicated_pool

SHARED = EgressSource(name="default", ehlo_name="relay.example.org")
ALICES = EgressSource(
    name="alice-1", ehlo_name="a.example.org", ipv4="192.0.2.7", is_dedicated=True
)
SOURCES = EgressSources(shared=SHARED, dedicated={dedicated_pool("alice", "alice-1"): ALICES})


@pytest.mark.parametrize(
    ("pool", "source"),
    [
        ("alice/alice-1", ALICES),
        ("default", SHARED),
        ("test", SHARED),
        ("alice/gone", SHARED),
        ("charlie/alice-1", SHARED),
    ],
)
def test_a_pool_leads_to_its_source_or_to_the_shared_one(pool: str, source: EgressSource) -> None:
    assert SOURCES.of(pool) is source


def test_a_customer_sees_its_own_sources() -> None:
    assert SOURCES.names_of("alice") == ("alice-1",)
    assert SOURCES.names_of("charlie") == ()


def test_a_dedicated_source_without_an_address_of_a_kind_sends_nothing_of_that_kind() -> None:
    """The system would choose an address that others share."""
    assert ALICES.reaches("203.0.113.9")
    assert not ALICES.reaches("2001:db8::9")
    assert SHARED.reaches("2001:db8::9")


def test_the_same_hosts_are_another_path_for_another_source() -> None:
    assert SHARED.path("mx.example.net") == "mx.example.net"
    assert ALICES.path("mx.example.net") == "mx.example.net from alice-1"
