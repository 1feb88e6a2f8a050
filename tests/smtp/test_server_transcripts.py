"""Every transcript gives the same dialogue line by line, octet by octet and in one packet (S-08)."""

from __future__ import annotations

import pytest
from tests.doubles.session_player import SessionPlayer, Slicing
from tests.doubles.transcript import Transcript, load

TRANSCRIPTS = load()


@pytest.mark.parametrize("slicing", Slicing, ids=lambda slicing: slicing.name.lower())
@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda transcript: transcript.name)
def test_a_dialogue_is_the_same_however_it_is_cut(transcript: Transcript, slicing: Slicing) -> None:
    SessionPlayer(transcript, slicing).play()


def test_there_are_enough_transcripts_and_each_says_what_it_proves() -> None:
    assert len(TRANSCRIPTS) >= 40
    assert all(transcript.title for transcript in TRANSCRIPTS)
