"""What the server session says by itself: each reply has a name that ends with its code.

Replies that depend on policy (who may log in, who may send) belong to the faces; these are about syntax,
order and limits. Each tells the reader what to change.
"""

from __future__ import annotations

from typing import Final

from sztafeta.smtp.reply import Reply, reply

OK_250: Final = reply(250, "2.0.0", "Ok")  # RFC 5321 §4.2.2
SENDER_OK_250: Final = reply(250, "2.1.0", "Sender ok")  # RFC 3463 §3.2
RECIPIENT_OK_250: Final = reply(250, "2.1.5", "Recipient ok")  # RFC 3463 §3.2
BYE_221: Final = reply(221, "2.0.0", "Bye")  # RFC 5321 §4.1.1.10
READY_FOR_TLS_220: Final = reply(220, "2.0.0", "Ready to start TLS")  # RFC 3207 §4
LOGGED_IN_235: Final = reply(235, "2.7.0", "Authentication successful")  # RFC 4954 §6
HELP_214: Final = reply(  # RFC 5321 §4.1.1.8
    214,
    "2.0.0",
    "EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP QUIT",
)
CANNOT_VERIFY_252: Final = reply(  # RFC 5321 §3.5.3
    252, "2.5.0", "Addresses are not verified here; send a message and see"
)
SEND_CONTENT_354: Final = reply(354, None, "End data with <CR><LF>.<CR><LF>")  # RFC 5321 §4.1.1.4

TOO_MANY_ERRORS_421: Final = reply(421, "4.7.0", "Too many errors; closing")  # RFC 5321 §3.8
TOO_MUCH_JUNK_421: Final = reply(
    421, "4.7.0", "Too many commands that carry no mail; closing"
)  # RFC 5321 §3.8
TOO_MANY_LOGINS_421: Final = reply(421, "4.7.0", "Too many failed logins; closing")
IDLE_421: Final = reply(421, "4.4.2", "Idle for too long; closing")  # RFC 5321 §4.5.3.2.7
SHUTTING_DOWN_421: Final = reply(421, "4.3.2", "Shutting down; try again soon")  # RFC 5321 §3.8
TOO_MANY_RECIPIENTS_452: Final = reply(  # RFC 5321 §4.5.3.1.10
    452, "4.5.3", "Too many recipients; send the message, then the rest in a new one"
)

UNKNOWN_COMMAND_500: Final = reply(500, "5.5.1", "Unknown command")  # RFC 5321 §4.2.4
LINE_TOO_LONG_500: Final = reply(500, "5.5.2", "Line too long")  # RFC 5321 §4.5.3.1.9
AUTH_LINE_TOO_LONG_500: Final = reply(500, "5.5.6", "Authentication line too long")  # RFC 4954 §4
BAD_LINE_END_500: Final = reply(500, "5.5.2", "Lines end with <CR><LF>")  # RFC 5321 §2.3.8
BAD_CHARACTER_500: Final = reply(
    500, "5.5.2", "The line holds a control character or is not UTF-8"
)  # RFC 5321 §4.1.2
NEED_CLIENT_NAME_501: Final = reply(  # RFC 5321 §4.1.1.1
    501, "5.5.4", "Say one host name or address literal: EHLO client.example.com"
)
NO_ARGUMENT_ALLOWED_501: Final = reply(501, "5.5.4", "No argument allowed")
ARGUMENT_MISSING_501: Final = reply(501, "5.5.4", "An argument is missing")
ARGUMENT_NOT_ASCII_501: Final = reply(501, "5.5.4", "The argument must be ASCII")
BAD_CHUNK_501: Final = reply(501, "5.5.4", "Say BDAT size [LAST]; closing")  # RFC 3030 §2
NOT_IMPLEMENTED_502: Final = reply(502, "5.5.1", "Command not implemented")  # RFC 5321 §4.2.4
STARTTLS_NOT_OFFERED_502: Final = reply(502, "5.5.1", "STARTTLS is not offered here")
AUTH_NOT_OFFERED_502: Final = reply(502, "5.5.1", "Authentication is not offered here")
CHUNKING_NOT_OFFERED_502: Final = reply(502, "5.5.1", "CHUNKING is not offered here; use DATA")
ALREADY_ENCRYPTED_503: Final = reply(503, "5.5.1", "TLS is already active")  # RFC 3207 §4.2
ALREADY_LOGGED_IN_503: Final = reply(503, "5.5.1", "Already authenticated")  # RFC 4954 §4
SAY_EHLO_503: Final = reply(
    503, "5.5.1", "Send EHLO, not HELO, to use extensions"
)  # RFC 5321 §2.2.1
TLS_FIRST_530: Final = reply(530, "5.7.0", "Must issue STARTTLS first")  # RFC 3207 §4
AUTH_FIRST_530: Final = reply(530, "5.7.0", "Authentication required")  # RFC 4954 §6
ENCRYPT_FIRST_538: Final = reply(  # RFC 4954 §6
    538, "5.7.11", "Encryption required: switch on STARTTLS or TLS in your program, then log in"
)

