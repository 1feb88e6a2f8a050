"""SEND: what a call becomes, what it is refused for, and what is told about each addressee."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.doubles.sending_office import SendingOffice
from tests.doubles.submission_house import KeptMail, Told, account

from sztafeta.account.api_key import Mode
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.delivery.queue_id import to_text
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.mail.message import scan
from sztafeta.mail.template_source import MissingRule
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import NewMessage, StorageFull, StoreBusy, TailedContent
from sztafeta.service.sending.call import (
    Addressee,
    AddresseeKind,
    AttachedFile,
    Call,
    Caller,
    Person,
    TemplateChoice,
)
from sztafeta.service.sending.send import Fate, Idempotency, Replayed, Sent

ALICE = Caller(
    account=account("1.alice.smtp", 1), mode=Mode.LIVE, key_id="k123456789", address="192.0.2.7"
)
POLISH = "Zażółć gęślą jaźń"


class Office(SendingOffice):
    """Sending, with short words for what a test does."""

    def __init__(self, **how: object) -> None:
        self.kept, self.told = KeptMail(), Told()
        super().__init__(self.kept, self.kept, self.told, **how)  # type: ignore[arg-type]

    async def sent(self, call: Call, caller: Caller = ALICE) -> Sent:
        """Send what must be accepted."""
        outcome = await self.sending.send(caller, call)
        assert isinstance(outcome, Sent), outcome
        return outcome

    async def refused(self, call: Call, caller: Caller = ALICE) -> Refusal:
        """Send what must be refused, and make sure that nothing was kept."""
        before = len(self.kept.messages)
        outcome = await self.sending.send(caller, call)
        assert isinstance(outcome, Refusal), outcome
        assert len(self.kept.messages) == before
        return outcome

    async def pointers(self, call: Call) -> list[str]:
        """Give where a call must be refused."""
        return [fault.pointer for fault in (await self.refused(call)).faults]


def people(*addresses: str, kind: AddresseeKind = AddresseeKind.TO) -> tuple[Addressee, ...]:
    return tuple(
        Addressee(person=Person(address=one, pointer=f"/{kind.value}/{at}"), kind=kind)
        for at, one in enumerate(addresses)
    )


def a_call(*addresses: str, **changes: object) -> Call:
    call = Call(
        author=Person(address="alice@example.com", name="Alice", pointer="/from"),
        addressees=people(*(addresses or ("bob@example.net",))),
        subject="Hello",
        text="Hi Bob",
    )
    return replace(call, **changes)  # type: ignore[arg-type]


def octets(message: NewMessage) -> bytes:
    return b"".join(message.content.blocks())


def parsed(message: NewMessage) -> EmailMessage:
    read = message_from_bytes(octets(message), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


# -- what a call becomes -------------------------------------------------------------------------


async def test_each_addressee_gets_a_message_of_his_own_in_one_commit() -> None:
    office = Office()
    sent = await office.sent(a_call("bob@example.net", "eve@example.net", tags=("order",)))
    first, second = office.kept.messages
    assert [one.message_id for one in sent.messages] == [first.message_id, second.message_id]
    assert {first.submission_id, second.submission_id} == {sent.submission_id}
    assert first.header_message_id == f"<{to_text(first.message_id)}@example.com>"
    assert first.header_message_id != second.header_message_id
    assert [parsed(one)["To"] for one in (first, second)] == ["bob@example.net", "eve@example.net"]
    assert (first.tags, first.mode, first.failure_notices) == (("order",), Mode.LIVE, False)
    assert str(first.envelope.reverse_path) == "alice@example.com"
    assert first.signing_domain == "example.com"
    assert office.told.accepted_ids == [first.message_id, second.message_id]


async def test_what_is_equal_is_kept_once_beside_heads_of_their_own() -> None:
    """Issue 3, §1: content that is equal for all is stored once."""
    office = Office()
    logo = AttachedFile(filename="logo.png", content=b"\x89PNG" * 100)
    await office.sent(a_call("bob@example.net", "eve@example.net", attachments=(logo,)))
    first, second = (one.content for one in office.kept.messages)
    assert isinstance(first, TailedContent)
    assert isinstance(second, TailedContent)
    assert first.tail is second.tail
    assert first.tail_id == second.tail_id
    (file,) = parsed(office.kept.messages[1]).iter_attachments()
    assert file.get_content() == logo.content
    assert file.get_content_type() == "image/png"


@pytest.mark.parametrize(
    "addresses", [("bob@example.net",), ("bob@example.net", "eve@example.net")]
)
async def test_a_big_file_is_on_disk_before_the_commit(addresses: tuple[str, ...]) -> None:
    office = Office()
    file = AttachedFile(filename="big.bin", content=bytes(range(256)) * 1000)
    await office.sent(a_call(*addresses, attachments=(file,)))
    assert len(office.kept.spools) == 1
    for message in office.kept.messages:
        (read,) = parsed(message).iter_attachments()
        assert read.get_content() == file.content


async def test_what_was_spooled_is_taken_back_when_the_disk_is_full() -> None:
    """R-20: nothing is kept of a message that is not promised."""
    office = Office()
    office.kept.failure = StorageFull()
    file = AttachedFile(filename="big.bin", content=bytes(200_000))
    outcome = await office.sending.send(ALICE, a_call(attachments=(file,)))
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.http_status) == ("no_room", 507)
    assert [spool.is_discarded for spool in office.kept.spools] == [True]


async def test_a_busy_store_promises_nothing() -> None:
    office = Office()
    office.kept.failure = StoreBusy()
    with pytest.raises(StoreBusy):
        await office.sending.send(ALICE, a_call())
    assert office.told.accepted_ids == []


async def test_with_copies_everybody_is_shown_but_the_blind() -> None:
    office = Office()
    addressees = (
        people("bob@example.net", "eve@example.net")
        + people("carol@example.net", kind=AddresseeKind.CC)
        + people("dave@example.net", kind=AddresseeKind.BCC)
    )
    await office.sent(a_call(addressees=addressees))
    for message in office.kept.messages:
        read = parsed(message)
        assert (read["To"], read["Cc"]) == ("bob@example.net, eve@example.net", "carol@example.net")
    assert b"dave" not in octets(office.kept.messages[0])


async def test_a_blind_copy_does_not_show_the_many() -> None:
    office = Office()
    blind = people("dave@example.net", kind=AddresseeKind.BCC)
    await office.sent(a_call(addressees=people("bob@example.net", "eve@example.net") + blind))
    assert parsed(office.kept.messages[2])["To"] is None


async def test_polish_text_comes_through_everywhere() -> None:
    """S-43's other side: subject, display name, file name and an IDN domain."""
    office = Office()
    call = a_call(
        author=Person(address="alice@bücher.example", name=POLISH),
        subject=POLISH,
        text=POLISH,
        attachments=(AttachedFile(filename=f"{POLISH}.txt", content=b"x"),),
        headers=(("X-Order", POLISH),),
    )
    await office.sent(call)
    read = parsed(office.kept.messages[0])
    (file,) = read.iter_attachments()
    body = read.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == POLISH
    assert (read["Subject"], read["X-Order"]) == (POLISH, POLISH)
    assert file.get_filename() == f"{POLISH}.txt"
    assert read["From"].addresses[0].display_name == POLISH
    assert read["From"].addresses[0].domain == "xn--bcher-kva.example"


