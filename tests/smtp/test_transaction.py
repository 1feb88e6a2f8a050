"""One mail transaction, reply by reply (R-43 … R-45, C-115, C-116, C-129 … C-131)."""

from __future__ import annotations

import pytest
from tests.doubles.parcels import HELLO, SIGNATURE, BytesContent, cargo_to, envelope_to

from sztafeta.smtp.cargo import NEEDS_SMTPUTF8, UNSPEAKABLE_553, Cargo
from sztafeta.smtp.dialogue import Heard, Step, Trouble, TroubleKind
from sztafeta.smtp.greeting import NOTHING, Offers
from sztafeta.smtp.outgoing import ContentTorn
from sztafeta.smtp.reply import Reply, reply
from sztafeta.smtp.transaction import MAX_RECIPIENTS, Transaction

GROUPED = Offers(pipelining=True)
OK = reply(250, "2.0.0", "Ok")
GO = reply(354, None, "Go")
LATER = reply(451, "4.3.0", "Later")
NO = reply(550, "5.7.1", "No")
BYE = reply(421, "4.3.2", "Bye")
CLOSED = Trouble(TroubleKind.CLOSED, "gone")
WIRE_CONTENT = SIGNATURE + HELLO.replace(b"\r\n.", b"\r\n..") + b".\r\n"
BIG = b"Subject: big\r\n\r\n" + b"0123456789abcdef\r\n" * 10_000


def begin(
    *addresses: str, offers: Offers = GROUPED, after_failure: bool = False, **more: object
) -> tuple[Transaction, bytes]:
    transaction = Transaction(cargo_to(*addresses, **more), offers)  # type: ignore[arg-type]
    return transaction, transaction.begin(after_failure=after_failure)


def hold(*replies: Reply, to: str = "b@example.net", offers: Offers = GROUPED) -> Transaction:
    """Play a transaction to `to` (space-separated) with these replies."""
    transaction, _ = begin(*to.split(), offers=offers)
    for one in replies:
        transaction.hear(one)
    return transaction


def said_to(transaction: Transaction) -> list[Reply | Trouble | None]:
    return [None if one is None else one.said for one in transaction.outcomes]


def steps_of(transaction: Transaction) -> list[Step | None]:
    return [None if one is None else one.step for one in transaction.outcomes]


# -- what is said ---------------------------------------------------------------------------------------


def test_with_pipelining_commands_go_as_one_group() -> None:
    """C-115"""
    transaction, said = begin("b@example.net", "c@example.net")
    assert said.split(b"\r\n") == [
        b"MAIL FROM:<alice@example.com>",
        b"RCPT TO:<b@example.net>",
        b"RCPT TO:<c@example.net>",
        b"DATA",
        b"",
    ]
    assert [transaction.hear(one) for one in (OK, OK, OK)] == [b"", b"", b""]
    assert transaction.hear(GO) == WIRE_CONTENT
    assert transaction.hear(OK) == b""
    assert transaction.is_over


def test_without_pipelining_commands_go_strictly_one_by_one() -> None:
    """C-115"""
    transaction, said = begin("b@example.net", "c@example.net", offers=NOTHING)
    assert said == b"MAIL FROM:<alice@example.com>\r\n"
    assert transaction.hear(OK) == b"RCPT TO:<b@example.net>\r\n"
    assert transaction.hear(OK) == b"RCPT TO:<c@example.net>\r\n"
    assert transaction.hear(OK) == b"DATA\r\n"
    assert transaction.hear(GO) == WIRE_CONTENT
    transaction.hear(OK)
    assert said_to(transaction) == [OK, OK]


@pytest.mark.parametrize("offers", [NOTHING, GROUPED])
def test_after_a_failure_rset_comes_first(offers: Offers) -> None:
    """C-127"""
    transaction, said = begin("b@example.net", offers=offers, after_failure=True)
    assert said.startswith(b"RSET\r\n")
    after_rset = transaction.hear(OK)
    assert b"MAIL FROM" in (after_rset if offers is NOTHING else said)


def test_a_transaction_has_one_to_a_hundred_recipients() -> None:
    """RFC 5321 §4.5.3.1.8"""
    many = [f"r{n}@example.net" for n in range(MAX_RECIPIENTS)]
    assert begin(*many)[1].count(b"RCPT TO") == MAX_RECIPIENTS
    for wrong in ([], [*many, "x@example.net"]):
        with pytest.raises(ValueError, match="1 to 100"):
            Transaction(cargo_to(*wrong), GROUPED)


