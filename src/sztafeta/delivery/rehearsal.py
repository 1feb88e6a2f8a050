"""Rehearsal: what mail in test mode meets instead of a receiver, by the local part of its address.

`+label` after the word changes nothing, and the domain may be any: a test can tell its addresses apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sztafeta.delivery.verdict import Answer, Stage
from sztafeta.mail.address import Mailbox
from sztafeta.smtp.reply import reply


@dataclass(frozen=True, slots=True)
class Part:
    """What one address plays."""

    word: str
    answers: tuple[Answer, ...]
    """To the first attempt, to the second, …; the last one repeats."""
    why: str


_TAKEN: Final = Answer(Stage.DOT, reply(250, "2.0.0", "Ok: taken in test mode; nothing was sent"))
_UNKNOWN: Final = Answer(Stage.RCPT, reply(550, "5.1.1", "No such user here (test mode)"))
_FULL: Final = Answer(Stage.RCPT, reply(451, "4.2.1", "Mailbox cannot take mail now (test mode)"))
_GREYLISTED: Final = Answer(Stage.RCPT, reply(450, "4.7.1", "Greylisted, come back (test mode)"))

PARTS: Final = (
    Part("delivered", (_TAKEN,), "delivered at once"),
    Part("bounced", (_UNKNOWN,), "bounced: no such user"),
    Part("soft", (_FULL, _TAKEN), "deferred at first (soft bounce), delivered if it lives so long"),
    Part("slow", (_GREYLISTED, _TAKEN), "greylisted at first, delivered at the second attempt"),
)
"""Anything else is delivered at once."""
_BY_WORD: Final = {part.word: part for part in PARTS}


def play(mailbox: Mailbox, attempt: int) -> Answer:
    """Give what an address answers to attempt number `attempt` (from 1)."""
    word = mailbox.local_part.partition("+")[0].lower()
    answers = _BY_WORD.get(word, PARTS[0]).answers
    return answers[min(attempt, len(answers)) - 1]
