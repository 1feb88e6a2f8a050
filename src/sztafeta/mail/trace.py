"""The Received field that we add (RFC 5321 §4.4).

It does not tell the client's address or name: a customer's network is nobody's business. RFC 5321 wants a
From clause; it names the SMTP account's door instead of the client, as large submission services do.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache


def protocol_word(*, extended: bool, encrypted: bool, authenticated: bool, smtputf8: bool) -> str:
    """Give the `with` word (RFC 3848, RFC 6531 §4.3)."""
    if not extended:
        return "SMTP"
    word = "UTF8SMTP" if smtputf8 else "ESMTP"
    return word + ("S" if encrypted else "") + ("A" if authenticated else "")


def received_field(*, hostname: str, protocol: str, queue_id: str, now: datetime) -> bytes:
    """Write the field, with its CRLF."""
    return (
        f"Received: from authenticated-submission (client address withheld)\r\n"
        f"\tby {hostname} with {protocol} id {queue_id};\r\n"
        f"\t{date_text(now)}\r\n"
    ).encode("ascii")


def date_text(now: datetime) -> str:
    """Write an instant as RFC 5322 §3.3 has it; the same second is written once."""
    return _date_of_second(now.replace(microsecond=0))


@lru_cache(maxsize=4)
def _date_of_second(now: datetime) -> str:
    return format_datetime(now)
