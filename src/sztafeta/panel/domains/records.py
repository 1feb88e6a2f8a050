"""A record as its row of the table shows it: its name as the zone's editor wants it, its state in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sztafeta.account.dns_hosts import DnsHost
from sztafeta.account.dns_records import (
    ExpectedRecord,
    Purpose,
    RecordType,
    as_cname,
    relative_name,
    zone_value,
)
from sztafeta.account.record_check import CheckState
from sztafeta.panel.domains.words import GONE, MISTAKES, NO_ANSWER, NOT_FOUND, PURPOSES, STATES
from sztafeta.service.domain_records import RecordRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    """A row of the table; texts that are msgids are translated by the template."""

    purpose: str
    reason: str
    type: str
    name: str
    full_name: str
    value: str
    is_required: bool
    is_pending: bool
    """A key that will sign when it is seen; another one signs now."""
    is_right: bool
    state: str
    badge: str
    sentence: str
    minutes: int
    """Until caches forget what was before; 0: they know."""
    found: tuple[str, ...]
    advice: str


def shown_record(row: RecordRow, *, zone: str, host: DnsHost | None, by_cname: bool) -> ShownRecord:
    """Put a row into words."""
    record = as_cname(row.record) if by_cname else row.record
    said = PURPOSES[record.purpose]
    state, badge = STATES[row.kept.state] if row.kept else ("", "off")
    name = relative_name(record.name, zone)
    return ShownRecord(
        purpose=said.word,
        reason=said.sentence,
        type=record.type.value,
        name=host.root if host and name == "@" else name,
        full_name=record.name,
        value=_value(record, row.advice, host),
        is_required=record.is_required,
        is_pending=record.purpose is Purpose.DKIM and not record.signs,
        is_right=row.is_right,
        state=state,
        badge=badge,
        sentence=_sentence(row),
        minutes=_minutes(row),
        found=() if row.is_right or row.kept is None else row.kept.found,
        advice=row.advice,
    )


def _value(record: ExpectedRecord, advice: str, host: DnsHost | None) -> str:
    """Give what to enter as the editor wants it; an owner's SPF record is completed."""
    record = replace(record, value=advice or record.value)
    if host is None:
        return record.value
    is_text = record.type is RecordType.TXT
    is_as_in_a_file = host.wants_quotes if is_text else host.wants_dot
    return zone_value(record) if is_as_in_a_file else record.value


def _sentence(row: RecordRow) -> str:
    if row.kept is None or row.is_right:
        return ""
    if row.kept.mistake is not None:
        return MISTAKES[row.kept.mistake]
    sentences = {
        CheckState.NOT_FOUND: NOT_FOUND,
        CheckState.GONE: GONE,
        CheckState.NO_ANSWER: NO_ANSWER,
    }
    return sentences.get(row.kept.state, "")


def _minutes(row: RecordRow) -> int:
    """Round up: nobody is disappointed."""
    if row.kept is None or row.kept.state is not CheckState.AT_ZONE:
        return 0
    return max(1, -(-row.kept.ttl // 60))
