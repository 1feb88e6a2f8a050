"""A coverage-guided fuzz target for the client session (S-54): `python -m tests.fuzz.fuzz_client CORPUS`.

The first octet chooses the cargo, the extensions and how the rest is cut; the rest is what the receiver says.
The oracle is `tests/doubles/client_player.py`: no exception, whole commands, content properly stuffed, and
nothing delivered that was not written. Seeds come from the transcripts: `--seed CORPUS` writes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.doubles.client_player import ClientPlayer
from tests.doubles.parcels import cargo_to
from tests.doubles.reversed_mx import replies_of
from tests.doubles.transcript import load

from sztafeta.smtp.dialogue import MAX_TRANSCRIPT
from sztafeta.smtp.reply_parser import MAX_CONTINUATIONS, MAX_LINE

_BIG = b"Subject: big\r\n\r\n" + b".0123456789\r\n" * 6_000
_CARGOES = (
    cargo_to("bob@example.net"),
    cargo_to("bob@example.net", "carol@example.net", "żółw@example.net"),
    cargo_to("bob@example.net", "carol@example.net", content=_BIG),
    cargo_to("bob@example.net", reverse_path=None, content="\n.\nżółw\r.\r\n".encode()),
)


def one_input(data: bytes) -> None:
    """Play what the octets say."""
    choice, wire = data[0] if data else 0, data[1:]
    size = (len(wire) or 1, 1, 2, 7, 40, 100, 300, 1000)[choice // 32]
    player = ClientPlayer(
        _CARGOES[choice % 4], wants_tls=choice & 4 == 0, chunking=choice & 8 == 0, times=3
    )
    player.play(wire[at : at + size] for at in range(0, len(wire), size))
    assert player.greeting.is_over
    assert all(None not in transaction.outcomes for transaction in player.transactions)
    assert not player.session.may_speak
    assert len(str(player.session.transcript)) <= MAX_TRANSCRIPT + 100
    assert sum(map(len, player.session._parser._lines)) <= MAX_LINE * MAX_CONTINUATIONS


def seeds() -> list[bytes]:
    """What the servers of all transcripts say."""
    dialogues = [
        b"".join(step for step in replies_of(transcript) if isinstance(step, bytes))
        for transcript in load()
    ]
    return [bytes([32 + index % 16]) + dialogue for index, dialogue in enumerate(dialogues)]


def write_seeds(folder: Path) -> None:
    """Make a corpus to begin with."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, seed in enumerate(seeds()):
        (folder / f"transcript-{index}").write_bytes(seed)


def main() -> None:
    """Fuzz until told to stop; libFuzzer's options apply."""
    import atheris  # here, so that the tests can import this file without it

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    if "--seed" in sys.argv:
        write_seeds(Path(sys.argv[-1]))
    else:
        main()
