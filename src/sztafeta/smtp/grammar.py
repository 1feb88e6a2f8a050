"""The grammar of command lines: verbs, paths, parameters, chunk sizes (RFC 5321 §4.1.2 and friends).

Each function takes a line, or what follows its verb, and gives a value, or raises `CommandFault` with
the reply that says what to change. Common lines are read by one regular expression; whatever that does not
know goes to the full grammar, which also finds the words for what is wrong. All expressions take linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sztafeta.mail.address import AddressFault, Mailbox, parse_domain, parse_mailbox
from sztafeta.mail.envelope import ForwardPath, Notify, Return
from sztafeta.smtp.command import Mail, Rcpt
from sztafeta.smtp.reply import Reply
from sztafeta.smtp.server_replies import (
    ARGUMENT_MISSING_501,
    BAD_CHARACTER_500,
    BAD_CHUNK_501,
    NEED_CLIENT_NAME_501,
    NEED_SMTPUTF8_553,
    NOT_FULLY_QUALIFIED_550,
    NOT_IMPLEMENTED_502,
    UNKNOWN_COMMAND_500,
    bad_argument_501,
    bad_recipient_501,
    bad_sender_501,
    unknown_parameter_555,
)
from sztafeta.smtp.state import Verb
from sztafeta.smtp.xtext import decode_xtext

MAX_PATH: Final = 256
"""Octets with the angle brackets (RFC 5321 §4.5.3.1.3)."""
MAX_CLIENT_NAME: Final = 255
"""Octets (RFC 5321 §4.5.3.1.2)."""
MAX_ENVELOPE_ID: Final = 100
"""Octets of xtext (RFC 3461 §4.4)."""
MAX_ORIGINAL: Final = 500
"""Octets of ORCPT (RFC 3461 §4.2)."""

Parameters = dict[str, str]


class CommandFault(Exception):
    """The argument is not what the command takes; `reply` tells the client."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


# -- the line --------------------------------------------------------------------------------------

_VERBS: Final = {verb.value: verb for verb in Verb}
# Known to the RFCs but not to us: 502, not 500 (RFC 5321 §4.2.4).
_NOT_IMPLEMENTED: Final = frozenset(
    {"ATRN", "BURL", "ETRN", "SAML", "SEND", "SOML", "TURN", "XCLIENT"}
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse_line(line: bytes) -> tuple[Verb, str]:
    """Take a command line apart into its verb and the rest.

    Raises:
        CommandFault: 500 or 502.
    """
    try:
        text = line.decode("utf-8")  # ASCII, or UTF-8 where RFC 6531 allows it
    except UnicodeDecodeError as fault:
        raise CommandFault(BAD_CHARACTER_500) from fault
    if not text.isprintable() and _CONTROL.search(text):  # RFC 5321 §4.1.2
        raise CommandFault(BAD_CHARACTER_500)
    word, _, argument = text.partition(" ")
    verb = _VERBS.get(word) or _find_verb(word)
    return verb, argument.strip(" ")  # RFC 5321 §4.1.1: trailing white space is tolerated


def _find_verb(word: str) -> Verb:
    """Know a verb in any case (RFC 5321 §2.4), but only in ASCII letters."""
    upper = word.upper() if word.isascii() else ""
    if upper in _NOT_IMPLEMENTED:
        raise CommandFault(NOT_IMPLEMENTED_502)
    if upper not in _VERBS:
        raise CommandFault(UNKNOWN_COMMAND_500)
    return _VERBS[upper]


# -- MAIL and RCPT ---------------------------------------------------------------------------------

# The lines that nearly every client sends. A path without quotes, colons and second @ is left to
# parse_mailbox(); we cannot confuse it with a source route or a parameter.
_PLAIN_PATH = r"<([!#-'*+\-./0-9=?A-Z^-~]{1,64}@[A-Za-z0-9.-]{1,185})?>"
_PLAIN_MAIL = re.compile(
    rf"[Ff][Rr][Oo][Mm]: ?{_PLAIN_PATH}(?: SIZE=([0-9]{{1,20}}))?( BODY=8BITMIME)?", re.A
)
_PLAIN_RCPT = re.compile(rf"[Tt][Oo]: ?{_PLAIN_PATH}", re.A)

# Path = "<" [ A-d-l ":" ] Mailbox ">" (RFC 5321 §4.1.2); a space after the colon is tolerated, because
# many old devices send one.
_PATH = re.compile(r'(FROM|TO): ?<((?:[^<>"\\ ]|"(?:[^"\\]|\\.)*")*)>(?: (.*))?', re.I | re.A)
# A-d-l = At-domain *( "," At-domain ); At-domain = "@" Domain
_SOURCE_ROUTE = re.compile(r"(@[^,:@]+(?:,@[^,:@]+)*):(.*)")
# esmtp-param = esmtp-keyword ["=" esmtp-value]; RFC 6531 §3.3 adds UTF-8 to the value
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\x80-\U0010ffff]+))?")


