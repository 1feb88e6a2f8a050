"""The envelope and what the author asked for."""

from __future__ import annotations

import pytest

from sztafeta.mail.address import parse_mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath, Notify, Return


def test_never_is_the_absence_of_every_wish() -> None:
    """C-081 (RFC 3461 §4.1): NEVER stands alone."""
    assert not Notify.NEVER
    assert Notify.NEVER | Notify.FAILURE == Notify.FAILURE
    assert all(not one & other for one in Notify for other in Notify if one is not other)


def test_saying_nothing_is_not_saying_never() -> None:
    """C-084, C-085."""
    silent = ForwardPath(mailbox=parse_mailbox("bob@example.net"))
    assert silent.notify is None
    assert silent.original is None


def test_an_envelope_is_a_value() -> None:
    bob = ForwardPath(mailbox=parse_mailbox("bob@Example.NET"), notify=Notify.SUCCESS)
    null = Envelope(reverse_path=None, forward_paths=(bob,), returns=Return("HDRS"))
    assert null == Envelope(reverse_path=None, forward_paths=(bob,), returns=Return.HEADERS)
    assert (
        len({null, Envelope(reverse_path=None, forward_paths=(bob,), returns=Return.HEADERS)}) == 1
    )
    with pytest.raises(AttributeError):
        null.returned = None  # type: ignore[attr-defined]
