"""Forms: fields that are read once, checked in one place, and shown again with what to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from wtforms import Form as WtForm
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from sztafeta.panel.texts import N_

SAID_BY_WTFORMS = (
    N_("Not a valid choice."),
    N_("Not a valid date value."),
    N_("Not a valid integer value."),
)
"""WTForms' own words that a browser can provoke."""


class Words(Protocol):
    """What a form needs of a visit to speak its language."""

    def gettext(self, text: str) -> str:
        """Translate."""

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Translate what is counted."""


class Form(WtForm):  # type: ignore[misc]
    """A form that speaks the visitor's language; texts that validators give are msgids."""

    class Meta:
        """Filled in by the visit."""

        words: Words | None = None

        def get_translations(self, form: Any) -> Words | None:
            """Give WTForms our own words instead of its catalogue."""
            return self.words


class Choice(SelectField):  # type: ignore[misc]
    """One of a list; the options' texts are msgids."""

    def iter_choices(self) -> Iterator[Any]:
        """Give the options in the visitor's language."""
        for choice in super().iter_choices():
            yield choice._replace(label=self.gettext(choice.label))


def required(text: str = N_("Fill this in.")) -> InputRequired:
    """Insist on a value."""
    return InputRequired(text)


def at_most(letters: int, text: str = N_("This is too long: shorten it.")) -> Length:
    """Bound a text."""
    return Length(max=letters, message=text)


def options(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Give the choices of a field: pairs of a value and its text."""
    return [SelectChoice(value=value, label=text) for value, text in pairs]