@lru_cache(maxsize=4096)  # a sender says the same MAIL before all his messages
def parse_mail(argument: str, allowed: frozenset[str]) -> Mail:
    """Read `FROM:<reverse-path> [parameters]` (RFC 5321 §4.1.1.2).

    Raises:
        CommandFault: 501, 553 or 555.
    """
    plain = _PLAIN_MAIL.fullmatch(argument)
    if plain is not None and "SIZE" in allowed:
        address, size, body = plain.groups()
        return Mail(
            None if address is None else _parse_sender(address),
            None if size is None else int(size),
            body is not None,
        )
    return _parse_unusual_mail(argument, allowed)


def _parse_unusual_mail(argument: str, allowed: frozenset[str]) -> Mail:
    path, parameters = _split(argument, "FROM", allowed)
    if len(path.encode()) + 2 > MAX_PATH:
        raise CommandFault(bad_sender_501(f"it has more than {MAX_PATH} octets"))
    smtputf8 = _parse_smtputf8(parameters)
    if not (smtputf8 or argument.isascii()):
        raise CommandFault(NEED_SMTPUTF8_553)
    _check_identity(parameters)
    return Mail(
        reverse_path=_parse_sender(_without_route(path)) if path else None,
        size=_parse_size(parameters),
        eight_bit=_parse_body(parameters),
        smtputf8=smtputf8,
        returns=_parse_return(parameters),
        envelope_id=_parse_envelope_id(parameters),
    )


def parse_rcpt(argument: str, allowed: frozenset[str], *, smtputf8: bool, hostname: str) -> Rcpt:
    """Read `TO:<forward-path> [parameters]` (RFC 5321 §4.1.1.3).

    `smtputf8` says what MAIL declared; `hostname` is where a bare `<Postmaster>` lives (RFC 5321 §4.5.1).

    Raises:
        CommandFault: 501, 550, 553 or 555.
    """
    plain = _PLAIN_RCPT.fullmatch(argument)
    if plain is not None and plain[1] is not None:
        return Rcpt(ForwardPath(mailbox=_parse_recipient(plain[1], hostname)))
    path, parameters = _split(argument, "TO", allowed)
    if len(path.encode()) + 2 > MAX_PATH:
        raise CommandFault(bad_recipient_501(f"it has more than {MAX_PATH} octets"))
    if not (smtputf8 or argument.isascii()):
        raise CommandFault(NEED_SMTPUTF8_553)
    return Rcpt(
        ForwardPath(
            mailbox=_parse_recipient(_without_route(path), hostname),
            notify=_parse_notify(parameters),
            original=_parse_original(parameters),
        )
    )


def _parse_sender(address: str) -> Mailbox:
    try:
        return parse_mailbox(address)
    except AddressFault as fault:
        raise CommandFault(bad_sender_501(str(fault))) from fault


def _parse_recipient(address: str, hostname: str) -> Mailbox:
    if address.lower() == "postmaster":  # RFC 5321 §4.5.1
        return Mailbox(address, hostname)
    try:
        mailbox = parse_mailbox(address)
    except AddressFault as fault:
        raise CommandFault(bad_recipient_501(str(fault))) from fault
    if "." not in mailbox.domain and mailbox.domain[0] != "[":
        raise CommandFault(NOT_FULLY_QUALIFIED_550)
    return mailbox