async def test_text_is_made_from_html_when_it_is_missing() -> None:
    office = Office()
    await office.sent(a_call(text="", html="<p>Hi &amp; bye</p>"))
    body = parsed(office.kept.messages[0]).get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Hi & bye"


async def test_mail_for_later_is_due_then_and_expires_from_then_on() -> None:
    office = Office()
    send_at = office.clock.now() + timedelta(days=2)
    await office.sent(a_call(send_at=send_at))
    (message,) = office.kept.messages
    assert message.recipients[0].due_at == send_at
    assert message.expires_at == send_at + ALICE.account.ttl
    assert message.events[0].details["next_due"].startswith("2026-01-04T")


async def test_a_code_that_is_worthless_soon_expires_soon() -> None:
    office = Office()
    expires_at = office.clock.now() + timedelta(minutes=10)
    await office.sent(a_call(expires_at=expires_at))
    assert office.kept.messages[0].expires_at == expires_at


# -- who gets none -------------------------------------------------------------------------------


async def test_suppressed_and_unreadable_addressees_are_told_beside_the_others() -> None:
    office = Office()
    await office.suppress("eve@example.net")
    sent = await office.sent(a_call("bob@example.net", "EVE@example.net", "carol@@example.net"))
    fates = [one.fate for one in sent.messages]
    assert fates == [Fate.ACCEPTED, Fate.SUPPRESSED, Fate.INVALID]
    assert sent.messages[2].fault is not None
    assert sent.messages[2].fault.pointer == "/to/2"
    states = [message.recipients[0].state for message in office.kept.messages]
    assert states == [State.QUEUED, State.SUPPRESSED]
    assert office.kept.messages[1].events[0].kind is EventKind.REJECTED


