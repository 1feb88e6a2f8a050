"""A coverage-guided fuzz target for the server session (S-54): `python -m tests.fuzz.fuzz_server CORPUS`.

The first octet chooses the listener's profile and how the rest is cut; the rest is what the client says. The
oracle: no exception, well-formed replies, the same dialogue however it is cut, and no message with a bare CR
or LF. Seeds come from the transcripts: `python -m tests.fuzz.fuzz_server --seed CORPUS` writes them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.doubles.session_player import LOGIN, PASSWORD, Application, has_right_status
from tests.doubles.transcript import Say, credentials, load

from sztafeta.smtp.command import Command, Content
from sztafeta.smtp.server import ServerProfile, ServerSession

_PROFILES = (
    ServerProfile(hostname="mx.example.org"),
    ServerProfile(hostname="mx.example.org", requires_auth=False, max_size=200, max_recipients=3),
    ServerProfile(hostname="mx.example.org", requires_tls=True, cleartext_auth=False),
    ServerProfile(hostname="mx.example.org", requires_auth=False, offers_chunking=False),
)
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_GREETING = b"EHLO client.example.com\r\n"


def one_input(data: bytes) -> None:
    """Play what the octets say, whole and cut, and compare."""
    choice, wire = data[0] if data else 0, _GREETING + data[1:]
    profile, size = _PROFILES[choice % 4], choice // 4 + 1
    whole = play(profile, [wire])
    cut = play(profile, [wire[at : at + size] for at in range(0, len(wire), size)])
    assert cut == whole
    _, said, taken = whole
    assert all(has_right_status(line) for line in said.splitlines())
    assert not any(_BARE.search(content) for content in taken)


def play(profile: ServerProfile, packets: list[bytes]) -> tuple[list[Command], bytes, list[bytes]]:
    """Give the commands without content, everything said, and every message taken."""
    session = ServerSession(profile)
    application = Application(session)
    session.greet()
    commands: list[Command] = []
    for packet in packets:
        session.receive(packet)
        commands += [c for c in application.serve() if not isinstance(c, Content)]
    taken = [message.content for message in application.accepted]
    return commands, session.take_output(), taken


def seeds() -> list[bytes]:
    """What the clients of all transcripts say."""
    values = credentials(LOGIN, PASSWORD) | {"host": "mx.example.org"}
    dialogues = [
        b"".join(s.octets(values) for s in t.steps if isinstance(s, Say) and s.side == "C")
        for t in load()
    ]
    return [bytes([index % 4]) + dialogue for index, dialogue in enumerate(dialogues)]


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