def _without_route(path: str) -> str:
    """Drop a source route: it must be accepted and should be ignored (RFC 5321 §4.1.1.3, §4.1.2)."""
    route = _SOURCE_ROUTE.fullmatch(path)
    if route is None:
        return path
    for hop in route[1].split(","):
        try:
            parse_domain(hop[1:])
        except AddressFault as fault:
            raise CommandFault(bad_recipient_501(f"in its route, {fault}")) from fault
    return route[2]


def _split(argument: str, keyword: str, allowed: frozenset[str]) -> tuple[str, Parameters]:
    """Take path and parameters apart."""
    path = _PATH.fullmatch(argument)
    if path is None or path[1].upper() != keyword:
        verb = "MAIL FROM" if keyword == "FROM" else "RCPT TO"
        raise CommandFault(bad_argument_501(f"Use angle brackets: {verb}:<user@example.com>"))
    return path[2], _parse_parameters(path[3] or "", allowed)


def _parse_parameters(text: str, allowed: frozenset[str]) -> Parameters:
    """Read `KEYWORD=value` pairs (RFC 5321 §4.1.2); a keyword without a value gives an empty one."""
    parameters: Parameters = {}
    for word in filter(None, text.split(" ")):
        parameter = _PARAMETER.fullmatch(word)
        if parameter is None:
            raise CommandFault(bad_argument_501("A parameter has the form KEYWORD=value"))
        keyword = parameter[1].upper()
        if keyword not in allowed:  # RFC 5321 §4.1.1.11
            raise CommandFault(unknown_parameter_555(keyword))
        if keyword in parameters:  # RFC 5321 §4.1.1.11
            raise CommandFault(bad_argument_501(f"Say {keyword} only once"))
        parameters[keyword] = parameter[2] or ""
    return parameters


# -- the parameters --------------------------------------------------------------------------------

_SIZE = re.compile(r"[0-9]{1,20}", re.A)  # RFC 1870 §4: 1*20DIGIT
_NOTIFY: Final = {"SUCCESS": Notify.SUCCESS, "FAILURE": Notify.FAILURE, "DELAY": Notify.DELAY}
_ORIGINAL = re.compile(r"([A-Za-z0-9-]+);(.+)")


def _parse_size(parameters: Parameters) -> int | None:
    if "SIZE" not in parameters:
        return None
    if _SIZE.fullmatch(parameters["SIZE"]) is None:
        raise CommandFault(bad_argument_501("SIZE is a number of octets of at most 20 digits"))
    return int(parameters["SIZE"])


def _parse_body(parameters: Parameters) -> bool:
    """Tell whether 8BITMIME was declared (RFC 6152 §2)."""
    body = parameters.get("BODY", "7BIT").upper()
    if body == "BINARYMIME":  # RFC 3030 §3: known, but BINARYMIME is not offered
        raise CommandFault(unknown_parameter_555("BODY=BINARYMIME"))
    if body not in {"7BIT", "8BITMIME"}:
        raise CommandFault(bad_argument_501("BODY is 7BIT or 8BITMIME"))
    return body == "8BITMIME"


def _parse_smtputf8(parameters: Parameters) -> bool:
    if parameters.get("SMTPUTF8"):  # RFC 6531 §3.4: it takes no value
        raise CommandFault(bad_argument_501("SMTPUTF8 takes no value"))
    return "SMTPUTF8" in parameters


def _parse_return(parameters: Parameters) -> Return | None:
    if "RET" not in parameters:
        return None
    try:
        return Return(parameters["RET"].upper())
    except ValueError as fault:
        raise CommandFault(bad_argument_501("RET is FULL or HDRS")) from fault


def _parse_envelope_id(parameters: Parameters) -> str | None:
    """Check ENVID and keep it encoded: nothing decoded reaches the queue (RFC 3461 §4.4)."""
    envelope_id = parameters.get("ENVID")
    if envelope_id is None:
        return None
    if not 0 < len(envelope_id) <= MAX_ENVELOPE_ID:
        raise CommandFault(bad_argument_501(f"ENVID has 1 to {MAX_ENVELOPE_ID} octets"))
    _check_xtext("ENVID", envelope_id)
    return envelope_id


