"""The states of a server session, as a table: which command may come when, and where it leads.

Everything that moves a session's state is a row here; `server.py` only looks it up. A verb that is missing
from a state's row is a bad sequence of commands: `503 5.5.1` with the sentence of `out_of_order()`, and the
state stays (RFC 5321 §4.1.4). A verb leads to its next state only when it is answered with success.

    FRESH ──EHLO──► READY ──MAIL──► MAIL ──RCPT──► RCPT ──DATA──► content ──► READY
      ▲                │                             └────BDAT──► CHUNKS ──LAST──► READY
      └───STARTTLS─────┘        EHLO and RSET lead back to READY from everywhere but FRESH

Whether the wire is encrypted and who is logged in are not states: they gate commands, and `server.py` asks.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Verb(Enum):
    """The commands we know (RFC 5321 §4.1.1, 3207, 4954, 3030)."""

    __hash__ = object.__hash__  # by identity: Enum's own is slow, and the table is asked often

    HELO = "HELO"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BDAT = "BDAT"
    RSET = "RSET"
    NOOP = "NOOP"
    VRFY = "VRFY"
    EXPN = "EXPN"
    HELP = "HELP"
    QUIT = "QUIT"


class State(Enum):
    """Where the dialogue stands between two commands."""

    __hash__ = object.__hash__  # likewise

    FRESH = "fresh"
    """The banner was sent, or TLS has just begun: nobody has said who they are."""
    READY = "ready"
    """EHLO or HELO was accepted; no mail transaction is open."""
    MAIL = "mail"
    """A reverse-path was accepted, no forward-path yet."""
    RCPT = "rcpt"
    """At least one forward-path was accepted."""
    CHUNKS = "chunks"
    """BDAT brought a part of the message, the last one is still to come (RFC 3030 §2)."""


# RFC 5321 §4.1.4: these may come at any time and change nothing.
_ANYWHERE: Final = (Verb.NOOP, Verb.VRFY, Verb.EXPN, Verb.HELP, Verb.QUIT)


def _row(state: State, moves: dict[Verb, State]) -> dict[Verb, State]:
    return dict.fromkeys(_ANYWHERE, state) | moves


_GREETING: Final = {Verb.HELO: State.READY, Verb.EHLO: State.READY}
# RFC 5321 §4.1.4: EHLO inside a transaction clears it, as RSET does.
_RESET: Final = {**_GREETING, Verb.RSET: State.READY}

NEXT: Final[dict[State, dict[Verb, State]]] = {
    # RFC 5321 §4.1.4: RSET, NOOP, HELP, VRFY, EXPN and QUIT may come before EHLO.
    State.FRESH: _row(State.FRESH, {**_GREETING, Verb.RSET: State.FRESH}),
    State.READY: _row(
        State.READY,
        {
            **_RESET,
            Verb.STARTTLS: State.FRESH,  # RFC 3207 §4.2
            Verb.AUTH: State.READY,  # RFC 4954 §4: never inside a transaction
            Verb.MAIL: State.MAIL,
        },
    ),
    State.MAIL: _row(State.MAIL, {**_RESET, Verb.RCPT: State.RCPT}),
    State.RCPT: _row(
        State.RCPT,
        {
            **_RESET,
            Verb.RCPT: State.RCPT,
            Verb.DATA: State.READY,  # RFC 5321 §4.1.1.4: the transaction ends with the message
            Verb.BDAT: State.CHUNKS,
        },
    ),
    # RFC 3030 §2: no DATA after BDAT; its LAST leads to READY.
    State.CHUNKS: _row(State.CHUNKS, {**_RESET, Verb.BDAT: State.CHUNKS}),
}

_ALREADY_OPEN: Final = "A mail transaction is open: finish it or send RSET first"
_CONTENT_BEGUN: Final = "The content has begun: send BDAT or RSET"
_NO_SENDER: Final = "Send MAIL first"
_NO_RECIPIENT: Final = "Send RCPT first"

_WHY: Final[dict[tuple[State, Verb], str]] = {
    (State.READY, Verb.RCPT): _NO_SENDER,
    (State.READY, Verb.DATA): _NO_SENDER,
    (State.READY, Verb.BDAT): _NO_SENDER,
    (State.MAIL, Verb.DATA): _NO_RECIPIENT,
    (State.MAIL, Verb.BDAT): _NO_RECIPIENT,
    (State.CHUNKS, Verb.RCPT): _CONTENT_BEGUN,
    (State.CHUNKS, Verb.DATA): _CONTENT_BEGUN,
}


def is_allowed(state: State, verb: Verb) -> bool:
    """Say whether the table has the verb in this state."""
    return verb in NEXT[state]


def out_of_order(state: State, verb: Verb) -> str:
    """Say in one sentence what had to come before a verb that the state does not allow."""
    if state is State.FRESH:
        return "Send EHLO first"
    return _WHY.get((state, verb), _ALREADY_OPEN)


def as_markdown() -> str:
    """Print the table for the documentation: one row a verb, one column a state."""
    head = ["verb", *(state.value for state in State)]
    lines = [head, ["---"] * len(head)]
    for verb in Verb:
        cells = (NEXT[state].get(verb) for state in State)
        lines.append([verb.value, *("503" if cell is None else cell.value for cell in cells)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
