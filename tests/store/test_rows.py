"""Values survive the way into columns and back, whatever they hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.letters import Writer

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath, Notify, Return
from sztafeta.service.ports import Attempt, NewRecipient
from sztafeta.store import rows, schema

LATEST = 7_258_118_400_000
"""The year 2200."""
INSTANTS = st.integers(0, LATEST).map(rows.to_datetime)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NOISE = st.text()
IDS = st.integers(min_value=1, max_value=2**63 - 1)
MAILBOXES = st.builds(Mailbox, TEXTS.filter(bool), TEXTS.filter(bool))
ENVELOPES = st.builds(
    Envelope,
    reverse_path=st.none() | MAILBOXES,
    smtputf8=st.booleans(),
    eight_bit=st.booleans(),
    returns=st.none() | st.sampled_from(Return),
    envelope_id=st.none() | TEXTS,
)
PATHS = st.builds(
    ForwardPath,
    mailbox=MAILBOXES,
    notify=st.none() | st.integers(0, 7).map(Notify),
    original=st.none() | TEXTS,
)
ATTEMPTS = st.builds(
    Attempt,
    number=st.integers(1, 10_000),
    started_at=INSTANTS,
    ended_at=INSTANTS,
    outcome=TEXTS,
    stage=TEXTS,
    hop=TEXTS,
    reply_code=st.none() | st.integers(200, 599),
    reply_status=TEXTS,
    reply_text=TEXTS,
    tls=TEXTS,
    transcript=TEXTS,
    rule=TEXTS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NOISE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NOISE, inner, max_size=3),
)


def column(table: str, row: tuple[object, ...], name: str) -> object:
    return row[list(schema.metadata.tables[table].columns.keys()).index(name)]


@given(INSTANTS)
def test_instants_survive_to_the_millisecond(at: datetime) -> None:
    assert rows.to_datetime(rows.to_millis(at)) == at
    assert at.utcoffset() == timedelta(0)
    assert rows.to_millis(at + timedelta(microseconds=999)) == rows.to_millis(at)


@given(NOISE)
def test_a_cleaned_text_can_be_stored_in_both_databases(text: str) -> None:
    cleaned = rows.clean(text)
    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert rows.clean(cleaned) == cleaned


@given(TEXTS)
def test_a_text_that_needs_no_cleaning_is_left_alone(text: str) -> None:
    assert rows.clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("za\udcc5\udcbc", "zaż"), ("a\udcff", "a\ufffd"), ("a\ud800", "a?"), ("a\0b", "a\ufffdb")],
)
def test_octets_that_stand_as_surrogates_become_what_they_mean(text: str, cleaned: str) -> None:
    """PEP 383: a header with raw UTF-8 is readable; what is no text is replaced."""
    assert rows.clean(text) == cleaned


@given(st.dictionaries(NOISE, JSON, max_size=4))
def test_details_survive_in_ascii(details: dict[str, object]) -> None:
    written = rows.to_json(details)
    assert written.isascii()
    assert "\0" not in written
    assert rows.from_json(written) == details


@given(ENVELOPES)
def test_an_envelope_survives(envelope: Envelope) -> None:
    letter = replace(Writer().letter(), envelope=envelope)
    row = rows.message_row(letter, sha256=b"", in_file=False, tail_id=None)
    names = (
        "reverse_local",
        "reverse_domain",
        "smtputf8",
        "eight_bit",
        "returns",
        "envelope_id",
    )
    assert rows.envelope([column("message", row, name) for name in names]) == envelope


@given(PATHS, st.sampled_from(State), IDS)
def test_a_recipient_survives(path: ForwardPath, state: State, queue_id: int) -> None:
    writer = Writer()
    one = NewRecipient(recipient_id=5, forward_path=path, state=state)
    letter = replace(writer.letter(), recipients=(one,))
    (row,) = rows.recipient_rows(letter, {path.mailbox.domain: queue_id})
    names = (
        "recipient_id",
        "message_id",
        "queue_id",
        "local_part",
        "domain",
        "notify",
        "original",
        "attempt",
        "due_at",
        "accepted_at",
        "expires_at",
    )
    due = rows.due_recipient([column("recipient", row, name) for name in names])
    assert (due.forward_path, due.queue_id, due.attempt) == (path, queue_id, 0)
    assert (due.due_at, due.expires_at) == (letter.accepted_at, letter.expires_at)
    assert column("recipient", row, "state") == state.value
    assert (column("recipient", row, "final_at") is None) is not state.is_final


@given(ATTEMPTS)
def test_an_attempt_survives(attempt: Attempt) -> None:
    row = rows.attempt_row(attempt, 1, 2)
    assert row[:2] == (1, 2)
    assert rows.attempt_from(row[2:]) == attempt


@given(st.sampled_from(EventKind), INSTANTS, st.dictionaries(NOISE, JSON, max_size=3))
def test_an_event_survives(kind: EventKind, at: datetime, details: dict[str, object]) -> None:
    event = Event(event_id=1, recipient_id=2, message_id=3, kind=kind, at=at, details=details)
    assert rows.event_from(rows.event_row(event, 4, Mode.TEST)[:6]) == event


def test_every_row_has_its_tables_columns() -> None:
    writer = Writer()
    letter = writer.letter()
    made = {
        "message": rows.message_row(letter, sha256=b"", in_file=True, tail_id=None),
        "recipient": rows.recipient_rows(letter, {"example.net": 1})[0],
        "event": rows.event_row(letter.events[0], 1, Mode.LIVE),
        "attempt": rows.attempt_row(writer.attempt(1), 1, 2),
    }
    for table, row in made.items():
        assert len(row) == len(schema.metadata.tables[table].columns)
