"""Ids that sort by time: messages, recipients and events share one source.

64 bits: 42 of milliseconds since 2020, 8 of the node, 13 of a counter. The text form of a message's id is
its *queue-id*: 13 characters of Crockford's base 32, lower case.
"""

from __future__ import annotations

from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_EPOCH_MS = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
_COUNTER_BITS = 13
_NODE_BITS = 8
_TEXT_LENGTH = 13
_BITS = 63
"""What a database keeps in a signed column of 64."""


class IdSource:
    """Ids of one node, ever rising, even when its clock steps back."""

    def __init__(self, node: int) -> None:
        if not 0 <= node < 1 << _NODE_BITS:
            raise ValueError(f"node number {node} is not in 0 to {(1 << _NODE_BITS) - 1}")
        self._node = node << _COUNTER_BITS
        self._now: datetime | None = None
        """The instant of the last id, and its milliseconds: a message and its recipients share one."""
        self._now_ms = self._tick_ms = 0
        self._counter = 0

    def next(self, now: datetime) -> int:
        """Give an id greater than every one before it."""
        if now is not self._now:
            self._now, self._now_ms = now, int(now.timestamp() * 1000) - _EPOCH_MS
        now_ms = self._now_ms
        if now_ms > self._tick_ms:
            self._tick_ms, self._counter = now_ms, 0
        elif self._counter + 1 < 1 << _COUNTER_BITS:
            self._counter += 1
        else:  # 8,192 ids in one millisecond: borrow the next one
            self._tick_ms, self._counter = self._tick_ms + 1, 0
        return (self._tick_ms << (_COUNTER_BITS + _NODE_BITS)) | self._node | self._counter


def first_at(at: datetime) -> int:
    """Give the least id that any node may give at an instant; those before it are older."""
    return max(0, int(at.timestamp() * 1000) - _EPOCH_MS) << (_COUNTER_BITS + _NODE_BITS)


def to_text(identity: int) -> str:
    """Write an id as people see it, for example `0k3zr6w5m4001`."""
    return (
        _ALPHABET[(identity >> 60) & 15]
        + _PAIRS[(identity >> 50) & 1023]
        + _PAIRS[(identity >> 40) & 1023]
        + _PAIRS[(identity >> 30) & 1023]
        + _PAIRS[(identity >> 20) & 1023]
        + _PAIRS[(identity >> 10) & 1023]
        + _PAIRS[identity & 1023]
    )


def from_text(text: str) -> int:
    """Read an id back.

    Raises:
        ValueError: the text is not a queue-id.
    """
    if len(text) != _TEXT_LENGTH:
        raise ValueError(f"a queue-id has {_TEXT_LENGTH} characters, {text!r} has {len(text)}")
    identity = 0
    for letter in text.lower():
        if letter not in _VALUE:
            raise ValueError(f"{letter!r} cannot stand in a queue-id")
        identity = identity << 5 | _VALUE[letter]
    if identity >> _BITS:
        raise ValueError(f"{text!r} is beyond the last queue-id")
    return identity