def test_what_the_hop_cannot_take_is_decided_before_a_word_is_said() -> None:
    """C-116: no DATA, not even MAIL."""
    transaction, said = begin("b@example.net", "c@example.net", offers=Offers(size=10))
    assert said == b""
    assert transaction.is_over
    assert transaction.broken_by is None
    assert [one.kind for one in said_to(transaction)] == [TroubleKind.SIZE] * 2  # type: ignore[union-attr]
    assert steps_of(transaction) == [Step.MAIL] * 2


def test_only_the_international_recipient_fails_at_a_hop_without_smtputf8() -> None:
    """C-103"""
    transaction, said = begin("b@example.net", "żółw@example.net", "c@example.net")
    assert said.count(b"RCPT TO") == 2
    for one in (OK, NO, OK, GO, OK):
        transaction.hear(one)
    assert said_to(transaction) == [NO, NEEDS_SMTPUTF8, OK]


def test_nothing_is_said_when_no_recipient_can_be_named() -> None:
    transaction, said = begin('"<>"@example.net', "żółw@example.net")
    assert said == b""
    assert said_to(transaction) == [UNSPEAKABLE_553, NEEDS_SMTPUTF8]
    assert not transaction.needs_reset


# -- answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offers", [NOTHING, GROUPED])
def test_each_recipient_has_an_answer_of_its_own(offers: Offers) -> None:
    """R-43: 250, 450, 550 and 452 in one transaction."""
    busy, full = reply(450, "4.2.1", "Busy"), reply(452, "4.5.3", "Too many")
    to = "a@example.net b@example.net c@example.net d@example.net"
    transaction = hold(OK, OK, busy, NO, full, GO, OK, to=to, offers=offers)
    assert said_to(transaction) == [OK, busy, NO, full]
    assert steps_of(transaction) == [Step.DOT, Step.RCPT, Step.RCPT, Step.RCPT]
    assert not transaction.needs_reset


@pytest.mark.parametrize("code", [250, 251, 252, 259, 200])
def test_any_2yz_to_rcpt_is_an_acceptance(code: int) -> None:
    """C-131"""
    assert said_to(hold(OK, reply(code, None, "Ok"), GO, OK)) == [OK]


def test_a_551_is_a_failure() -> None:
    """C-131"""
    moved = reply(551, "5.1.6", "Try <bob@example.org>")
    assert said_to(hold(OK, moved, reply(554, None, "No recipients"))) == [moved]


@pytest.mark.parametrize("code", [100, 199, 300, 354, 334])
@pytest.mark.parametrize("before", [(), (OK,), (OK, OK, GO)], ids=["mail", "rcpt", "dot"])
def test_a_code_out_of_place_is_a_temporary_fault(code: int, before: tuple[Reply, ...]) -> None:
    """C-131: and ends the session."""
    transaction = hold(*before, reply(code, None, "?"))
    (said,) = said_to(transaction)
    assert isinstance(said, Trouble)
    assert said.kind is TroubleKind.PROTOCOL
    assert transaction.broken_by == said


@pytest.mark.parametrize("code", [200, 250, 199])
def test_data_that_is_answered_with_anything_but_3yz_gets_no_content(code: int) -> None:
    transaction = hold(OK, OK)
    assert transaction.hear(reply(code, None, "?")) == b""
    (said,) = said_to(transaction)
    assert isinstance(said, Trouble)
    assert said.kind is TroubleKind.PROTOCOL


@pytest.mark.parametrize("no", [NO, LATER])
def test_the_reply_to_the_dot_is_for_all_accepted_recipients(no: Reply) -> None:
    """C-129, R-44"""
    to = "a@example.net b@example.net c@example.net"
    transaction = hold(OK, OK, NO, OK, GO, no, to=to)
    assert said_to(transaction) == [no, NO, no]
    assert steps_of(transaction) == [Step.DOT, Step.RCPT, Step.DOT]
    assert transaction.needs_reset


