"""The rest of a call with faults of shape: what can be read is, so that all faults are found at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError
from pydantic_core import from_json

from sztafeta.api.routes.call_shapes import SendShape
from sztafeta.service.fault import Fault
from sztafeta.service.sending.call import Call
from sztafeta.service.sending.call_reading import escaped

_TOGETHER: Final = (("to", "cc", "bcc", "recipients"), ("html", "text", "template"))
"""Members of which a call needs one: without a spoiled one the others may look like none."""
_NOBODY: Final = "nobody@invalid"


class ReadableRest:
    """What is left when the members with a fault are put aside."""

    def __init__(self, octets: bytes, faults: Sequence[Fault]) -> None:
        """`octets` are those of a call whose shape has these faults."""
        self._spoiled = {_member(one) for one in faults}
        for members in _TOGETHER:
            if not self._spoiled.isdisjoint(members):
                self._spoiled.update(members)
        self.call = self._read(octets)
        """None: nothing can be read."""

    def _read(self, octets: bytes) -> Call | None:
        try:
            wish = from_json(octets)
            left = {
                name: value for name, value in wish.items() if escaped(name) not in self._spoiled
            }
            return SendShape.model_validate({"from": _NOBODY, **left}).read()
        except (ValidationError, ValueError, AttributeError):
            return None

    def further(self, faults: Sequence[Fault]) -> tuple[Fault, ...]:
        """Leave out what is only said because something was put aside."""
        return tuple([one for one in faults if _member(one) not in self._spoiled])


def _member(fault: Fault) -> str:
    return fault.pointer.partition("/")[2].partition("/")[0]
