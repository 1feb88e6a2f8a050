"""Administrator › Audit log: who did what, when and from where; and the same as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final

from starlette.responses import Response

from sztafeta.panel.needs import ADMINISTRATOR
from sztafeta.panel.pages import Pages
from sztafeta.panel.people.audit_words import ACTIONS, AREAS, NAMES, value_text
from sztafeta.panel.visit import Visit
from sztafeta.service.ports import AuditEntry, AuditQuery

pages = Pages("audit")
PAGE: Final = 50
MOST_IN_A_FILE: Final = 10_000
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run (W-09)."""
_COLUMNS: Final = (
    "number",
    "at",
    "who",
    "action",
    "subject",
    "address",
    "by_customer_service",
    "key_id",
    "request_id",
    "details",
)


@pages.get("/audit", needs=ADMINISTRATOR)
async def audit(visit: Visit) -> Response:
    """List what was done, the newest first."""
    wanted = dict(visit.request.query_params)
    before = wanted.pop("before", "")
    entries = await visit.desk.audit.entries(
        visit.customer_id,
        _query(visit, wanted),
        limit=PAGE + 1,
        before=int(before)
        if before.isascii() and before.isdecimal() and len(before) < 16
        else None,
    )
    filters = {name: value for name, value in wanted.items() if name in _FILTERS and value}
    return visit.page(
        "people/audit.html",
        entries=entries[:PAGE],
        older=entries[PAGE - 1].number if len(entries) > PAGE else 0,
        is_first=not before,
        filters=filters,
        areas=AREAS,
        actions=ACTIONS,
        members=await visit.desk.people.people.all_of(visit.customer_id),
        differences=partial(_differences, visit),
        is_checked="check" in wanted,
        broken=await visit.desk.audit.first_broken(visit.customer_id)
        if "check" in wanted
        else None,
    )


@pages.get("/audit.csv", needs=ADMINISTRATOR)
async def audit_file(visit: Visit) -> Response:
    """Give the list as a file; that it was taken is noted, too (W-26)."""
    entries = await visit.desk.audit.entries(
        visit.customer_id, _query(visit, visit.request.query_params), limit=MOST_IN_A_FILE
    )
    await visit.desk.audit.note(visit.member, "audit.exported", address=visit.address)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows(_row(visit, entry) for entry in entries)
    return visit.download(text.getvalue().encode("utf-8-sig"), "audit.csv", "text/csv")


_FILTERS: Final = ("q", "area", "member", "since", "until")


def _query(visit: Visit, wanted: Mapping[str, str]) -> AuditQuery:
    """Read the filters; what cannot be read does not narrow."""
    member = wanted.get("member", "")
    area = wanted.get("area", "")
    return AuditQuery(
        text=wanted.get("q", "").strip()[:200],
        action=area if area in AREAS else "",
        member_id=int(member)
        if member.isascii() and member.isdecimal() and len(member) < 16
        else None,
        since=_midnight(visit, wanted.get("since", "")),
        until=_midnight(visit, wanted.get("until", ""), days=1),
    )


def _midnight(visit: Visit, text: str, *, days: int = 0) -> datetime | None:
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(day, time(), visit.formats.zone)


def _differences(visit: Visit, entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Give what changed: its name, the value before and the value after; empty where there is none."""
    before, after = entry.details.get("before", {}), entry.details.get("after", {})
    names = [*before, *(name for name in after if name not in before)]
    return [
        (
            visit.gettext(NAMES.get(name, name)),
            _shown(visit, before, name),
            _shown(visit, after, name),
        )
        for name in names
    ]


def _shown(visit: Visit, values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return "" if value in (None, "") else visit.gettext(value_text(value))


def _row(visit: Visit, entry: AuditEntry) -> list[str]:
    values = (
        entry.number,
        visit.formats.utc(entry.at),
        entry.who,
        entry.action,
        entry.subject,
        entry.address,
        int(entry.by_customer_service),
        entry.key_id,
        entry.request_id,
        json.dumps(entry.details, ensure_ascii=False) if entry.details else "",
    )
    return [_harmless(str(value)) for value in values]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
