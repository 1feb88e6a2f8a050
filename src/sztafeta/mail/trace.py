"""The Received field that we add (RFC 5321 §4.4), and the date in it.

It tells neither the client's address nor its name: a customer's network is nobody's business, and a name such
as `alices-laptop` says as much as an address. RFC 5321 wants a From clause; a fixed word stands in it, with a
comment that says why, as large submission services do. The history keeps what this field leaves out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from sztafeta.mail.address import Mailbox

MAX_LINE: Final = 78
"""Characters of a line where possible (RFC 5322 §2.1.1)."""

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._:\[\]-]")


def protocol_word(*, extended: bool, encrypted: bool, authenticated: bool, smtputf8: bool) -> str:
    """Give the `with` word (RFC 3848, RFC 6531 §4.3)."""
    if not extended:
        return "SMTP"
    word = "UTF8SMTP" if smtputf8 else "ESMTP"
    return word + ("S" if encrypted else "") + ("A" if authenticated else "")


def received_field(
    *,
    hostname: str,
    protocol: str,
    queue_id: str,
    now: datetime,
    forward_path: Mailbox | None = None,
) -> bytes:
    """Write the field, with its CRLF; `forward_path` is that of a message with one recipient.

    Two recipients never learn of each other here (RFC 5321 §7.2), and an international address needs a
    message that is international already (RFC 6531 §3.7.3).
    """
    recipient = ""
    if forward_path is not None and not forward_path.needs_smtputf8:
        recipient = f"\tfor <{forward_path}>;\r\n"
    return (
        "Received: from authenticated-submission (client address withheld)\r\n"
        f"\tby {_plain(hostname)} with {protocol} id {queue_id}{'' if recipient else ';'}\r\n"
        f"{recipient}"
        f"\t{date_text(now)}\r\n"
    ).encode("ascii")


def _plain(name: str) -> str:
    """Keep a name from being anything but a name (R-68)."""
    return _NOT_IN_A_NAME.sub("?", name)[:255]


def date_text(now: datetime) -> str:
    """Write an instant as RFC 5322 §3.3 has it, in UTC; the same second is written once."""
    return _date_of_second(int(now.timestamp()))


@lru_cache(maxsize=4)
def _date_of_second(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))
