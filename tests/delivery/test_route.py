"""Routes planned from what DNS said."""

from __future__ import annotations

import pytest

from sztafeta.delivery.forbidden import is_forbidden
from sztafeta.delivery.route import MxHost, Ourselves, Route, RouteRule, plan_route
from sztafeta.delivery.verdict import Failure, FailureKind

PUBLIC = ("93.184.216.34",)
US = Ourselves(names=frozenset({"mx.us.example"}), addresses=frozenset({"9.9.9.9"}))


def _mx(preference: int, host: str, addresses: tuple[str, ...] = PUBLIC) -> MxHost:
    return MxHost(preference=preference, host=host, addresses=addresses)


def _plan(*hosts: MxHost, shuffle: bool = False) -> Route | Failure:
    return plan_route(
        hosts,
        ourselves=US,
        valid_for_seconds=60,
        shuffle=(lambda items: items.reverse()) if shuffle else (lambda items: None),
    )


def _hosts(found: Route | Failure) -> list[str]:
    assert isinstance(found, Route)
    return [hop.host for hop in found.hops]


def _kind(found: Route | Failure) -> FailureKind:
    assert isinstance(found, Failure)
    return found.kind


def test_better_preferences_come_first_and_equal_ones_are_shuffled() -> None:
    """C-111 (RFC 5321 §5.1)."""
    hosts = (_mx(20, "c"), _mx(10, "a"), _mx(10, "b"))
    assert _hosts(_plan(*hosts)) == ["a", "b", "c"]
    assert _hosts(_plan(*hosts, shuffle=True)) == ["b", "a", "c"]


def test_a_null_mx_takes_no_mail() -> None:
    """R-64, C-112 (RFC 7505)."""
    assert _kind(_plan(_mx(0, "", ()))) is FailureKind.NULL_MX


def test_a_null_mx_among_others_is_ignored() -> None:
    """R-64."""
    assert _hosts(_plan(_mx(0, "", ()), _mx(10, "a"))) == ["a"]


def test_only_hosts_better_than_ourselves_are_tried() -> None:
    """C-114."""
    assert _hosts(_plan(_mx(5, "a"), _mx(10, "mx.us.example"), _mx(20, "b"))) == ["a"]
    assert _hosts(_plan(_mx(5, "a"), _mx(10, "alias", ("9.9.9.9",)))) == ["a"]


def test_being_the_best_mx_ourselves_is_a_loop() -> None:
    """C-114, R-67."""
    assert _kind(_plan(_mx(10, "mx.us.example"), _mx(20, "b"))) is FailureKind.LOOP


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "0.0.0.0",
        "169.254.169.254",
        "10.1.2.3",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "fd00::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
def test_a_host_with_a_forbidden_address_is_not_dialled(address: str) -> None:
    """R-67."""
    assert is_forbidden(address)
    assert _kind(_plan(_mx(10, "a", (address,)))) is FailureKind.FORBIDDEN_ADDRESS
    assert _hosts(_plan(_mx(10, "a", (address,)), _mx(20, "b"))) == ["b"]


def test_a_public_address_is_allowed() -> None:
    assert not is_forbidden("93.184.216.34")
    assert not is_forbidden("2606:2800:220:1::1")


def test_a_host_without_an_address_is_skipped() -> None:
    """R-65."""
    assert _hosts(_plan(_mx(10, "gone", ()), _mx(20, "b"))) == ["b"]


def test_when_no_host_is_left_what_may_pass_counts_first() -> None:
    """R-65: the error class of the worst."""
    slow = MxHost(
        preference=20, host="slow", trouble=Failure(FailureKind.DNS_TEMPORARY, "SERVFAIL")
    )
    gone = MxHost(preference=10, host="gone", trouble=Failure(FailureKind.NO_SUCH_DOMAIN, "no"))
    assert _kind(_plan(gone, slow)) is FailureKind.DNS_TEMPORARY
    assert _kind(_plan(gone)) is FailureKind.NO_MAIL_HOST


def test_domains_behind_one_set_of_hosts_are_one_site() -> None:
    one, other = _plan(_mx(10, "a"), _mx(20, "b")), _plan(_mx(10, "b"), _mx(10, "a"))
    assert isinstance(one, Route)
    assert isinstance(other, Route)
    assert one.site == other.site


def test_no_more_than_twenty_hosts_are_considered() -> None:
    """R-66."""
    assert len(_hosts(_plan(*(_mx(n, f"h{n}") for n in range(300))))) == 20


@pytest.mark.parametrize(
    ("pattern", "domain", "fits"),
    [
        ("example.com", "example.com", True),
        ("example.com", "a.example.com", False),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "example.com", False),
        ("*", "anything.example", True),
    ],
)
def test_a_rule_fits_the_domains_it_names(pattern: str, domain: str, fits: bool) -> None:
    assert RouteRule(domains=(pattern,), host="relay").fits(domain) is fits
