"""The records of a zone as OctoDNS' YamlProvider reads them.

It cuts long texts itself, wants semicolons escaped, and by default refuses keys that are out of their natural
order (https://github.com/octodns/octodns/blob/main/docs/records.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sztafeta.account.dns_records import (
    TTL,
    ExpectedRecord,
    RecordType,
    plain_text,
    relative_name,
)


def octodns(zone: str, records: Sequence[ExpectedRecord]) -> str:
    """Write records for the file of a zone, into which they are merged."""
    return "".join(f"{line}\n" for line in _lines(zone, records))


def _lines(zone: str, records: Sequence[ExpectedRecord]) -> Iterator[str]:
    yield f"# For {zone}.yaml: merge it with the records that are there."
    yield "# What has records at one of these names already keeps them only if they are listed there, too."
    yield "---"
    entries = {_key(record, zone): record for record in records}
    for key in sorted(entries, key=_natural):
        record = entries[key]
        yield f"{_scalar(key)}:"
        yield f"  ttl: {TTL}"
        yield f"  type: {record.type.value}"
        yield f"  value: {_scalar(_value(record))}"


def _key(record: ExpectedRecord, zone: str) -> str:
    name = relative_name(record.name, zone)
    return "" if name == "@" else name


def _value(record: ExpectedRecord) -> str:
    if record.type is RecordType.CNAME:
        return f"{record.value}."
    return plain_text(record.value).replace(";", "\\;")


def _scalar(text: str) -> str:
    """Write a single-quoted scalar: nothing in it is special but the quotation mark (YAML 1.1 §9.2)."""
    return "'" + text.replace("'", "''") + "'"


def _natural(key: str) -> list[tuple[int, str]]:
    """Order numbers in names by their size, as OctoDNS does."""
    parts = re.split(r"(\d+)", key)
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]
