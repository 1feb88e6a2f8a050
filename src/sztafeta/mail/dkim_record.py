"""DKIM records as they are found in DNS: are they what was to be published, and if not, what went wrong.

Zone editors cut, quote and alias long texts in ways of their own; each way has a name here, so that whoever
pasted the record reads what to change.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum


class RecordState(Enum):
    """What a look-up of a key's record came to."""

    FOUND = "found"
    MISSING = "missing"
    ALIASED = "aliased"
    OTHER_KEY = "other_key"
    QUOTED = "quoted"
    CUT = "cut"
    SEVERAL = "several"
    NOT_DKIM = "not_dkim"
    NO_ANSWER = "no_answer"


TEXTS = {
    RecordState.FOUND: "The record is right.",
    RecordState.MISSING: "There is no TXT record at this name. Publish it; it may take minutes to be seen."
    " Many zone editors append the domain by themselves: leave it out of the name there.",
    RecordState.ALIASED: "A CNAME stands at this name and leads elsewhere. Remove it: beside a CNAME there is"
    " no place for the TXT record.",
    RecordState.OTHER_KEY: "The record holds another key. Replace its value as a whole.",
    RecordState.QUOTED: "The quotation marks became a part of the value. Enter it without them.",
    RecordState.CUT: "The value was cut off. Enter it as strings of at most 255 octets, or in an editor that"
    " cuts by itself.",
    RecordState.SEVERAL: "Several TXT records stand at this name; leave the right one alone.",
    RecordState.NOT_DKIM: "The TXT record at this name is no DKIM key. Replace its value as a whole.",
    RecordState.NO_ANSWER: "DNS did not answer. Try again in a moment.",
}
"""What to tell, and what to do."""


def judge_record(expected: str, found: Sequence[str], alias: str = "") -> RecordState:
    """Compare the TXT records at a name with what was to be there; `alias` is where a CNAME leads."""
    if len(found) > 1:  # RFC 6376 §3.6.2.2: undefined
        return RecordState.SEVERAL
    if not found:
        return RecordState.ALIASED if alias else RecordState.MISSING
    (text,) = found
    wanted, has = _tags(expected), _tags(text)
    if has == wanted:
        return RecordState.FOUND
    if _tags(text.replace('"', "").replace("\\", "")) == wanted:
        return RecordState.QUOTED
    key = has.get("p", "")
    if alias:
        return RecordState.ALIASED
    if key and wanted["p"].startswith(key):
        return RecordState.CUT
    return RecordState.OTHER_KEY if key else RecordState.NOT_DKIM


def _tags(text: str) -> dict[str, str]:
    """Read the tags that tell keys apart; white space in them means nothing (RFC 6376 §3.2, §3.6.1)."""
    pairs = (one.partition("=") for one in text.split(";"))
    tags = {name.strip(): "".join(value.split()) for name, _, value in pairs if name.strip()}
    return {"k": tags.get("k", "rsa"), "p": tags.get("p", "")}
