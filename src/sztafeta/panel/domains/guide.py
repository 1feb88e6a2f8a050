"""The way into a zone's editor, step by step, and a drawing of its form: words that are read from a table.

Pictures of other people's pages would be stale within a year, and speak one language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sztafeta.account.dns_hosts import THE_DOMAIN, UNKNOWN_FORM, DnsHost, RecordForm
from sztafeta.account.dns_records import TTL, RecordType
from sztafeta.panel.domains.records import ShownRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What the steps say; an empty word is one that we do not know."""

    host: str
    """Empty: nobody we know."""
    path: tuple[str, ...]
    form: RecordForm
    record: ShownRecord
    """The one in the drawing: the first that is not in order."""
    value_field: str
    is_alias: bool
    has_quotes: bool
    has_dot: bool
    has_proxy: bool
    ttl: int = TTL


def guide(host: DnsHost | None, zone: str, records: Sequence[ShownRecord], language: str) -> Guide:
    """Say how the records are entered at a host."""
    form = host.form_in(language) if host else UNKNOWN_FORM
    record = next((one for one in records if not one.is_right), records[0])
    is_alias = record.type == RecordType.CNAME.value
    return Guide(
        host=host.name if host else "",
        path=tuple(zone if entry == THE_DOMAIN else entry for entry in form.path),
        form=form,
        record=record,
        value_field=(form.alias_field if is_alias else "") or form.value_field,
        is_alias=is_alias,
        has_quotes=host is not None and host.wants_quotes and not is_alias,
        has_dot=host is not None and host.wants_dot and is_alias,
        has_proxy=host is not None and host.has_proxy and is_alias,
    )
