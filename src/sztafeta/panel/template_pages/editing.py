"""The editor's form and what is told beside it: preview, variables, checks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from sztafeta.mail.checks.examination import Examination, examine
from sztafeta.mail.template_source import TemplateFault, TemplateSource
from sztafeta.panel.forms import Form, at_most
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.ports import TemplateVersion
from sztafeta.service.template_preview import DataFault, Preview, read_data

LONGEST: Final = 5_000_000
NOTHING: Final = Preview(rendered=None)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATA_WORDS: Final = {
    "too long": N_("The test data is too long."),
    "not an object": N_("Test data is one object: { … }."),
}


class EditorForm(Form):
    """What an author writes, with the data that it is tried with."""

    subject = StringField(N_("Subject"), [at_most(10_000)])
    kind = HiddenField(N_("Written in"))
    code = TextAreaField(N_("HTML"), [at_most(LONGEST)])
    text = TextAreaField(N_("Text"), [at_most(LONGEST)])
    data = TextAreaField(N_("Test data (JSON)"))
    sample = StringField(N_("Name of the test data"), [at_most(80)])
    seen = HiddenField()
    remote = BooleanField(N_("Load remote pictures"))
    do = StringField()
    """Which button was pressed."""
    saved = StringField()
    """The name of the kept test data that is wanted."""

    def source(self) -> TemplateSource:
        """Give the source; browsers send CRLF."""
        code = _lines(self.code.data)
        is_mjml = self.kind.data == "mjml"
        return TemplateSource(
            subject=" ".join((self.subject.data or "").split("\r\n")),
            html="" if is_mjml else code,
            mjml=code if is_mjml else "",
            text=_lines(self.text.data),
        )

    @property
    def seen_at(self) -> datetime | None:
        """Say when what is changed here had been changed last."""
        written = str(self.seen.data or "")
        if not (written.isascii() and written.isdecimal() and len(written) < 15):
            return None
        return _EPOCH + timedelta(milliseconds=int(written))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stands beside the form."""

    preview: Preview
    examination: Examination
    fault: str = ""
    """What is wrong with the template, in a sentence."""


def values_of(version: TemplateVersion, changed_at: datetime, data: str) -> dict[str, Any]:
    """Give what the form shows of a version."""
    source = version.source
    return {
        "subject": source.subject,
        "kind": "mjml" if source.mjml else "html",
        "code": source.mjml or source.html,
        "text": source.text,
        "data": data,
        "seen": seen_mark(changed_at),
    }


def seen_mark(changed_at: datetime) -> str:
    """Write what the form remembers of the moment it was opened."""
    return str((changed_at - _EPOCH) // timedelta(milliseconds=1))


async def look(visit: Visit, form: EditorForm) -> Shown:
    """Try the form out, and tie what is wrong to its fields."""
    try:
        data = read_data(form.data.data or "")
    except DataFault as fault:
        form.data.errors = [*form.data.errors, _of_data(visit, fault)]
        data = {}
    preview = await visit.desk.previews.show(form.source(), data)
    rendered = preview.rendered
    html, text = ("", "") if rendered is None else (rendered.html, rendered.text)
    examination = await asyncio.to_thread(examine, html, text)
    told = "" if preview.fault is None else _tie(visit, form, preview.fault)
    return Shown(preview=preview, examination=examination, fault=told)


def _tie(visit: Visit, form: EditorForm, fault: TemplateFault) -> str:
    """Put a fault beside the field it is in."""
    place = ""
    if fault.line is not None:
        words = {"line": fault.line, "column": fault.column or 1}
        place = visit.gettext("Line %(line)s, column %(column)s:") % words + " "
    told = f"{place}{fault}"
    field = form.code if fault.part in ("html", "mjml") else form[fault.part]
    field.errors = [*field.errors, told.replace("%", "%%")]  # errors are msgids
    return told


def _of_data(visit: Visit, fault: DataFault) -> str:
    text = _DATA_WORDS.get(str(fault))
    if text is not None:
        return visit.gettext(text)
    words = {"line": fault.line or 1, "column": fault.column or 1}
    place = visit.gettext("Line %(line)s, column %(column)s:") % words
    return f"{place} {fault}".replace("%", "%%")


def _lines(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n")