def _check_identity(parameters: Parameters) -> None:
    """Check AUTH= and forget it: nobody here is trusted to name another author (RFC 4954 §5).

    A logged-in Sendmail always sends its own address, so a refusal would lose all its mail.
    """
    identity = parameters.get("AUTH")
    if identity is not None:
        if not identity:
            raise CommandFault(bad_argument_501("AUTH takes a mailbox in xtext, or <>"))
        _check_xtext("AUTH", identity)


def _parse_notify(parameters: Parameters) -> Notify | None:
    """Read NEVER, or a list of SUCCESS, FAILURE and DELAY (RFC 3461 §4.1)."""
    if "NOTIFY" not in parameters:
        return None
    words = parameters["NOTIFY"].upper().split(",")
    if words == ["NEVER"]:
        return Notify.NEVER
    notify = Notify.NEVER
    for word in words:
        if word not in _NOTIFY:
            raise CommandFault(
                bad_argument_501("NOTIFY is NEVER alone, or a list of SUCCESS,FAILURE,DELAY")
            )
        notify |= _NOTIFY[word]
    return notify


def _parse_original(parameters: Parameters) -> str | None:
    """Check ORCPT `type;xtext` and keep it encoded (RFC 3461 §4.2, RFC 6533 §3)."""
    original = parameters.get("ORCPT")
    if original is None:
        return None
    parts = _ORIGINAL.fullmatch(original)
    if parts is None or len(original.encode()) > MAX_ORIGINAL:
        raise CommandFault(bad_argument_501("ORCPT has the form rfc822;user@example.com"))
    kind, address = parts.groups()
    # RFC 6533 §3: a `utf-8` address may hold UTF-8 as it is; the line was checked for it before.
    is_utf8 = kind.lower() == "utf-8"
    _check_xtext("ORCPT", "".join(filter(str.isascii, address)) if is_utf8 else address)
    return original


def _check_xtext(keyword: str, value: str) -> None:
    try:
        decode_xtext(value)
    except ValueError as fault:
        raise CommandFault(bad_argument_501(f"{keyword} is not xtext: {fault}")) from fault


# -- the other commands ----------------------------------------------------------------------------

# Liberal (old devices send `_` and single labels) but safe to print in Received (RFC 5321 §4.1.3).
_CLIENT_NAME = re.compile(r"[A-Za-z0-9._-]+|\[[A-Za-z0-9.:-]+\]", re.A)
# bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ]; chunk-size = 1*DIGIT (RFC 3030 §2)
_CHUNK = re.compile(r"([0-9]{1,20})( +LAST)?", re.I | re.A)
# auth-command = "AUTH" SP sasl-mech [SP initial-response] (RFC 4954 §4)
_AUTH = re.compile(r"([A-Za-z0-9_-]{1,20})(?: +(\S+))?", re.A)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What BDAT announces (RFC 3030 §2)."""

    size: int
    is_last: bool


def parse_client_name(argument: str) -> str:
    """Read the name or address literal of EHLO and HELO (RFC 5321 §4.1.1.1).

    Raises:
        CommandFault: 501.
    """
    if len(argument) > MAX_CLIENT_NAME or _CLIENT_NAME.fullmatch(argument) is None:
        raise CommandFault(NEED_CLIENT_NAME_501)
    return argument


def parse_chunk(argument: str) -> Chunk:
    """Read the size of a chunk and whether it is the last (RFC 3030 §2).

    Raises:
        CommandFault: 501; nobody knows how many octets follow, so the session must end.
    """
    chunk = _CHUNK.fullmatch(argument)
    if chunk is None:
        raise CommandFault(BAD_CHUNK_501)
    return Chunk(int(chunk[1]), chunk[2] is not None)


def parse_auth(argument: str) -> tuple[str, str | None]:
    """Read the mechanism, in upper case, and the initial response (RFC 4954 §4).

    Raises:
        CommandFault: 501.
    """
    if not argument:
        raise CommandFault(ARGUMENT_MISSING_501)
    auth = _AUTH.fullmatch(argument)
    if auth is None:
        raise CommandFault(bad_argument_501("Say AUTH mechanism [initial-response]"))
    return auth[1].upper(), auth[2]
