"""Expected × found: in which state a published record is, and which known mistake was made.

The zone's own servers have the word; what caches still say comes after them. Zone editors go wrong in ways
that have names: each is a row of `_MISTAKES`, and the first that fits is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sztafeta.account.dns_records import ExpectedRecord, Purpose, RecordType
from sztafeta.mail import spf
from sztafeta.mail.dkim_record import RecordState, judge_record


class CheckState(Enum):
    """What a look at a record came to."""

    NOT_FOUND = "not_found"
    DIFFERENT = "different"
    AT_ZONE = "at_zone"
    """Right at the zone's own servers; caches still hold what was before."""
    OK = "ok"
    GONE = "gone"
    """It was right once, and is not there any more."""
    NO_ANSWER = "no_answer"
    """Nobody could be asked: nothing is known, and nothing follows."""


class Mistake(Enum):
    """Known ways to go wrong."""

    DMARC_ALIAS = "dmarc_alias"
    TWO_SPF = "two_spf"
    TOO_MANY_LOOK_UPS = "too_many_look_ups"
    WITHOUT_US = "without_us"
    QUOTED = "quoted"
    CUT = "cut"
    WRONG_SELECTOR = "wrong_selector"
    WILDCARD = "wildcard"
    KEY_NOT_AT_OURS = "key_not_at_ours"
    ALIASED = "aliased"
    SEVERAL = "several"
    NOT_DKIM = "not_dkim"
    OTHER_VALUE = "other_value"
    PROXIED = "proxied"
    DOMAIN_TWICE = "domain_twice"
    NO_UNDERSCORE = "no_underscore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What DNS holds at a name."""

    texts: tuple[str, ...] = ()
    """Of TXT records, one each, their strings put together; or addresses, when those were asked for."""
    alias: str = ""
    """Where a CNAME leads, without a dot at its end."""
    ttl: int = 0
    """Seconds for which whoever asked may keep this answer."""
    has_answered: bool = True

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing."""
        return not self.texts and not self.alias


UNKNOWN: Final = Seen(has_answered=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What was seen of a record, and in its neighbourhood when it was not right."""

    at_zone: Seen = UNKNOWN
    in_caches: Seen = UNKNOWN
    doubled: Seen = Seen()
    """At the name with the domain appended twice."""
    bare: Seen = Seen()
    """At the name without its underscores."""
    anything: Seen = Seen()
    """At a name beside it that nobody can have published: whatever is there is a wildcard's."""
    addresses: tuple[str, ...] = ()
    """Addresses at the name."""
    look_ups: int = 0
    """What an SPF record costs."""

    @property
    def first(self) -> Seen:
        """Give the word of the zone's own servers, or of a cache when they do not answer."""
        return self.at_zone if self.at_zone.has_answered else self.in_caches


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A record, what was found in its place, and what that means."""

    record: ExpectedRecord
    state: CheckState
    mistake: Mistake | None = None
    found: tuple[str, ...] = ()
    ttl: int = 0
    """Seconds until caches forget what was before."""

    @property
    def is_right(self) -> bool:
        """Say whether the record stands as it should."""
        return self.state in (CheckState.OK, CheckState.AT_ZONE)


def check_record(
    record: ExpectedRecord,
    sighting: Sighting,
    *,
    was_right: bool = False,
    other_keys: tuple[str, ...] = (),
) -> Check:
    """Compare a record with what was seen; `other_keys` are the texts of the domain's other keys."""
    first = sighting.first
    case = _Case(record=record, seen=first, sighting=sighting, other_keys=other_keys)
    found = _relevant(record, first)
    if not first.has_answered:
        return Check(record=record, state=CheckState.NO_ANSWER)
    if is_right(record, first) and not _costs_too_much(case):
        return _right(record, sighting, found)
    mistake = next((mistake for mistake, fits in _MISTAKES if fits(case)), None)
    return Check(
        record=record,
        state=_wrong_state(found, was_right=was_right),
        mistake=mistake,
        found=found,
    )


def is_right(record: ExpectedRecord, seen: Seen) -> bool:
    """Say whether what was seen is what was expected."""
    return _RIGHT[record.purpose](record, seen)


def _right(record: ExpectedRecord, sighting: Sighting, found: tuple[str, ...]) -> Check:
    caches = sighting.in_caches
    is_everywhere = not caches.has_answered or is_right(record, caches)
    state = CheckState.OK if is_everywhere else CheckState.AT_ZONE
    return Check(record=record, state=state, found=found, ttl=0 if is_everywhere else caches.ttl)


def _wrong_state(found: tuple[str, ...], *, was_right: bool) -> CheckState:
    if found:
        return CheckState.DIFFERENT
    return CheckState.GONE if was_right else CheckState.NOT_FOUND


def advice_for(record: ExpectedRecord, found: tuple[str, ...]) -> str:
    """Complete the owner's SPF record rather than have them replace it."""
    if record.purpose is not Purpose.SPF or len(found) != 1:
        return ""
    return spf.completed(found[0], record.mechanisms)


def _relevant(record: ExpectedRecord, seen: Seen) -> tuple[str, ...]:
    """Leave out what other people's records at the same name say."""
    if record.type is RecordType.CNAME and record.purpose is not Purpose.DKIM:
        return (seen.alias,) if seen.alias else seen.texts
    if record.purpose is Purpose.SPF:
        return tuple(text for text in seen.texts if spf.is_spf(text) or _is_quoted_spf(text))
    return seen.texts or ((seen.alias,) if seen.alias else ())


# -- right -----------------------------------------------------------------------------------------


