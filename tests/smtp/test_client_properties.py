"""Properties of the client: any split is the same dialogue, outcomes agree with a small model, and what
our client sends our server takes octet for octet, in memory.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.doubles.client_player import ClientPlayer, is_delivered
from tests.doubles.parcels import SIGNATURE, BytesContent, cargo_to, envelope_to
from tests.doubles.session_player import Application

from sztafeta.mail.address import parse_mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath, Notify, Return
from sztafeta.smtp.cargo import Cargo
from sztafeta.smtp.client import ClientSession
from sztafeta.smtp.command import StartTls
from sztafeta.smtp.dialogue import Heard, Trouble
from sztafeta.smtp.outgoing import canonical
from sztafeta.smtp.reply import Reply, encode_reply, reply
from sztafeta.smtp.server import ServerProfile, ServerSession
from sztafeta.smtp.xtext import encode_xtext

# -- a receiver that answers in turn --------------------------------------------------------------------

CODES = st.sampled_from([250, 250, 250, 251, 354, 421, 450, 451, 550, 554, 150])
GREETINGS = st.sampled_from(
    [
        b"250 mx\r\n",
        b"250-mx\r\n250 PIPELINING\r\n",
        b"250-mx\r\n250-CHUNKING\r\n250-SIZE 0\r\n250 DSN\r\n",
    ]
)
TO = ("bob@example.net", "carol@example.net", "dave@example.net")


def play(turns: list[bytes], cut: int) -> tuple[list[bytes], list[list[Heard | None]]]:
    """Play a receiver that says one reply a turn, each reply in pieces of `cut` octets."""
    player = ClientPlayer(cargo_to(*TO), wants_tls=False, times=3)
    player.play(turn[at : at + cut] for turn in turns for at in range(0, len(turn), cut))
    return player.said, [transaction.outcomes for transaction in player.transactions]


@given(GREETINGS, st.lists(CODES, max_size=25), st.integers(1, 9))
def test_any_split_of_a_patient_receivers_replies_gives_the_same_dialogue(
    greeting: bytes, codes: list[int], cut: int
) -> None:
    """S-08, R-42: commands, outcomes and content do not depend on packets."""
    replies = [encode_reply(Reply(code, None, ("one", "two"))) for code in codes]
    turns = [b"220 mx\r\n", greeting, *replies]
    assert play(turns, cut) == play(turns, 1000)


@pytest.mark.parametrize("content", [b"Subject: small\r\n\r\n", b"x\r\n" * 30_000])
@pytest.mark.parametrize(
    "early", [b"354 go\r\n250 taken\r\n", b"250 ok\r\n354 go\r\n250 taken\r\n"]
)
def test_an_acceptance_before_the_content_was_said_is_none(content: bytes, early: bytes) -> None:
    """R-42: a reply that comes before its command ends the session, and the message stays ours."""
    player = ClientPlayer(cargo_to("bob@example.net", content=content), wants_tls=False, times=1)
    for turn in (b"220 mx\r\n", b"250-mx\r\n250 PIPELINING\r\n", b"250 ok\r\n"):
        player.hear(turn)
    if early.startswith(b"354"):
        player.hear(b"250 ok\r\n")
    player.hear(early)
    (outcome,) = player.outcomes()
    assert outcome is not None
    assert isinstance(outcome.said, Trouble)
    assert not player.session.may_speak


# -- the walk: outcomes by a model written a second time, naively -----------------------------------------


def expected_outcomes(mail: int, rcpts: list[int], data: int, dot: int) -> list[int | None]:
    """Give the code that decides about each recipient; None where the receiver broke the rules."""
    if mail != 250:
        return [mail] * len(rcpts)
    if all(code != 250 for code in rcpts):
        return list(rcpts)
    if data not in (354, 451, 554):
        return [None if code == 250 else code for code in rcpts]
    final = dot if data == 354 else data
    return [final if code == 250 else code for code in rcpts]


@pytest.mark.parametrize("greeting", [b"250 mx\r\n", b"250-mx\r\n250 PIPELINING\r\n"])
@given(
    st.sampled_from([250, 250, 250, 451, 550]),
    st.lists(st.sampled_from([250, 250, 450, 452, 550]), min_size=3, max_size=3),
    st.sampled_from([354, 354, 451, 554, 250]),
    st.sampled_from([250, 451, 552]),
)
@settings(max_examples=200)
def test_every_walk_of_replies_decides_as_the_model_does(
    greeting: bytes, mail: int, rcpts: list[int], data: int, dot: int
) -> None:
    """R-43, R-44, C-115, C-129, C-130: grouped or one by one, the outcomes are the same."""
    player = ClientPlayer(cargo_to(*TO), wants_tls=False, times=1)
    player.hear(b"220 mx\r\n")
    player.hear(greeting)
    answers = {b"MAIL": [mail], b"RCPT": list(rcpts), b"DATA": [data]}
    heard = 0
    while heard < len(player.said):
        for line in player.said[heard].split(b"\r\n")[:-1]:
            if waiting := answers.get(line[:4]):
                player.hear(b"%d said\r\n" % waiting.pop(0))
        heard += 1
        if player.said[-1].endswith(b".\r\n"):
            player.hear(b"%d said\r\n" % dot)
            break
    said = [one.said for one in player.outcomes() if one is not None]
    codes = [one.code if isinstance(one, Reply) else None for one in said]
    assert codes == expected_outcomes(mail, rcpts, data, dot)
    assert all(isinstance(one, Reply | Trouble) for one in said)


# -- our client against our server ------------------------------------------------------------------------

BODIES = st.lists(
    st.sampled_from(
        [
            b"",
            b".",
            b"..",
            b". dot",
            b"text",
            "żółw".encode(),
            b"\0",
            b"\0.",
            b" ",
            b"QUIT",
            b"x" * 900,
        ]
    ),
    max_size=12,
).map(b"\r\n".join)
PROFILES = st.builds(
    lambda starttls, chunking: ServerProfile(
        hostname="mx.example.org",
        requires_auth=False,
        offers_starttls=starttls,
        offers_chunking=chunking,
    ),
    st.booleans(),
    st.booleans(),
)


class Meeting:
    """A client and a server session, joined by two buffers."""

    def __init__(self, profile: ServerProfile, cut: int, *, chunking: bool) -> None:
        self.server = ServerSession(profile)
        self.application = Application(self.server)
        self.client = ClientSession("relay.example.com", wants_tls=True, chunking=chunking)
        self._cut = cut
        self._greeting = self.client.greet()
        self.server.greet()

    def exchange(self, said: bytes = b"") -> None:
        """Carry octets to and fro until nobody has more to say."""
        while True:
            self._to_server(said)
            heard = self.server.take_output()
            if not heard:
                return
            said = self._to_client(heard)

    def _to_server(self, octets: bytes) -> None:
        wants_tls = False
        for at in range(0, len(octets), self._cut):
            self.server.receive(octets[at : at + self._cut])
            wants_tls |= any(isinstance(one, StartTls) for one in self.application.serve())
        self._is_wrapping = wants_tls

    def _to_client(self, octets: bytes) -> bytes:
        said = b"".join(
            self.client.receive(octets[at : at + self._cut])
            for at in range(0, len(octets), self._cut)
        )
        if self._greeting.wants_handshake:
            assert self._is_wrapping
            self.server.start_tls()
            said += self.client.start_tls()
        if self.client.stream is not None:
            said += b"".join(self.client.stream)
            self.client.content_sent()
        return said

    def send(self, cargo: Cargo) -> list[Heard | None]:
        transaction, said = self.client.transact(cargo)
        self.exchange(said)
        return transaction.outcomes


@given(PROFILES, st.lists(BODIES, min_size=1, max_size=3), st.integers(1, 4000), st.booleans())
@example(
    ServerProfile(hostname="mx.example.org", requires_auth=False), [b"x\r\n" * 30_000], 999, False
)
def test_a_message_survives_octet_for_octet_between_our_client_and_our_server(
    profile: ServerProfile, bodies: list[bytes], cut: int, chunking: bool
) -> None:
    """C-018, C-070, S-05, S-08: several on a session, in any packets, by DATA and BDAT, in TLS or not."""
    meeting = Meeting(profile, cut, chunking=chunking)
    meeting.exchange()
    assert meeting.client.is_encrypted == profile.offers_starttls
    for number, body in enumerate(bodies, 1):
        content = b"Subject: any\r\n\r\n" + body + b"\r\n"
        outcomes = meeting.send(cargo_to("bob@example.org", "carol@example.org", content=content))
        assert all(map(is_delivered, outcomes))
        assert len(meeting.application.accepted) == number
        assert meeting.application.accepted[-1].content == SIGNATURE + content


@given(
    st.lists(
        st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\0", b"a", b"MAIL FROM:<x@y.z>"]),
        max_size=15,
    ),
    st.booleans(),
)
def test_smuggled_content_arrives_as_one_message(pieces: list[bytes], chunking: bool) -> None:
    """S-02, S-04, S-05: whatever was put into content after it was accepted, it stays one message."""
    content = b"Subject: any\r\n\r\n" + b"".join(pieces)
    meeting = Meeting(
        ServerProfile(hostname="mx.example.org", requires_auth=False), 7, chunking=chunking
    )
    meeting.exchange()
    outcomes = meeting.send(cargo_to("bob@example.org", content=content))
    assert all(map(is_delivered, outcomes))
    (taken,) = meeting.application.accepted
    whole = canonical(SIGNATURE + content)
    assert taken.content.removesuffix(b"\r\n") == whole.removesuffix(b"\r\n")
    assert meeting.server.next_command().name == "NEED_DATA"  # type: ignore[union-attr]


XTEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=20).map(
    encode_xtext
)
FORWARD_PATHS = st.builds(
    lambda name, notify, original: ForwardPath(
        mailbox=parse_mailbox(f"{name}@example.org"),
        notify=notify,
        original=None if original is None else f"rfc822;{original}",
    ),
    st.sampled_from(["bob", '"b o b"', "b+tag", '"a\\"b"', "żółw", "o'hara"]),
    st.none() | st.sampled_from([Notify.NEVER, Notify.SUCCESS, Notify.FAILURE | Notify.DELAY]),
    st.none() | XTEXT,
)
ENVELOPES = st.builds(
    lambda paths, reverse, returns, envelope_id: Envelope(
        reverse_path=None if reverse is None else parse_mailbox(reverse),
        forward_paths=tuple(paths),
        returns=returns,
        envelope_id=envelope_id,
    ),
    st.lists(FORWARD_PATHS, min_size=1, max_size=4),
    st.none() | st.sampled_from(["alice@example.com", '"a b"@example.com', "żółw@example.com"]),
    st.none() | st.sampled_from(Return),
    st.none() | XTEXT,
)


@given(ENVELOPES)
def test_an_envelope_survives_between_our_client_and_our_server(envelope: Envelope) -> None:
    """C-082, S-20: parse ∘ format is the identity, for addresses, xtext and every ESMTP parameter."""
    meeting = Meeting(
        ServerProfile(hostname="mx.example.org", requires_auth=False), 1000, chunking=False
    )
    meeting.exchange()
    content = BytesContent(b"Subject: any\r\n\r\nHi\r\n")
    outcomes = meeting.send(Cargo(envelope=envelope, header_prefix=b"", content=content))
    assert all(map(is_delivered, outcomes))
    (taken,) = meeting.application.accepted
    assert tuple(rcpt.forward_path for rcpt in taken.recipients) == envelope.forward_paths
    assert taken.mail.reverse_path == envelope.reverse_path
    assert (taken.mail.returns, taken.mail.envelope_id) == (envelope.returns, envelope.envelope_id)


def test_the_client_goes_on_after_a_message_that_our_server_refused() -> None:
    """C-127: RSET between, and the next one is taken."""
    meeting = Meeting(
        ServerProfile(hostname="mx.example.org", requires_auth=False), 1000, chunking=False
    )
    meeting.exchange()
    refused = envelope_to("bob@example.org", reverse_path=parse_mailbox("forbidden@example.com"))
    content = BytesContent(b"Subject: any\r\n\r\nHi\r\n")
    outcomes = meeting.send(Cargo(envelope=refused, header_prefix=b"", content=content))
    assert [one.said for one in outcomes if one] == [reply(550, "5.7.1", "Not this")]
    assert all(map(is_delivered, meeting.send(cargo_to("bob@example.org"))))
