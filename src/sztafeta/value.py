"""A value: a frozen, slotted dataclass that costs no more than a plain one.

`dataclass(frozen=True)` writes every field with a call of `object.__setattr__`, because a field cannot be
assigned any more. A message on its way makes some forty values of two hundred fields. So on the mail path
the type checker alone keeps a value from being changed: to it, `value` is `dataclass`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

__all__ = ["value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:

    def value(*, frozen: bool, eq: bool = True, **options: bool) -> Any:
        """Make a dataclass that compares and hashes like a frozen one."""
        return dataclass(eq=eq, unsafe_hash=frozen and eq, **options)
