"""SASL exchanges: PLAIN (RFC 4616) and LOGIN, whose prompts old clients know by heart.

An exchange takes one response after the other, still in base64, and gives either the next challenge or the
credentials. It decides nothing: whether they are right is the account's business.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Final

from sztafeta.smtp.reply import Reply, reply

ASK_LOGIN: Final = "VXNlcm5hbWU6"
"""`Username:`; clients compare the prompt, so it never changes."""
ASK_PASSWORD: Final = "UGFzc3dvcmQ6"  # noqa: S105 — a prompt
"""`Password:`; likewise."""

CANCELED_501: Final = reply(501, "5.7.0", "Authentication canceled")  # RFC 4954 §4
NOT_BASE64_501: Final = reply(501, "5.5.2", "The response is not base64")  # RFC 4954 §4
MALFORMED_501: Final = reply(  # RFC 4616 §2
    501, "5.5.2", "Malformed response: PLAIN is authorization NUL login NUL password, in UTF-8"
)
NO_LOGIN_501: Final = reply(501, "5.5.2", "The login is empty or holds a control character")
UNKNOWN_MECHANISM_504: Final = reply(  # RFC 4954 §4
    504, "5.5.4", "Mechanism not offered; use PLAIN or LOGIN"
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What to ask next, in base64."""

    text: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a finished exchange brought."""

    mechanism: str
    authorization: str
    login: str
    password: str

    def __repr__(self) -> str:  # a password never reaches a log
        return f"Credentials({self.mechanism}, {self.login!r})"


class SaslFault(Exception):
    """The exchange failed before there were credentials; `reply` tells the client."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class PlainExchange:
    """One response: `[authzid] NUL authcid NUL passwd` (RFC 4616 §2)."""

    __slots__ = ()

    def begin(self, initial: str | None) -> Challenge | Credentials:
        """Start with the initial response of AUTH, or ask for one (RFC 4954 §4)."""
        return Challenge("") if initial is None else self.respond(_initial(initial))

    def respond(self, response: str) -> Challenge | Credentials:
        """Take the response.

        Raises:
            SaslFault: 501.
        """
        parts = _decode(response).split("\0")
        if len(parts) != 3:
            raise SaslFault(MALFORMED_501)
        authorization, login, password = parts
        return _finish("PLAIN", login, password, authorization=authorization)


class LoginExchange:
    """Two responses: the login, then the password (draft-murchison-sasl-login)."""

    __slots__ = ("_login",)

    def __init__(self) -> None:
        self._login: str | None = None

    def begin(self, initial: str | None) -> Challenge | Credentials:
        """Start, perhaps with the login as the initial response."""
        return Challenge(ASK_LOGIN) if initial is None else self.respond(_initial(initial))

    def respond(self, response: str) -> Challenge | Credentials:
        """Take the next response.

        Raises:
            SaslFault: 501.
        """
        text = _decode(response)
        if self._login is None:
            self._login = _checked_login(text)
            return Challenge(ASK_PASSWORD)
        return _finish("LOGIN", self._login, text)


Exchange = PlainExchange | LoginExchange

MECHANISMS: Final[dict[str, type[PlainExchange] | type[LoginExchange]]] = {
    "PLAIN": PlainExchange,
    "LOGIN": LoginExchange,
}


def new_exchange(mechanism: str) -> Exchange:
    """Start the exchange of a mechanism, named in upper case.

    Raises:
        SaslFault: 504, we do not speak it.
    """
    if mechanism not in MECHANISMS:
        raise SaslFault(UNKNOWN_MECHANISM_504)
    return MECHANISMS[mechanism]()


def _initial(initial: str) -> str:
    """Read the lone `=` that stands for an empty initial response (RFC 4954 §4)."""
    return "" if initial == "=" else initial


def _decode(response: str) -> str:
    if response == "*":  # RFC 4954 §4
        raise SaslFault(CANCELED_501)
    try:
        octets = binascii.a2b_base64(response.encode("ascii"), strict_mode=True)
    except ValueError as fault:
        raise SaslFault(NOT_BASE64_501) from fault
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise SaslFault(MALFORMED_501) from fault


def _checked_login(login: str) -> str:
    if not login or not login.isprintable():  # RFC 4616 §2: 1*SAFE; it is written to logs
        raise SaslFault(NO_LOGIN_501)
    return login


def _finish(mechanism: str, login: str, password: str, *, authorization: str = "") -> Credentials:
    if authorization and not authorization.isprintable():
        raise SaslFault(NO_LOGIN_501)
    return Credentials(mechanism, authorization, _checked_login(login), password)
