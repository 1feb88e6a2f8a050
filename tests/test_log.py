"""The log: one line an event whatever strangers put in, and a canonical line an attempt."""

from __future__ import annotations

import io
import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sztafeta.log import Log, render_json, render_pretty
from sztafeta.service.record import AttemptLine

LINE = AttemptLine(
    message_id=1 << 40,
    customer_id=7,
    domain="example.com",
    site="mx.example.com",
    hop="mx.example.com[192.0.2.1]:25",
    tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
    attempt=2,
    outcome="deferred",
    stage="rcpt",
    code=451,
    status="4.2.1",
    rule="other-4yz",
    bounce_class="none",
    took=timedelta(milliseconds=12.34),
    age=timedelta(seconds=60),
)


def written(say: object, *, level: str = "info", pretty: bool = False) -> list[str]:
    stream = io.StringIO()
    log = Log(stream, level=level, pretty=pretty)
    say(log)  # type: ignore[operator]
    log.close()
    return stream.getvalue().splitlines()


@given(st.text(), st.text())
def test_one_event_is_one_json_line_whatever_is_in_it(key_text: str, value: str) -> None:
    """W-25: CR, LF, ANSI, U+2028 in any value."""
    line = render_json("now", "info", key_text, {"client": value})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["client"] == value


@given(st.text())
def test_on_a_terminal_a_value_can_neither_break_nor_colour_the_line(value: str) -> None:
    """W-25: the terminal view is escaped."""
    line = render_pretty("2026-11-24T12:00:00.000Z", "info", value, {"client": value})
    plain = line
    for code in ("\x1b[2m", "\x1b[0m", "\x1b[36m"):
        plain = plain.replace(code, "")
    assert plain.isprintable()


def test_an_attempt_has_its_canonical_line() -> None:
    (line,) = written(lambda log: log.attempt(LINE))
    fields = json.loads(line)
    assert fields["event"] == "attempt"
    assert len(fields["queue_id"]) == 13
    assert (fields["domain"], fields["site"]) == ("example.com", "mx.example.com")
    assert (fields["stage"], fields["code"], fields["status"]) == ("rcpt", 451, "4.2.1")
    assert (fields["verdict"], fields["rule"], fields["class"]) == ("deferred", "other-4yz", "none")
    assert (fields["took_ms"], fields["age_ms"]) == (12.3, 60000.0)


def test_no_address_stands_in_the_line_of_an_attempt() -> None:
    (line,) = written(lambda log: log.attempt(LINE))
    assert "@" not in line


def test_an_error_of_ours_comes_with_its_traceback() -> None:
    (line,) = written(lambda log: log.trouble("the store failed", OSError(5, "input/output")))
    fields = json.loads(line)
    assert (fields["level"], fields["event"]) == ("error", "the store failed")
    assert "OSError" in fields["traceback"]


def test_what_is_below_the_level_is_not_written() -> None:
    assert written(lambda log: log.attempt(LINE), level="warning") == []
    assert written(lambda log: log.events.debug("detail")) == []


def test_a_reader_that_is_gone_stops_nobody() -> None:
    stream = io.StringIO()
    stream.close()
    log = Log(stream)
    log.attempt(LINE)
    log.close()