TOO_BIG_552: Final = reply(552, "5.3.4", "Message too big")  # RFC 1870 §6.2
NO_VALID_RECIPIENTS_554: Final = reply(554, "5.5.1", "No valid recipients")  # RFC 5321 §3.3
TALKED_TOO_EARLY_554: Final = reply(
    554, "5.5.0", "You spoke before the greeting; closing"
)  # RFC 5321 §3.1
NOT_FULLY_QUALIFIED_550: Final = reply(  # RFC 5321 §2.3.5
    550, "5.1.2", "The recipient's domain is not fully qualified: write user@example.com"
)
BARE_LINE_END_550: Final = reply(  # RFC 5321 §2.3.8
    550, "5.5.2", "Lines of a message end with <CR><LF>; yours has a bare CR or LF"
)
TEXT_LINE_TOO_LONG_550: Final = reply(  # RFC 5321 §4.5.3.1.6
    550, "5.6.0", "A line of the message is too long; wrap or encode it"
)
NEED_SMTPUTF8_553: Final = reply(  # RFC 6531 §3.5
    553, "5.6.7", "An internationalised address needs the SMTPUTF8 parameter of MAIL"
)


def challenge_334(text: str) -> Reply:
    """Ask for the next SASL response (RFC 4954 §4); `text` is already in base64."""
    return reply(334, None, text)


def chunk_250(octets: int) -> Reply:
    """Acknowledge a chunk after which more must come (RFC 3030 §2)."""
    return reply(250, "2.0.0", f"{octets} octets received")


def out_of_order_503(why: str) -> Reply:
    """Refuse a command that came in the wrong state (RFC 5321 §4.1.4)."""
    return reply(503, "5.5.1", why)


def too_big_552(max_size: int) -> Reply:
    """Refuse a message over the listener's limit in octets (RFC 1870 §6.2)."""
    return reply(552, "5.3.4", f"Message too big; the limit is {max_size} octets")


def bad_argument_501(what: str) -> Reply:
    """Refuse a known command or parameter with a bad value (RFC 5321 §4.2.4)."""
    return reply(501, "5.5.4", what)


def unknown_parameter_555(keyword: str) -> Reply:
    """Refuse a parameter of MAIL or RCPT that was not offered (RFC 5321 §4.1.1.11)."""
    return reply(555, "5.5.4", f"Parameter {keyword} is not offered here")


def bad_sender_501(why: str) -> Reply:
    """Refuse a reverse-path that is not an address (RFC 3463 §3.2: X.1.7)."""
    return reply(501, "5.1.7", f"Bad sender address: {why}")


def bad_recipient_501(why: str) -> Reply:
    """Refuse a forward-path that is not an address (RFC 3463 §3.2: X.1.3)."""
    return reply(501, "5.1.3", f"Bad recipient address: {why}")
