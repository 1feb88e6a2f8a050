"""Bounce classes: why a receiver said no, in words a person can act on.

Text is asked first where receivers hide one reason behind another's code; then the enhanced status; then the
bare code. What nothing fits is `other`, and `other` is never a reason to suppress an address.
"""

from __future__ import annotations

import re
from enum import Enum

from sztafeta.smtp.reply import Reply


class BounceClass(Enum):
    """Why."""

    __hash__ = object.__hash__  # there is one of each: Enum's own hashes the name each time

    NONE = "none"
    BAD_MAILBOX = "bad-mailbox"
    BAD_DOMAIN = "bad-domain"
    INACTIVE = "inactive-mailbox"
    FULL = "mailbox-full"
    SIZE = "too-big"
    RATE = "rate"
    REPUTATION = "reputation"
    SENDER_CONFIGURATION = "sender-configuration"
    """Our side's SPF, DKIM, DMARC, PTR or TLS: never the recipient's fault (C-166)."""
    POLICY = "policy"
    CONTENT = "content"
    GREYLISTED = "greylisted"
    DNS = "dns"
    CONNECTION = "connection"
    TLS = "tls"
    PROTOCOL = "protocol"
    OTHER = "other"


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


BY_TEXT: tuple[tuple[re.Pattern[str], BounceClass], ...] = (
    (
        _words(
            r"\b[45]\.7\.(?:23|2[5-79]|3[0-2]|40|515)\b",
            r"\b(?:SPF|DKIM|DMARC)\b.{0,60}\b(?:fail|not pass|missing|required|unauthenticated)",
            r"unauthenticated email",
            r"\bPTR record\b",
            r"reverse DNS",
        ),
        BounceClass.SENDER_CONFIGURATION,
    ),
    (_words(r"grey-?list", r"try again in \d+ (?:seconds|minutes)"), BounceClass.GREYLISTED),
    (
        _words(
            r"rate.?limit",
            r"too many (?:connections|messages|mails|sessions|concurrent)",
            r"throttl",
            r"unusual rate",
            r"\b4\.7\.28\b",
            r"zbyt wiele",
        ),
        BounceClass.RATE,
    ),
    (
        _words(
            r"\bRBL\b",
            r"spamhaus",
            r"blocklist",
            r"blacklist",
            r"block ?list",
            r"\b(?:ip|host|address|client|network) .{0,40}\b(?:blocked|listed|banned)",
            r"poor reputation",
            r"low reputation",
            r"\bS3140\b",
            r"\bTSS0\d\b",
        ),
        BounceClass.REPUTATION,
    ),
    (
        _words(
            r"(?:mailbox|inbox|quota|storage).{0,30}(?:full|exceed|over)",
            r"over.?quota",
            r"out of storage",
            r"skrzynka.{0,30}(?:pełna|przepełniona|pelna|przepelniona)",
        ),
        BounceClass.FULL,
    ),
    (
        _words(
            r"(?:account|mailbox|user).{0,30}(?:disabled|inactive|suspended|deactivated)",
            r"konto.{0,30}(?:zablokowane|nieaktywne)",
        ),
        BounceClass.INACTIVE,
    ),
    (
        _words(
            r"(?:user|mailbox|recipient|account|address)\b.{0,40}"
            r"(?:unknown|not found|does ?n.t exist|does not exist|unavailable|invalid|rejected)",
            r"(?:unknown|no such|invalid) (?:user|mailbox|recipient|local|account|address)",
            r"nie (?:istnieje|ma takiego|znaleziono)",
        ),
        BounceClass.BAD_MAILBOX,
    ),
    (_words(r"\bspam\b", r"\bvirus\b", r"malware", r"phish", r"junk mail"), BounceClass.CONTENT),
)

BY_STATUS: dict[tuple[int, int], BounceClass] = {  # RFC 3463 §3, RFC 5248
    (1, 0): BounceClass.BAD_MAILBOX,
    (1, 1): BounceClass.BAD_MAILBOX,
    (1, 2): BounceClass.BAD_DOMAIN,
    (1, 3): BounceClass.BAD_MAILBOX,
    (1, 6): BounceClass.BAD_MAILBOX,
    (1, 10): BounceClass.BAD_DOMAIN,
    (1, 8): BounceClass.SENDER_CONFIGURATION,
    (2, 1): BounceClass.INACTIVE,
    (2, 2): BounceClass.FULL,
    (2, 3): BounceClass.SIZE,
    (3, 4): BounceClass.SIZE,
    (4, 4): BounceClass.DNS,
    (5, 1): BounceClass.PROTOCOL,
    (5, 2): BounceClass.PROTOCOL,
    (5, 4): BounceClass.PROTOCOL,
    (6, 0): BounceClass.CONTENT,
    (6, 3): BounceClass.CONTENT,
    (7, 1): BounceClass.POLICY,
    (7, 23): BounceClass.SENDER_CONFIGURATION,
    (7, 25): BounceClass.SENDER_CONFIGURATION,
    (7, 26): BounceClass.SENDER_CONFIGURATION,
    (7, 28): BounceClass.RATE,
}

BY_SUBJECT: dict[int, BounceClass] = {
    1: BounceClass.BAD_MAILBOX,
    4: BounceClass.CONNECTION,
    6: BounceClass.CONTENT,
    7: BounceClass.POLICY,
}

BY_CODE: dict[int, BounceClass] = {
    421: BounceClass.RATE,
    500: BounceClass.PROTOCOL,
    501: BounceClass.PROTOCOL,
    502: BounceClass.PROTOCOL,
    503: BounceClass.PROTOCOL,
    504: BounceClass.PROTOCOL,
    521: BounceClass.BAD_DOMAIN,  # RFC 7504 §3
    550: BounceClass.BAD_MAILBOX,
    551: BounceClass.BAD_MAILBOX,
    552: BounceClass.FULL,
    553: BounceClass.BAD_MAILBOX,
    554: BounceClass.POLICY,
    556: BounceClass.BAD_DOMAIN,
}


def classify(said: Reply) -> BounceClass:
    """Say why a receiver refused; `NONE` for a reply that is no refusal."""
    if said.is_positive:
        return BounceClass.NONE
    text = f"{said.status or ''} {said.text}"[:600]
    for pattern, by_text in BY_TEXT:
        if pattern.search(text):
            return by_text
    if said.status is not None and said.status.subject:
        exact = BY_STATUS.get((said.status.subject, said.status.detail))
        if exact is not None:
            return exact
        if said.status.subject in BY_SUBJECT:
            return BY_SUBJECT[said.status.subject]
    return BY_CODE.get(said.code, BounceClass.OTHER)
