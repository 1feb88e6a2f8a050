"""SPF records: read, counted, and completed without taking anything away."""

from __future__ import annotations

import pytest

from sztafeta.mail import spf

US = ("include:spf.example.net",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v=spf1 -all", "v=spf1 include:spf.example.net -all"),
        ("v=spf1 mx ip4:192.0.2.1 ~all", "v=spf1 mx ip4:192.0.2.1 include:spf.example.net ~all"),
        ("v=spf1", "v=spf1 include:spf.example.net"),
        ("v=spf1 a redirect=b.example", "v=spf1 a include:spf.example.net redirect=b.example"),
        ("v=spf1 include:SPF.example.net -all", "v=spf1 include:SPF.example.net -all"),
    ],
)
def test_a_record_is_completed_before_its_end(before: str, after: str) -> None:
    assert spf.completed(before, US) == after
    assert spf.allows(after, US)


def test_a_mechanism_that_refuses_allows_nobody() -> None:
    assert not spf.allows("v=spf1 -include:spf.example.net ~all", US)
    assert spf.allows("v=spf1 +include:spf.example.net ~all", US)
    assert spf.record_of(US) == "v=spf1 include:spf.example.net ~all"


def test_what_a_receiver_would_have_to_look_up_is_counted() -> None:
    """RFC 7208 §4.6.4."""
    text = "v=spf1 a mx/24 a:x.example ip4:192.0.2.0/24 include:y.example exists:%{i}.z ptr ?all"
    assert spf.costs(text) == 6
    assert spf.costs("v=spf1 ip6:2001:db8::1 redirect=_spf.example") == 1


def test_macros_lead_where_only_receivers_know() -> None:
    text = "v=spf1 include:A.example. include:%{d}.b.example redirect=c.example"
    assert spf.leads_to(text) == ("a.example", "c.example")


@pytest.mark.parametrize("text", ["v=spf10 a", "spf1", "", "v=DMARC1; p=none", "xv=spf1"])
def test_other_texts_are_no_spf(text: str) -> None:
    assert not spf.is_spf(text)
    assert spf.is_spf("V=SPF1 ~all")