@pytest.mark.parametrize("no", [NO, LATER])
def test_a_refused_mail_is_for_all_recipients_of_the_message(no: Reply) -> None:
    """C-130"""
    bad = reply(503, "5.5.1", "Send MAIL first")
    to = "a@example.net b@example.net"
    transaction = hold(no, bad, bad, bad, to=to)
    assert said_to(transaction) == [no, no]
    assert steps_of(transaction) == [Step.MAIL, Step.MAIL]
    assert transaction.is_over
    assert not transaction.needs_reset
    one_by_one = hold(no, to=to, offers=NOTHING)
    assert one_by_one.is_over
    assert said_to(one_by_one) == [no, no]


@pytest.mark.parametrize("no", [NO, LATER])
def test_a_refused_data_is_for_all_accepted_recipients(no: Reply) -> None:
    transaction = hold(OK, OK, NO, no, to="a@example.net b@example.net")
    assert said_to(transaction) == [no, NO]
    assert steps_of(transaction) == [Step.DATA, Step.RCPT]
    assert transaction.needs_reset
    assert transaction.broken_by is None


def test_a_354_without_a_recipient_is_closed_with_a_lone_dot_and_ignored() -> None:
    """RFC 2920 §3.1"""
    for replies in ((OK, NO, GO), (NO, NO, GO)):
        transaction, _ = begin("b@example.net")
        said = [transaction.hear(one) for one in replies]
        assert said[-1] == b".\r\n"
        assert not transaction.is_over
        transaction.hear(OK)
        assert transaction.is_over
        assert said_to(transaction) == [NO]


def test_a_refused_data_without_a_recipient_ends_the_transaction() -> None:
    transaction = hold(OK, NO, reply(554, "5.5.1", "No valid recipients"))
    assert transaction.is_over
    assert said_to(transaction) == [NO]
    assert transaction.needs_reset


def test_an_odd_word_to_data_without_a_recipient_ends_the_session() -> None:
    transaction = hold(OK, NO, OK)
    assert said_to(transaction) == [NO]
    assert transaction.broken_by is not None


def test_without_pipelining_data_is_not_said_for_nobody() -> None:
    transaction = hold(OK, NO, offers=NOTHING)
    assert transaction.is_over
    assert transaction.needs_reset


# -- 421 and broken wires (R-45) -------------------------------------------------------------------

BEFORE_421 = {
    "rset": ((), Step.MAIL, [BYE, BYE]),
    "mail": ((), Step.MAIL, [BYE, BYE]),
    "rcpt 1": ((OK,), Step.RCPT, [BYE, BYE]),
    "rcpt 2": ((OK, NO), Step.RCPT, [NO, BYE]),
    "data": ((OK, OK, NO), Step.DATA, [BYE, NO]),
    "dot": ((OK, OK, OK, GO), Step.DOT, [BYE, BYE]),
}


@pytest.mark.parametrize("place", BEFORE_421)
def test_a_421_is_the_answer_for_everybody_undecided(place: str) -> None:
    """R-45: always temporary, and the session is over."""
    replies, step, expected = BEFORE_421[place]
    transaction, _ = begin("a@example.net", "b@example.net", after_failure=place == "rset")
    for one in (*replies, BYE):
        transaction.hear(one)
    assert said_to(transaction) == expected
    assert step in steps_of(transaction)
    assert transaction.is_over
    assert transaction.broken_by == BYE
    assert transaction.is_untouched is (place in ("rset", "mail"))


@pytest.mark.parametrize("place", BEFORE_421)
def test_a_broken_wire_is_the_answer_for_everybody_undecided(place: str) -> None:
    """R-41, R-44: what was refused stays refused."""
    replies, step, expected = BEFORE_421[place]
    transaction, _ = begin("a@example.net", "b@example.net")
    for one in replies:
        transaction.hear(one)
    transaction.lose(CLOSED)
    assert said_to(transaction) == [CLOSED if one is BYE else one for one in expected]
    assert step in steps_of(transaction)


def test_what_was_decided_is_not_lost_with_the_wire() -> None:
    transaction = hold(OK, OK, GO, OK)
    transaction.lose(CLOSED)
    assert transaction.outcomes == [Heard(Step.DOT, OK)]
    assert transaction.broken_by is None


def test_a_refused_rset_ends_the_session_untouched() -> None:
    transaction, _ = begin("a@example.net", after_failure=True)
    transaction.hear(NO)
    assert transaction.is_over
    assert transaction.is_untouched
    assert transaction.broken_by is not None


# -- content ----------------------------------------------------------------------------------------------


