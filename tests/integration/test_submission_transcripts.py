"""The transcripts over real sockets: in the clear, octet by octet, and inside TLS."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from tests.doubles.session_player import has_right_status, make_profile
from tests.doubles.submission_house import (
    ANY_LOGIN,
    HOSTNAME,
    LOGIN,
    PASSWORD,
    House,
    KeptMail,
    Peer,
    alices_accounts,
    client_context,
    open_house,
)
from tests.doubles.transcript import Form, Mark, Say, Transcript, credentials, load, unescape

from sztafeta.delivery.timing import Timing
from sztafeta.service.composing import Composed, Composer, Source, Submission
from sztafeta.submission.conversation import Conversation
from sztafeta.submission.limits import Limits

REFUSED_BY_THE_APPLICATION = ("<refused@", "<later@")
LONG = timedelta(hours=1)


def is_answered_here(transcript: Transcript) -> bool:
    """Say whether the replies are the session's, and not those of the application in memory."""
    said = [step.template for step in transcript.steps if isinstance(step, Say)]
    refused = any(word in line for line in said for word in REFUSED_BY_THE_APPLICATION)
    return not (transcript.needs_application or refused)


def speaks_of_starttls(transcript: Transcript) -> bool:
    """Say whether a dialogue makes sense in the clear alone."""
    words = [step.template for step in transcript.steps if isinstance(step, Say)]
    is_clear = any("STARTTLS" in word or word.startswith("538") for word in words)
    return is_clear or "requires_tls" in transcript.settings


TRANSCRIPTS = [one for one in load() if is_answered_here(one)]
IN_THE_CLEAR = [one for one in TRANSCRIPTS if not one.is_encrypted]
INSIDE_TLS = [one for one in TRANSCRIPTS if not speaks_of_starttls(one) or one.is_encrypted]


class Carefree(Composer):
    """Takes every message as it is, so that a transcript can say exactly what was taken."""

    def __init__(self) -> None:
        super().__init__(HOSTNAME)

    def compose(
        self, submission: Submission, message_id: int, now: datetime, received: bytes
    ) -> Composed:
        """Change nothing."""
        return Composed(
            header=b"",
            body_at=0,
            header_message_id="",
            subject="",
            signing_domain=None,
            timing=Timing(None, now + submission.account.ttl),
        )


def accounts() -> KeptMail:
    """Let Alice's accounts send as anybody: the dialogues are about the protocol."""
    found = alices_accounts()
    anybody = found[ANY_LOGIN]
    store = KeptMail(accounts=found)
    store.accounts[LOGIN] = anybody
    store.accounts[anybody.login] = anybody
    return store


class SocketPlayer:
    """Plays one transcript over one connection."""

    def __init__(self, house: House, transcript: Transcript, *, is_sliced: bool) -> None:
        self.house, self.transcript, self.is_sliced = house, transcript, is_sliced
        self.values = {**credentials(LOGIN, PASSWORD), "host": HOSTNAME}
        self.tasks: set[asyncio.Future[int]] = set()
        self.is_whole = False
        """The next step is one packet, however the player cuts."""

    async def play(self, *, tls: bool) -> None:
        """Walk over the steps."""
        self.peer = await self.house.connect(tls=tls)
        await self.house.notebook.until("opened")
        if not self.house.profile.requires_auth:
            self._let_in()
        for step in self.transcript.steps:
            where = f"{self.transcript.name}:{step.line}"
            if isinstance(step, Mark):
                await self._obey(step, where)
            elif step.side == "C":
                await self._speak(step)
            else:
                await self._listen(step, where)
        self.peer.close()

    @property
    def conversation(self) -> Conversation:
        """The server's side."""
        (conversation,) = self.house.reception._conversations
        return conversation

    def _let_in(self) -> None:
        """Give the client an account without a login, for dialogues that are not about logins."""
        clerk = self.conversation._clerk
        clerk._account = self.house.store.accounts[LOGIN]
        clerk._source = Source(
            listener="test", address="127.0.0.1", client_name="", extended=True, tls=""
        )

    async def _speak(self, step: Say) -> None:
        octets = step.octets(self.values)
        size = 1 if self.is_sliced and not self.is_whole else max(len(octets), 1)
        self.is_whole = False
        for start in range(0, len(octets), size):
            self.peer.writer.write(octets[start : start + size])
            if self.is_sliced:
                await asyncio.sleep(0)

    async def _listen(self, step: Say, where: str) -> None:
        line = await self._hear_line()
        if step.form is Form.REPLY:
            while line[3:4] == b"-":
                line = await self._hear_line()
            assert line.startswith(step.template.encode() + b" "), (where, line)
        else:
            assert step.matches(line, self.values), (where, line)

    async def _hear_line(self) -> bytes:
        line = await self.peer.reader.readline()
        assert len(line) <= 512, "RFC 5321 §4.5.3.1.5"
        assert has_right_status(line.removesuffix(b"\r\n")), line
        return line.removesuffix(b"\r\n")

    async def _obey(self, mark: Mark, where: str) -> None:
        messages = self.house.store.messages
        match mark.word:
            case "packet":
                self.is_whole = True
            case "tls":
                await self.peer.writer.start_tls(client_context(), server_hostname=HOSTNAME)
            case "idle":
                await self._idle(self.peer)
            case "shutdown":
                self.tasks.add(asyncio.ensure_future(self.house.reception.shut_down(LONG)))
            case "close":
                assert await self.peer.hear_the_end() == b"", where
            case "accepted":
                assert len(messages) == int(mark.argument), where
            case "content":
                content = b"".join(messages[-1].content.blocks())
                assert content == unescape(mark.argument), where

    async def _idle(self, peer: Peer) -> None:
        """Let the time pass until the server has read all that was said, and has had enough."""
        heard = asyncio.ensure_future(peer.reader.readuntil(b"\r\n"))
        conversation = self.conversation
        while not heard.done():
            self.house.time += 301
            if not conversation._is_over:
                conversation._watch()
            await asyncio.wait([heard], timeout=0.001)
        peer.reader._buffer[:0] = await heard  # type: ignore[attr-defined]


async def play(transcript: Transcript, *, tls: bool = False, is_sliced: bool = False) -> None:
    """Open a house as the transcript wants it, and play."""
    first = transcript.steps[0]
    is_early = isinstance(first, Say) and first.side == "C"
    limits = Limits(greeting_delay=LONG if is_early else timedelta(0), recipients_per_hour=0)
    profile = make_profile(transcript)
    async with open_house(accounts(), limits, profile, Carefree()) as house:
        await SocketPlayer(house, transcript, is_sliced=is_sliced).play(tls=tls)


@pytest.mark.parametrize("transcript", IN_THE_CLEAR, ids=lambda transcript: transcript.name)
async def test_a_dialogue_over_a_socket(transcript: Transcript) -> None:
    await play(transcript)


@pytest.mark.parametrize("transcript", IN_THE_CLEAR, ids=lambda transcript: transcript.name)
async def test_a_dialogue_in_segments_of_one_octet(transcript: Transcript) -> None:
    """S-08."""
    await play(transcript, is_sliced=True)


@pytest.mark.parametrize("transcript", INSIDE_TLS, ids=lambda transcript: transcript.name)
async def test_a_dialogue_inside_tls(transcript: Transcript) -> None:
    await play(transcript, tls=True)


def test_most_transcripts_are_played() -> None:
    assert len(IN_THE_CLEAR) > 40
    assert len(INSIDE_TLS) > 30