def _is_right_dkim(record: ExpectedRecord, seen: Seen) -> bool:
    """A key may stand at the name or be reached by a CNAME: what verifiers read is the same."""
    return judge_record(record.key, seen.texts, seen.alias) is RecordState.FOUND


def _is_right_spf(record: ExpectedRecord, seen: Seen) -> bool:
    found = [text for text in seen.texts if spf.is_spf(text)]
    return len(found) == 1 and spf.allows(found[0], record.mechanisms)


def _is_right_dmarc(record: ExpectedRecord, seen: Seen) -> bool:
    """Any policy is right: it is the owner's (RFC 7489 §6.3)."""
    found = [text for text in seen.texts if text.replace(" ", "").startswith("v=DMARC1;")]
    return not seen.alias and len(found) == 1 and "p=" in found[0].replace(" ", "")


def _is_right_alias(record: ExpectedRecord, seen: Seen) -> bool:
    return seen.alias.lower() == record.value.lower()


_RIGHT: Final[dict[Purpose, Callable[[ExpectedRecord, Seen], bool]]] = {
    Purpose.DKIM: _is_right_dkim,
    Purpose.SPF: _is_right_spf,
    Purpose.DMARC: _is_right_dmarc,
    Purpose.RETURN_PATH: _is_right_alias,
    Purpose.TRACKING: _is_right_alias,
}

# -- mistakes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    record: ExpectedRecord
    seen: Seen
    sighting: Sighting
    other_keys: tuple[str, ...]

    def is_for(self, *purposes: Purpose) -> bool:
        return self.record.purpose in purposes

    @property
    def dkim(self) -> RecordState | None:
        """How a DKIM record is wrong; None for others."""
        if self.record.purpose is not Purpose.DKIM:
            return None
        return judge_record(self.record.key, self.seen.texts, self.seen.alias)


def _costs_too_much(case: _Case) -> bool:
    return case.is_for(Purpose.SPF) and case.sighting.look_ups > spf.MOST_LOOK_UPS


def _has_two_spf(case: _Case) -> bool:
    return case.is_for(Purpose.SPF) and sum(map(spf.is_spf, case.seen.texts)) > 1


def _is_spf_without_us(case: _Case) -> bool:
    return case.is_for(Purpose.SPF) and any(map(spf.is_spf, case.seen.texts))


def _is_quoted_spf(text: str) -> bool:
    return text.startswith(('"', "\\")) and spf.is_spf(text.strip('"\\'))


def _is_quoted(case: _Case) -> bool:
    if case.dkim is not None:
        return case.dkim is RecordState.QUOTED
    return any(_is_right_unquoted(case.record, text) for text in case.seen.texts)


def _is_right_unquoted(record: ExpectedRecord, text: str) -> bool:
    plain = text.replace('"', "").replace("\\", "")
    return plain != text and is_right(record, Seen(texts=(plain,)))


def _is_other_key(case: _Case) -> bool:
    wrong = case.dkim is RecordState.OTHER_KEY
    return wrong and any(_is_key(other, case.seen) for other in case.other_keys)


def _is_key(text: str, seen: Seen) -> bool:
    return judge_record(text, seen.texts) is RecordState.FOUND


def _is_wildcard(case: _Case) -> bool:
    seen, anything = case.seen, case.sighting.anything
    return not anything.is_empty and (seen.texts, seen.alias) == (anything.texts, anything.alias)


def _is_empty_at_ours(case: _Case) -> bool:
    """The owner did their part; the operator's zone does not hold the key yet."""
    delegate = case.record.delegate
    return bool(delegate) and case.seen.alias == delegate.lower() and not case.seen.texts


def _is_proxied(case: _Case) -> bool:
    is_alias = case.is_for(Purpose.RETURN_PATH, Purpose.TRACKING)
    return is_alias and not case.seen.alias and bool(case.sighting.addresses)


def _dkim_is(state: RecordState) -> Callable[[_Case], bool]:
    return lambda case: case.dkim is state


def _is_other_value(case: _Case) -> bool:
    return bool(_relevant(case.record, case.seen))


_MISTAKES: Final[tuple[tuple[Mistake, Callable[[_Case], bool]], ...]] = (
    (Mistake.DMARC_ALIAS, lambda case: case.is_for(Purpose.DMARC) and bool(case.seen.alias)),
    (Mistake.TWO_SPF, _has_two_spf),
    (Mistake.TOO_MANY_LOOK_UPS, _costs_too_much),
    (Mistake.WITHOUT_US, _is_spf_without_us),
    (Mistake.WILDCARD, _is_wildcard),
    (Mistake.QUOTED, _is_quoted),
    (Mistake.CUT, _dkim_is(RecordState.CUT)),
    (Mistake.WRONG_SELECTOR, _is_other_key),
    (Mistake.KEY_NOT_AT_OURS, _is_empty_at_ours),
    (Mistake.ALIASED, _dkim_is(RecordState.ALIASED)),
    (Mistake.SEVERAL, _dkim_is(RecordState.SEVERAL)),
    (Mistake.NOT_DKIM, _dkim_is(RecordState.NOT_DKIM)),
    (Mistake.PROXIED, _is_proxied),
    (Mistake.OTHER_VALUE, _is_other_value),
    (Mistake.DOMAIN_TWICE, lambda case: is_right(case.record, case.sighting.doubled)),
    (Mistake.NO_UNDERSCORE, lambda case: is_right(case.record, case.sighting.bare)),
)
"""Each with what it looks like; the first that fits is the one to tell."""