async def test_an_address_that_stands_twice_gets_one_message_and_a_warning() -> None:
    office = Office()
    sent = await office.sent(a_call("bob@example.net", "bob@EXAMPLE.net"))
    assert len(sent.messages) == len(office.kept.messages) == 1
    assert [one.code for one in sent.warnings] == ["duplicate"]


async def test_a_call_without_any_readable_address_is_refused() -> None:
    assert await Office().pointers(a_call("bob", "eve@@x")) == ["/to/0", "/to/1"]


async def test_customers_without_suppressions_cost_no_question_each_message() -> None:
    office = Office()
    asked: list[int] = []
    ask = office.kept.suppressions.suppressions

    async def counted(customer_id: int, *, limit: int) -> Sequence[object]:
        asked.append(customer_id)
        return await ask(customer_id, limit=limit)

    office.kept.suppressions.suppressions = counted  # type: ignore[assignment, method-assign]
    for _ in range(5):
        await office.sent(a_call())
    office.clock.advance(timedelta(seconds=2))
    await office.sent(a_call())
    assert len(asked) == 2


# -- what is refused -----------------------------------------------------------------------------

HOSTILE = [
    "a\r\nBcc: x@example.org",
    "a\nb",
    "a\rb",
    "a\0b",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "a\x1bb",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_control_character_is_refused_wherever_it_would_reach_a_header(text: str) -> None:
    """S-43: every place at once, each with its pointer."""
    call = a_call(
        author=Person(address="alice@example.com", name=text, pointer="/from"),
        addressees=(Addressee(person=Person(address="b@example.net", name=text, pointer="/to/0")),),
        subject=text,
        reply_to=(Person(address="r@example.com", name=text, pointer="/reply_to/0"),),
        headers=(("X-Order", text), (text, "x")),
        tags=(text,),
        metadata={"key": text, text: "value"},
        attachments=(
            AttachedFile(filename=text, content=b"", content_id=text, pointer="/attachments/0"),
        ),
    )
    pointers = await Office().pointers(call)
    assert {
        "/from",
        "/to/0",
        "/subject",
        "/reply_to/0",
        "/headers/X-Order",
        "/tags/0",
        "/metadata/key",
        "/attachments/0",
    } <= set(pointers)
    assert pointers.count("/attachments/0") == 2
    assert any(pointer.startswith("/headers/a") for pointer in pointers)


IN_HEADER = frozenset(
    b"received date from to subject message-id x-order mime-version content-type".split()
)
IN_FILE = frozenset(
    b"content-type content-disposition content-transfer-encoding content-id".split()
)
texts = st.text(max_size=120)


@settings(max_examples=150, deadline=None)
@given(subject=texts, name=texts, value=texts, filename=texts)
def test_no_text_makes_a_field_of_its_own(
    subject: str, name: str, value: str, filename: str
) -> None:
    """S-43: the number of header fields is the number expected, in the message and in its file."""
    office = Office()
    call = a_call(
        author=Person(address="alice@example.com", name=name),
        subject=subject,
        headers=(("X-Order", value),),
        attachments=(AttachedFile(filename=filename, content=b"x", content_id="id"),),
    )
    outcome = asyncio.run(office.sending.send(ALICE, call))
    if isinstance(outcome, Refusal):
        assert office.kept.messages == []
        return
    (message,) = office.kept.messages
    header = scan(octets(message))
    *_, file = octets(message)[header.body_at :].split(b"\r\n--=_")[1:-1]
    assert Counter(header.names) == Counter(IN_HEADER)
    assert Counter(scan(file.partition(b"\r\n")[2]).names) == Counter(IN_FILE)


@pytest.mark.parametrize("name", ["a\u202eb", "a\u200bb", "a\u2066b", "a\xadb", "a\ufeffb"])
async def test_a_name_that_hides_or_turns_letters_is_refused(name: str) -> None:
    """S-45."""
    author = Person(address="alice@example.com", name=name, pointer="/from")
    assert await Office().pointers(a_call(author=author)) == ["/from"]


@pytest.mark.parametrize(
    "address",
    [
        "b@example.net> NOTIFY=NEVER",
        "b@example.net\r\nDATA",
        "<b@example.net>",
        "b@example.net SIZE=1",
    ],
)
async def test_an_address_that_wants_to_be_a_command_refuses_the_call(address: str) -> None:
    """S-44, also beside a good one."""
    assert await Office().pointers(a_call("bob@example.net", address)) == ["/to/1"]


@pytest.mark.parametrize("field", ["author", "return_path"])
async def test_a_domain_of_somebody_else_is_refused(field: str) -> None:
    """S-40."""
    call = a_call(**{field: Person(address="eve@example.org", pointer=f"/{field}")})
    refusal = await Office().refused(call)
    assert (refusal.code, refusal.http_status) == ("from_not_allowed", 403)
    assert [fault.pointer for fault in refusal.faults] == [f"/{field}"]


async def test_an_author_whose_name_is_another_address_is_refused() -> None:
    """S-41: as over SMTP."""
    author = Person(address="alice@example.com", name="<ceo@bank.example>", pointer="/from")
    assert await Office().pointers(a_call(author=author)) == ["/from"]


OURS = (
    "Received dkim-signature Return-Path Bcc Message-ID Date From To Subject Sender Resent-From "
    "Content-Type Content-Foo MIME-Version"
)


@pytest.mark.parametrize("name", OURS.split())
async def test_fields_that_are_ours_are_refused_with_where_they_go_instead(name: str) -> None:
    """S-42."""
    refusal = await Office().refused(a_call(headers=((name, "x"),)))
    (fault,) = refusal.faults
    assert fault.pointer == f"/headers/{name}"
    assert "may not be set: " in fault.text


async def test_all_faults_are_found_at_once() -> None:
    call = a_call(
        "bob@example.net\n",
        subject="a\nb",
        text="",
        tags=("",),
        send_at=Office().clock.now() + timedelta(days=31),
        attachments=(AttachedFile(filename="x", content=b"", content_type="message/rfc822"),),
    )
    pointers = await Office().pointers(call)
    assert set(pointers) == {"/to/0", "/subject", "/html", "/tags/0", "/send_at", "/attachments/0"}


async def test_a_size_is_refused_with_both_numbers_and_the_reason() -> None:
    """Issue 3, §5."""
    office = Office(max_size=1_000_000)
    file = AttachedFile(filename="x.bin", content=bytes(800_000))
    refusal = await office.refused(a_call(attachments=(file,)))
    assert (refusal.code, refusal.http_status) == ("message_too_large", 413)
    assert all(part in refusal.text for part in ("1.1 MB", "1.0 MB", "0.8 MB", "37 %"))


async def test_a_thousand_addressees_are_taken_and_one_more_is_not() -> None:
    office = Office()
    thousand = tuple(f"u{number}@example.net" for number in range(1000))
    assert len((await office.sent(a_call(*thousand))).messages) == 1000
    assert await office.pointers(a_call(*thousand, "more@example.net")) == ["/to"]


async def test_copies_that_differ_are_refused() -> None:
    own = replace(people("bob@example.net")[0], data={"name": "Bob"})
    copy = people("carol@example.net", kind=AddresseeKind.CC)
    assert await Office().pointers(a_call(addressees=(own, *copy))) == ["/cc"]


# -- templates -----------------------------------------------------------------------------------


def templated(*addressees: Addressee, **changes: object) -> Call:
    call = a_call(subject="", text="", template=TemplateChoice(ref="order"), **changes)
    return replace(call, addressees=addressees or people("bob@example.net"))


def with_data(address: str, at: int, **data: object) -> Addressee:
    return Addressee(person=Person(address=address, pointer=f"/to/{at}"), data=data)


async def test_each_addressee_gets_the_template_with_his_own_values_over_the_calls() -> None:
    office = Office()
    await office.publish("order", subject="{{ name }}: {{ shop }}", text="Hi {{ name }}")
    bob, eve = (
        with_data("bob@example.net", 0, name="Bob"),
        with_data("eve@example.net", 1, name="Eve"),
    )
    await office.sent(templated(bob, eve, data={"shop": "Sklep", "name": "?"}))
    assert [one.subject for one in office.kept.messages] == ["Bob: Sklep", "Eve: Sklep"]
    assert b"Hi Eve" in octets(office.kept.messages[1])


async def test_a_calls_own_subject_wins_over_its_templates() -> None:
    office = Office()
    await office.publish("order", subject="The template's", text="Hi {{ name }}")
    bob = with_data("bob@example.net", 0, name="Bob")
    await office.sent(replace(templated(bob), subject="For {{ name }}"))
    (message,) = office.kept.messages
    assert message.subject == "For Bob"
    assert b"Hi Bob" in octets(message)


async def test_a_template_is_rendered_once_for_all_who_bring_no_values() -> None:
    office = Office()
    await office.publish("order", subject="{{ shop }}", text="Hi")
    bob, eve = people("bob@example.net", "eve@example.net")
    carol = with_data("carol@example.net", 2, shop="Kiosk")
    await office.sent(templated(bob, carol, eve, data={"shop": "Sklep"}))
    assert office.renderer.rendered == 2
    assert [one.subject for one in office.kept.messages] == ["Sklep", "Kiosk", "Sklep"]


async def test_missing_variables_are_named_for_each_addressee() -> None:
    office = Office()
    await office.publish("order", subject="{{ name }}", text="{{ code }}")
    refusal = await office.refused(templated(with_data("bob@example.net", 0, other=1)))
    assert refusal.code == "template_variable_missing"
    assert "name, code" in refusal.text
    pointers = [fault.pointer for fault in refusal.faults]
    assert pointers == ["/to/0/data/name", "/to/0/data/code"]


async def test_missing_variables_are_blank_where_the_template_says_so() -> None:
    office = Office()
    await office.publish("order", missing=MissingRule.BLANK, subject="[{{ name }}]", text="x")
    await office.sent(templated())
    assert office.kept.messages[0].subject == "[]"


async def test_a_value_cannot_bring_a_header_field_into_the_subject() -> None:
    """S-43: template variables."""
    office = Office()
    await office.publish("order", subject="{{ name }}", text="x")
    refusal = await office.refused(templated(data={"name": "a\r\nBcc: eve@example.org"}))
    assert (refusal.code, refusal.http_status) == ("template_invalid", 422)


async def test_an_unknown_template_is_named() -> None:
    refusal = await Office().refused(templated())
    assert (refusal.code, refusal.text) == ("template_unknown", "There is no template order")


async def test_the_calls_own_texts_may_hold_variables_for_a_dialect() -> None:
    office = Office()
    await office.sent(a_call(subject="{{ a }}", is_template=True, data={"a": "1"}))
    assert office.kept.messages[0].subject == "1"


# -- check, batch, raw ---------------------------------------------------------------------------


async def test_a_check_finds_what_sending_would_and_keeps_nothing() -> None:
    office = Office()
    good, bad = (
        await office.sending.check(ALICE, a_call()),
        await office.sending.check(ALICE, a_call(subject="a\nb")),
    )
    assert isinstance(good, Sent)
    assert [one.message_id for one in good.messages] == [None]
    assert isinstance(bad, Refusal)
    assert office.kept.messages == []


async def test_a_refused_call_of_a_batch_does_not_fail_its_neighbours() -> None:
    office = Office()
    calls = [a_call(), a_call(subject="a\nb"), a_call("eve@example.net")]
    results = await office.sending.send_batch(ALICE, calls)
    assert isinstance(results, tuple)
    assert [type(one) for one in results] == [Sent, Refusal, Sent]
    assert len(office.kept.messages) == 2


async def test_a_batch_has_at_most_five_hundred_calls() -> None:
    assert isinstance(await Office().sending.send_batch(ALICE, [a_call()] * 501), Refusal)
    assert await Office().sending.send_batch(ALICE, []) == ()


async def test_a_batch_is_no_bigger_than_one_commit_can_bear() -> None:
    """A few hundred calls to a thousand each would hold up everybody's commit."""
    office = Office()
    thousand = a_call(*(f"u{number}@example.net" for number in range(1000)))
    outcome = await office.sending.send_batch(ALICE, [thousand] * 5 + [a_call()])
    assert isinstance(outcome, Refusal)
    assert outcome.faults[0].code == "batch_too_large"
    assert office.kept.messages == []


@pytest.mark.parametrize("place", ["author", "to", "cc"])
async def test_only_an_address_outside_ascii_makes_a_message_international(place: str) -> None:
    """RFC 6531: texts are encoded, local parts cannot be."""
    plain, żuk = Person(address="bob@example.net", name=POLISH), Person(address="żuk@example.net")
    own = Person(address="żuk@example.com")
    office = Office()
    kind = AddresseeKind.CC if place == "cc" else AddresseeKind.TO
    await office.sent(a_call(addressees=(Addressee(person=plain),), subject=POLISH))
    second = plain if place == "author" else żuk
    call = a_call(addressees=(Addressee(person=plain), Addressee(person=second, kind=kind)))
    await office.sent(replace(call, author=own) if place == "author" else call)
    assert [one.envelope.smtputf8 for one in office.kept.messages] == {
        "author": [False, True],
        "to": [False, False, True],
        "cc": [False, True, True],
    }[place]


RAW = b"From: alice@example.com\r\nBcc: x@example.org\r\nX-Tag: raw\r\nSubject: Hi\r\n\r\nHello\r\n"


async def test_a_finished_message_gets_the_same_edits_as_over_smtp() -> None:
    office = Office()
    sent = await office.sending.send_raw(
        ALICE, RAW, sender="alice@example.com", recipients=["bob@example.net", "eve@example.net"]
    )
    assert isinstance(sent, Sent)
    (message,) = office.kept.messages
    assert [one.message_id for one in sent.messages] == [message.message_id] * 2
    assert b"Bcc" not in octets(message)
    assert b"X-Tag" not in octets(message)
    assert octets(message).startswith(b"Received: ")
    assert (message.tags, message.submission_id) == (("raw",), sent.submission_id)
    assert not message.failure_notices


@pytest.mark.parametrize(
    ("content", "sender", "code"),
    [
        (RAW, "eve@example.org", "from_not_allowed"),
        (RAW.replace(b"example.com", b"example.org"), "alice@example.com", "from_not_allowed"),
        (RAW, "alice", "invalid"),
        (b"no header\r\n", "alice@example.com", "invalid"),
    ],
)
async def test_a_finished_message_is_judged_as_over_smtp(
    content: bytes, sender: str, code: str
) -> None:
    office = Office()
    outcome = await office.sending.send_raw(
        ALICE, content, sender=sender, recipients=["bob@example.net"]
    )
    assert isinstance(outcome, Refusal)
    assert outcome.code == code
    assert office.kept.messages == []


# -- idempotency ---------------------------------------------------------------------------------


def keyed(body: str = "body", key: str = "key") -> Idempotency:
    def answer(results: Sequence[Sent | Refusal]) -> tuple[int, bytes]:
        ids = [one.submission_id for one in results if isinstance(one, Sent)]
        return 202, repr(ids).encode()

    digest = sha256(body.encode()).digest()
    return Idempotency(endpoint="messages", key=key, request_sha256=digest, answer=answer)


async def test_the_same_key_and_body_get_the_stored_answer_and_nothing_is_sent_twice() -> None:
    """R-13."""
    office = Office()
    first = await office.sending.send(ALICE, a_call(), idempotency=keyed())
    again = await office.sending.send(ALICE, a_call(), idempotency=keyed())
    assert isinstance(first, Sent)
    assert again == Replayed(http_status=202, answer=repr([first.submission_id]).encode())
    assert len(office.kept.messages) == 1


async def test_the_same_key_with_another_body_is_refused() -> None:
    """R-13."""
    office = Office()
    await office.sending.send(ALICE, a_call(), idempotency=keyed())
    other = await office.sending.send(ALICE, a_call(), idempotency=keyed("other"))
    assert isinstance(other, Refusal)
    assert (other.code, other.http_status) == ("idempotency_mismatch", 422)


async def test_two_at_once_are_one_202_and_one_409() -> None:
    """R-13."""
    office = Office()
    office.kept.gate = asyncio.Event()
    first = asyncio.ensure_future(office.sending.send(ALICE, a_call(), idempotency=keyed()))
    second = asyncio.ensure_future(office.sending.send(ALICE, a_call(), idempotency=keyed()))
    outcome = await second
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.http_status) == ("idempotency_in_progress", 409)
    office.kept.gate.set()
    assert isinstance(await first, Sent)
    assert len(office.kept.messages) == 1


