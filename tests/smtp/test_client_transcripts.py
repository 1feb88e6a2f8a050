"""Every transcript, reversed: its server's side is what a receiver says, and our client survives it."""

from __future__ import annotations

import pytest
from tests.doubles.client_player import ClientPlayer, is_delivered
from tests.doubles.parcels import cargo_to
from tests.doubles.reversed_mx import replies_of
from tests.doubles.session_player import Slicing
from tests.doubles.transcript import Transcript, load

from sztafeta.smtp.dialogue import Heard, Step
from sztafeta.smtp.reply import reply

CARGO = cargo_to("bob@example.org", "carol@example.org")


def pieces_of(transcript: Transcript, slicing: Slicing) -> list[bytes]:
    """Cut what the server says."""
    replies = [step for step in replies_of(transcript) if isinstance(step, bytes)]
    if slicing is Slicing.LINES:
        return replies
    whole = b"".join(replies)
    return [whole] if slicing is Slicing.PACKET else [bytes([octet]) for octet in whole]


@pytest.mark.parametrize("slicing", Slicing, ids=lambda slicing: slicing.name.lower())
@pytest.mark.parametrize("transcript", load(), ids=lambda transcript: transcript.name)
def test_our_client_survives_the_servers_side_of_a_dialogue(
    transcript: Transcript, slicing: Slicing
) -> None:
    """R-42, R-45, S-08: no exception, whole commands, and nothing delivered that was not sent."""
    for chunking in (False, True):
        player = ClientPlayer(CARGO, chunking=chunking)
        player.play(pieces_of(transcript, slicing))
        assert not player.session.is_ready
        assert player.greeting.is_over
        assert all(None not in transaction.outcomes for transaction in player.transactions)


def test_the_player_can_tell_a_delivery() -> None:
    """The oracle is not blind: a receiver that is asked and answers well has taken the message."""
    player = ClientPlayer(cargo_to("bob@example.org"), times=1)
    good = [
        b"220 hi\r\n",
        b"250 hi\r\n",
        b"250 ok\r\n",
        b"250 ok\r\n",
        b"354 go\r\n",
        b"250 ok\r\n",
    ]
    player.play(good)
    assert any(map(is_delivered, player.outcomes()))


def test_the_player_catches_a_client_that_believes_too_early() -> None:
    player = ClientPlayer(cargo_to("bob@example.org"), times=1)
    player.play([b"220 hi\r\n", b"250 hi\r\n"])
    (transaction,) = player.transactions
    transaction.outcomes[0] = Heard(Step.DOT, reply(250, None, "never said"))
    with pytest.raises(AssertionError):
        player.hear(b"")
