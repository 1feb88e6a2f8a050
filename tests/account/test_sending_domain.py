"""Sending domains and their keys."""

from __future__ import annotations

from sztafeta.account.sending_domain import DkimKey, KeyAlgorithm, SendingDomain

KEY = DkimKey(selector="s1", algorithm=KeyAlgorithm.RSA, private_key=b"secret octets")


def test_a_domain_never_shows_its_keys() -> None:
    """S-37, S-47."""
    domain = SendingDomain(domain="example.com", customer_id=1, keys=(KEY,))
    assert "secret octets" not in repr(domain)
    assert "s1" in repr(domain)


def test_a_domain_may_have_no_key_yet() -> None:
    assert SendingDomain(domain="example.com", customer_id=1).keys == ()
