"""The table of states: what the RFCs say about order, read from the data."""

from __future__ import annotations

import pytest

from sztafeta.smtp.state import NEXT, State, Verb, as_markdown, is_allowed, out_of_order


def test_every_state_has_a_row_and_leads_only_to_states() -> None:
    assert set(NEXT) == set(State)
    assert all(isinstance(after, State) for row in NEXT.values() for after in row.values())


def test_every_state_can_be_reached_from_the_first() -> None:
    reached, edge = {State.FRESH}, {State.FRESH}
    while edge:
        edge = {after for state in edge for after in NEXT[state].values()} - reached
        reached |= edge
    assert reached == set(State)


@pytest.mark.parametrize("verb", [Verb.NOOP, Verb.VRFY, Verb.EXPN, Verb.HELP, Verb.QUIT])
def test_c_008_some_commands_may_come_anywhere_and_change_nothing(verb: Verb) -> None:
    assert all(NEXT[state][verb] is state for state in State)


@pytest.mark.parametrize("verb", [Verb.EHLO, Verb.HELO])
def test_c_007_a_greeting_leads_to_ready_from_everywhere(verb: Verb) -> None:
    assert all(NEXT[state][verb] is State.READY for state in State)


def test_s_21_rset_never_leads_into_a_transaction() -> None:
    assert {NEXT[state][Verb.RSET] for state in State} == {State.FRESH, State.READY}


@pytest.mark.parametrize(
    ("state", "verb", "why"),
    [
        (State.FRESH, Verb.MAIL, "Send EHLO first"),
        (State.READY, Verb.RCPT, "Send MAIL first"),
        (State.READY, Verb.DATA, "Send MAIL first"),
        (State.MAIL, Verb.DATA, "Send RCPT first"),
        (State.MAIL, Verb.MAIL, "A mail transaction is open: finish it or send RSET first"),
        (State.RCPT, Verb.AUTH, "A mail transaction is open: finish it or send RSET first"),
        (State.RCPT, Verb.STARTTLS, "A mail transaction is open: finish it or send RSET first"),
        (State.CHUNKS, Verb.DATA, "The content has begun: send BDAT or RSET"),
    ],
)
def test_c_005_c_006_a_verb_out_of_order_hears_what_comes_first(
    state: State, verb: Verb, why: str
) -> None:
    assert not is_allowed(state, verb)
    assert out_of_order(state, verb) == why


def test_the_table_prints_one_row_a_verb() -> None:
    lines = as_markdown().splitlines()
    assert lines[0] == "| verb | fresh | ready | mail | rcpt | chunks |"
    assert "| MAIL | 503 | mail | 503 | 503 | 503 |" in lines
    assert len(lines) == 2 + len(Verb)
