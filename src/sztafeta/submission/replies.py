"""What the submission face says: each reply has a name that ends with its code.

Only policy speaks here; syntax, order and framing are answered by the session (`smtp/server_replies.py`).
Each refusal tells the reader what to change, and nothing about others.
"""

from __future__ import annotations

from typing import Final

from sztafeta.smtp.reply import Reply, reply

AUTHENTICATION_FAILED_535: Final = reply(
    535, "5.7.8", "Error: authentication failed"
)  # RFC 4954 §6
ACCOUNT_SUSPENDED_525: Final = reply(  # RFC 5248 §2.4 (X.7.13)
    525, "5.7.13", "This SMTP account is suspended; ask whoever runs the service"
)
CANNOT_CHECK_LOGIN_454: Final = reply(  # RFC 4954 §6
    454, "4.7.0", "Logins cannot be checked at the moment; try again soon"
)
NO_TLS_NOW_454: Final = reply(454, "4.7.0", "TLS is not available at the moment")  # RFC 3207 §4
LOGIN_NO_LONGER_VALID_421: Final = reply(
    421, "4.7.0", "Your login is no longer valid; connect and log in again"
)
TOO_FEW_FILES_421: Final = reply(421, "4.3.2", "The system is full; try again soon")
TOO_MANY_CONNECTIONS_421: Final = reply(421, "4.7.0", "Too many connections; try again soon")
TOO_MANY_MESSAGES_421: Final = reply(
    421, "4.7.0", "Enough messages over this connection; open a new one"
)
TOO_SLOW_421: Final = reply(421, "4.4.2", "The message comes in too slowly; closing")
OUR_FAULT_421: Final = reply(421, "4.3.0", "Something went wrong here; try again soon")
NO_ROOM_452: Final = reply(452, "4.3.1", "No room for mail at the moment; try again soon")
TRY_AGAIN_451: Final = reply(451, "4.3.0", "The message could not be stored; try again soon")


def too_many_of_account_421(in_use: int, allowed: int) -> Reply:
    """Refuse one connection more for an SMTP account."""
    return reply(421, "4.7.0", f"{in_use} of {allowed} connections in use for this account")


def too_many_of_address_421(in_use: int, allowed: int, what: str) -> Reply:
    """Refuse one connection more from an IP address."""
    return reply(421, "4.7.0", f"{in_use} of {allowed} {what} in use from your address")


def too_many_failures_454(seconds: float) -> Reply:
    """Refuse to try a login from an address that failed too often (RFC 4954 §6)."""
    wait = f"{max(1, round(seconds))} seconds"
    return reply(454, "4.7.0", f"Too many failed logins from your address; try again in {wait}")


def too_many_recipients_451(seconds: float, an_hour: int) -> Reply:
    """Refuse a recipient over the account's rate."""
    wait = f"{max(1, round(seconds))} seconds"
    return reply(451, "4.7.1", f"More than {an_hour} recipients an hour; try again in {wait}")