async def test_a_race_between_nodes_ends_with_the_answer_that_was_committed() -> None:
    """R-13: the other node has its own memory of what is under way."""
    office, other = Office(), Office()
    shared = office.kept
    away = SendingOffice(shared, shared, other.told)
    shared.gate = asyncio.Barrier(2)  # both have found no answer before either commits
    both = [one.sending.send(ALICE, a_call(), idempotency=keyed()) for one in (office, away)]
    outcomes = await asyncio.gather(*both)
    assert sorted(type(one).__name__ for one in outcomes) == ["Replayed", "Sent"]
    assert len(shared.messages) == 1


async def test_a_key_is_free_again_after_a_day_and_after_a_failure() -> None:
    office = Office()
    office.kept.failure = StoreBusy()
    with pytest.raises(StoreBusy):
        await office.sending.send(ALICE, a_call(), idempotency=keyed())
    office.kept.failure = None
    assert isinstance(await office.sending.send(ALICE, a_call(), idempotency=keyed()), Sent)
    office.clock.advance(timedelta(hours=24))
    office.kept.answers.clear()
    assert isinstance(await office.sending.send(ALICE, a_call(), idempotency=keyed("other")), Sent)


async def test_keys_of_customers_and_endpoints_do_not_meet() -> None:
    office = Office()
    bob: SmtpAccount = account("1.bob.smtp", 9, customer_id=2)
    await office.sending.send(ALICE, a_call(), idempotency=keyed())
    others = [
        office.sending.send(replace(ALICE, account=bob), a_call(), idempotency=keyed("x")),
        office.sending.send(ALICE, a_call(), idempotency=replace(keyed("x"), endpoint="batch")),
    ]
    assert all(isinstance(one, Sent) for one in await asyncio.gather(*others))


async def test_test_mode_goes_with_every_message() -> None:
    office = Office()
    sent = await office.sent(a_call(), replace(ALICE, mode=Mode.TEST))
    assert sent.mode is Mode.TEST
    assert office.kept.messages[0].pool == "test"