def test_big_content_is_streamed() -> None:
    transaction, _ = begin("b@example.net", content=BIG)
    for one in (OK, OK):
        transaction.hear(one)
    wire = transaction.hear(GO)
    assert transaction.step is Step.DATA
    assert transaction.stream is not None
    wire += b"".join(transaction.stream)
    assert wire == SIGNATURE + BIG + b".\r\n"
    transaction.content_sent()
    assert transaction.step is Step.DOT
    transaction.hear(OK)
    assert said_to(transaction) == [OK]


@pytest.mark.parametrize("early", [NO, LATER, BYE, reply(552, "5.3.4", "Too big")])
def test_a_refusal_before_the_end_of_the_content_is_an_answer(early: Reply) -> None:
    transaction = hold_streaming()
    transaction.hear(early)
    assert said_to(transaction) == [early]
    assert steps_of(transaction) == [Step.DATA]
    assert transaction.broken_by == early
    assert transaction.stream is None


def test_an_acceptance_before_the_end_of_the_content_is_none() -> None:
    """Otherwise a message that never arrived would count as delivered."""
    transaction = hold_streaming()
    transaction.hear(OK)
    (said,) = said_to(transaction)
    assert isinstance(said, Trouble)
    assert said.kind is TroubleKind.PROTOCOL


def hold_streaming() -> Transaction:
    transaction, _ = begin("b@example.net", content=BIG)
    for one in (OK, OK, GO):
        transaction.hear(one)
    assert transaction.stream is not None
    return transaction


@pytest.mark.parametrize("content", [HELLO, BIG], ids=["small", "big"])
def test_torn_content_is_an_error_of_ours_and_gets_no_dot(content: bytes) -> None:
    class Torn(BytesContent):
        @property
        def size(self) -> int:
            return len(self.octets) + 1

    cargo = Cargo(envelope=envelope_to("b@example.net"), header_prefix=b"", content=Torn(content))
    transaction = Transaction(cargo, GROUPED)
    transaction.begin()
    transaction.hear(OK)
    transaction.hear(OK)
    wire: list[bytes] = []

    def write_all() -> None:
        wire.append(transaction.hear(GO))
        wire.extend(transaction.stream or ())

    with pytest.raises(ContentTorn):
        write_all()
    assert not b"".join(wire).endswith(b".\r\n")


# -- BDAT (RFC 3030) --------------------------------------------------------------------------------------


def chunked(content: bytes = HELLO, pipelining: bool = True) -> tuple[Transaction, bytes]:
    offers = Offers(pipelining=pipelining, chunking=True)
    transaction = Transaction(
        cargo_to("a@example.net", "b@example.net", content=content), offers, chunking=True
    )
    return transaction, transaction.begin()


def test_content_may_go_as_one_chunk_without_dots() -> None:
    transaction, said = chunked()
    assert b"DATA" not in said
    assert [transaction.hear(one) for one in (OK, NO)] == [b"", b""]
    chunk = b"BDAT %d LAST\r\n" % len(SIGNATURE + HELLO) + SIGNATURE + HELLO
    assert transaction.hear(OK) == chunk
    transaction.hear(OK)
    assert said_to(transaction) == [NO, OK]


def test_big_content_is_streamed_as_one_chunk() -> None:
    transaction, _ = chunked(BIG)
    for one in (OK, OK):
        transaction.hear(one)
    wire = transaction.hear(OK)
    assert transaction.stream is not None
    wire += b"".join(transaction.stream)
    assert wire == b"BDAT %d LAST\r\n" % len(SIGNATURE + BIG) + SIGNATURE + BIG


def test_no_chunk_is_sent_for_nobody() -> None:
    transaction, _ = chunked()
    assert [transaction.hear(one) for one in (OK, NO, NO)] == [b"", b"", b""]
    assert transaction.is_over
    assert transaction.needs_reset


def test_content_with_a_bare_line_end_is_never_sent_as_a_chunk() -> None:
    """S-05: by DATA it is made canonical."""
    _, said = chunked(b"Subject: x\r\n\r\nbare\nlf\r\n")
    assert said.endswith(b"DATA\r\n")


def test_chunks_are_off_unless_asked_for_and_offered() -> None:
    offers = Offers(pipelining=True, chunking=True)
    assert Transaction(cargo_to("a@example.net"), offers).begin().endswith(b"DATA\r\n")
    not_offered = Transaction(cargo_to("a@example.net"), GROUPED, chunking=True)
    assert not_offered.begin().endswith(b"DATA\r\n")
