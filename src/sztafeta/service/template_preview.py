"""The preview of a template: what a recipient with this data would get, and all that is wrong with it.

Nothing is kept and nothing is sent. A variable that the data lacks stays blank in the preview and is named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sztafeta.mail.template_data import what_is_wrong_with_data
from sztafeta.mail.template_source import (
    MissingRule,
    Rendered,
    TemplateFault,
    TemplateSource,
    first_named,
)
from sztafeta.service.ports import Renderer, Sample, SampleStore

MOST_SAMPLES: Final = 20
LONGEST_DATA: Final = 200_000


class DataFault(ValueError):
    """Test data cannot be read; where that is known, it says where."""

    def __init__(self, text: str, *, line: int = 0, column: int = 0) -> None:
        super().__init__(text)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable that a template names."""

    name: str
    is_missing: bool
    part: str = ""
    """Where it stands first; empty where that is not seen."""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What came of rendering."""

    rendered: Rendered | None
    """None: it went wrong."""
    variables: tuple[Variable, ...] = ()
    fault: TemplateFault | None = None

    @property
    def missing(self) -> tuple[Variable, ...]:
        """Give the variables that the data lacks."""
        return tuple(one for one in self.variables if one.is_missing)


def read_data(written: str) -> Mapping[str, Any]:
    """Read test data; nothing written is no data.

    Raises:
        DataFault: it is not an object of JSON, or holds what no template may be given.
    """
    if len(written) > LONGEST_DATA:
        raise DataFault("too long")
    try:
        data = json.loads(written) if written.strip() else {}
    except json.JSONDecodeError as error:
        raise DataFault(error.msg, line=error.lineno, column=error.colno) from error
    except (RecursionError, ValueError) as error:
        raise DataFault("nested too deep, or a number of too many digits") from error
    if not isinstance(data, dict):
        raise DataFault("not an object", line=1, column=1)
    trouble = what_is_wrong_with_data(data)
    if trouble is not None:
        raise DataFault(trouble)
    return data


class Previews:
    """Shows templates to their authors; keeps their test data."""

    def __init__(self, *, renderer: Renderer, samples: SampleStore) -> None:
        self._renderer = renderer
        self._samples = samples

    async def show(self, source: TemplateSource, data: Mapping[str, Any]) -> Preview:
        """Render a source that may not have been saved."""
        try:
            html, names = await self._renderer.publish(source)
        except TemplateFault as fault:
            return Preview(rendered=None, fault=fault)
        variables = tuple(_variable(name, source, data) for name in names)
        try:
            (rendered,) = await self._renderer.render(
                replace(source, html=html, mjml=""),
                missing=MissingRule.BLANK,
                shared=data,
                data=[{}],
            )
        except TemplateFault as fault:
            return Preview(rendered=None, variables=variables, fault=fault)
        return Preview(rendered=rendered, variables=variables)

    async def samples(self, template_id: int) -> Sequence[Sample]:
        """List a template's test data by name."""
        return await self._samples.samples(template_id)

    async def keep(self, template_id: int, sample: Sample) -> bool:
        """Keep test data under a name; False: there is too much of it already."""
        return await self._samples.keep_sample(template_id, sample, most=MOST_SAMPLES)

    async def forget(self, template_id: int, name: str) -> None:
        """Forget test data."""
        await self._samples.forget_sample(template_id, name)


def _variable(name: str, source: TemplateSource, data: Mapping[str, Any]) -> Variable:
    part, line = first_named(name, source)
    return Variable(name=name, is_missing=not _holds(data, name), part=part, line=line)


def _holds(data: Any, name: str) -> bool:
    for step in name.split("."):
        if not isinstance(data, Mapping) or step not in data:
            return False
        data = data[step]
    return True
