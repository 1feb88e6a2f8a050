"""Suppression: which addresses are the same when it comes to not sending.

A local part belongs to its domain alone (RFC 5321 §2.4), and in theory `Anna@` and `anna@` are two people. No
receiver of note holds that; a person who unsubscribed must not get mail because of a capital letter.
"""

from __future__ import annotations

from sztafeta.mail.address import Mailbox


def suppressed_form(mailbox: Mailbox) -> str:
    """Give the form under which an address is kept and looked up."""
    return f"{mailbox.local_part.casefold()}@{mailbox.domain}"
