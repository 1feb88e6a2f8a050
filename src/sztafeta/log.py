"""The log: one JSON object a line (or a readable line on a terminal), written by a thread of its own.

Values may come from strangers, so every control character is escaped: a line stays one line (W-25). At info
level no address and no content is written; a message is named by its queue-id.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, MutableMapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TextIO

import msgspec
import structlog

from sztafeta.delivery.queue_id import to_text

if TYPE_CHECKING:
    from sztafeta.service.record import AttemptLine

LINES_HELD = 100_000
"""Lines that may wait when nobody reads; the oldest are dropped and counted, mail never waits for its log."""
WRITE_EVERY_SECONDS = 0.02
_COLOURS = {"debug": "2", "info": "36", "warning": "33", "error": "31;1", "critical": "31;1"}

Fields = MutableMapping[str, Any]


class LineWriter:
    """Gathers lines and writes them in batches from a thread, so that a slow reader delays nobody."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: deque[str] = deque()
        self._wanted = threading.Event()
        self._closing = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Have a line written soon; never blocks, never fails."""
        if len(self._lines) >= LINES_HELD:
            self._lines.popleft()
            self.dropped += 1
        self._lines.append(line)
        if not self._wanted.is_set():
            self._wanted.set()

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._closing = True
        self._wanted.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._closing:
            self._wanted.wait()
            self._wanted.clear()
            self._write_batch()
            if not self._closing:
                time.sleep(WRITE_EVERY_SECONDS)
        self._write_batch()

    def _write_batch(self) -> None:
        count = len(self._lines)
        batch = "".join([self._lines.popleft() + "\n" for _ in range(count)])
        try:
            self._stream.write(batch)
            self._stream.flush()
        except (OSError, ValueError):  # whoever read the log is gone; there is nobody to tell
            self.dropped += count


class Log:
    """What the parts of the service write to; made once by `bootstrap`."""

    def __init__(self, stream: TextIO | None = None, *, level: str = "info", pretty: bool = False):
        self._writer = LineWriter(stream or sys.stderr)
        self._render = render_pretty if pretty else render_json
        self._grave_enough: int = getattr(logging, level.upper())
        self._second, self._second_written = 0, ""
        self.events: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
            None,
            processors=[self._write],
            wrapper_class=structlog.make_filtering_bound_logger(self._grave_enough),
            context_class=dict,
            cache_logger_on_first_use=True,
        )

    def attempt(self, line: AttemptLine) -> None:
        """Write the canonical line of one attempt."""
        if self._grave_enough > logging.INFO:
            return
        self._writer.write(self._render(self._stamp(), "info", "attempt", attempt_fields(line)))

    def accepted(
        self, login: str, queue_id: str, recipients: int, octets: int, took: timedelta
    ) -> None:
        """Write that a message is ours now."""
        if self._grave_enough > logging.INFO:
            return
        fields = {
            "queue_id": queue_id,
            "login": login,
            "recipients": recipients,
            "octets": octets,
            "took_ms": round(took.total_seconds() * 1000, 1),
        }
        self._writer.write(self._render(self._stamp(), "info", "accepted", fields))

    def trouble(self, what: str, why: BaseException, **fields: str) -> None:
        """Write an error of ours with its traceback."""
        frames = "".join(traceback.format_exception(why))
        error = f"{type(why).__name__}: {why}"
        self.events.error(what, error=error, **fields, traceback=frames)

    @property
    def dropped(self) -> int:
        """Lines that nobody read in time."""
        return self._writer.dropped

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()

    def _write(self, _: Any, level: str, fields: Fields) -> Any:
        text = str(fields.pop("event", ""))
        self._writer.write(self._render(self._stamp(), level, text, fields))
        raise structlog.DropEvent

    def _stamp(self) -> str:
        """Write the present instant; the second is written once for all its lines."""
        second, millisecond = divmod(time.time_ns() // 1_000_000, 1000)
        if second != self._second:
            self._second = second
            self._second_written = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second_written}.{millisecond:03d}Z"

    def take_over_stdlib(self) -> None:
        """Let what libraries say (warnings and worse) come through here too."""
        root = logging.getLogger()
        root.handlers[:] = [_FromStdlib(self.events)]
        root.setLevel(max(self._grave_enough, logging.WARNING))


class _FromStdlib(logging.Handler):
    """Carries records of `logging` over."""

    def __init__(self, events: structlog.typing.FilteringBoundLogger) -> None:
        super().__init__()
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info:
            fields["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        self._events.log(record.levelno, record.getMessage().replace("%", "%%"), **fields)


def attempt_fields(line: AttemptLine) -> dict[str, Any]:
    """Give the fields of an attempt's line in the order in which people read them."""
    return {
        "queue_id": to_text(line.message_id),
        "customer": line.customer_id,
        "domain": line.domain,
        "site": line.site,
        "hop": line.hop,
        "tls": line.tls,
        "attempt": line.attempt,
        "verdict": line.outcome,
        "stage": line.stage,
        "code": line.code,
        "status": line.status,
        "rule": line.rule,
        "class": line.bounce_class,
        "took_ms": round(line.took.total_seconds() * 1000, 1),
        "age_ms": round(line.age.total_seconds() * 1000, 1),
    }


_encode: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=True, separators=(",", ":"), default=str
).encode


_encode_quickly: Callable[[Any], bytes] = msgspec.json.Encoder(enc_hook=str).encode


def render_json(stamp: str, level: str, text: str, fields: Fields) -> str:
    """Write one JSON object; everything outside printable ASCII is escaped."""
    whole = {"at": stamp, "level": level, "event": text, **fields}
    line = _encode_quickly(whole)
    if line.isascii() and b"\x7f" not in line:
        return line.decode("ascii")
    return _encode(whole).replace("\x7f", "\\u007f")


def render_pretty(stamp: str, level: str, text: str, fields: Fields) -> str:
    """Write a line for a terminal: values of strangers can neither colour it nor break it."""
    frames = str(fields.pop("traceback", "")) if "traceback" in fields else ""
    values = " ".join(f"\x1b[2m{key}=\x1b[0m{_readable(value)}" for key, value in fields.items())
    colour = _COLOURS.get(level, "0")
    line = f"\x1b[2m{stamp[11:23]}\x1b[0m \x1b[{colour}m{level:<7}\x1b[0m {escape(text)} {values}"
    return line + "".join(f"\n    {escape(frame)}" for frame in frames.splitlines())


def escape(text: str) -> str:
    """Escape whatever is not printable (controls, line separators, direction marks)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _readable(value: Any) -> str:
    text = escape(str(value))
    return f'"{text}"' if " " in text or not text else text
