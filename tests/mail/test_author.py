"""Authors: read so that no other program can read different ones (S-41, S-45, C-065).

Beside the known evasions stands a property: whatever From is accepted, readers of other habits, from the
strict one to the naive ones, show no domain that we did not see.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import getaddresses, parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sztafeta.mail.address import AddressFault, parse_domain
from sztafeta.mail.author import authors, parse_mailbox_list
from sztafeta.mail.message import HeaderFault, scan

OWN, OTHER = "example.com", "victim.example"


def domains(*fields: bytes) -> list[str]:
    return [box.domain for box in authors(scan(b"".join(one + b"\r\n" for one in fields)))]


# -- what is read ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field",
    [
        b"From: alice@Example.COM",
        b"FROM:alice@example.com.",
        b"From: Alice <alice@example.com>",
        b"From: < alice@example.com >",
        b'From: "Alice, Ltd" <alice@example.com>',
        b'From: "Alice \\"the fast\\" Example" <alice@example.com>',
        b"From: Alice\r\n <alice@example.com>",
        b"From:\r\n\tAlice\r\n\t<alice@example.com>",
        b"From: alice@example.com (Alice (of the sales) at work)",
        b"From: alice@example.com (eve@victim.example)",
        b'From: "eve@victim.example" <alice@example.com>',
        b'From: "Alice: sales; <desk>" <alice@example.com>',
        b"From: =?utf-8?q?Alicja_=C5=BB=C3=B3=C5=82w?= <alice@example.com>",
        b"From: =?iso-8859-2?B?r/Pzsw==?= <alice@example.com>",
        b"From: =?utf-8?q?alice=40example=2Ecom?= <alice@example.com>",
        b"From: =?ANSI_X3.4-1968?Q?Root_of_this?= <alice@example.com>",
        b"From: =?latin1?q?Alic=EF?= <alice@example.com>",
        "From: Żółw <alice@example.com>".encode(),
        "From: \U0001f469\u200d\U0001f4bb <alice@example.com>".encode(),
        b'From: "alice"@example.com',
        b"From: alice@example.com <alice@example.com>",
        b"From: Sales alice@example.com <alice@example.com>",
    ],
)
def test_the_author_is_the_one_every_reader_shows(field: bytes) -> None:
    """S-41."""
    assert domains(field) == [OWN]


def test_an_international_domain_is_its_a_label() -> None:
    """S-45: nothing is mapped but the case."""
    assert domains("From: Alicja <alicja@Żółw.pl>".encode()) == ["xn--w-uga1v8h.pl"]
    assert domains("From: a@ex\u0430mple.com".encode()) == ["xn--exmple-4nf.com"]


def test_several_authors_need_one_sender() -> None:
    """C-065 (RFC 5322 §3.6.2)."""
    both = b"From: a@example.com, Bob <b@example.net>"
    assert domains(both, b"Sender: a@example.com") == ["example.com", "example.net"]
    for senders in ([], [b"Sender: a@example.com"] * 2):
        with pytest.raises(HeaderFault, match="Sender"):
            domains(both, *senders)


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        (b"To: a@example.com",),
        (b"Sender: a@example.com",),
        (b"From: a@example.com", b"From: b@victim.example"),
        (b"From: a@example.com", b"FROM : b@victim.example"),
        (b"From : a@example.com",),
        (b"From\t: a@example.com",),
        (b" From: a@victim.example", b"From: a@example.com"),
        (b"X: a", b" From: eve@victim.example", b"From: a@example.com"),
        (b"From: a@example.com", b"Subject: x", b"\tsender : eve@victim.example"),
        (b"From: a@example.com, b@victim.example",),
        (b"From: a@example.com b@victim.example",),
        (b"From: friends: a@example.com;",),
        (b"From: a: b@victim.example;, a@example.com",),
        (b"From: <@victim.example:a@example.com>",),
        (b"From: <@victim.example,@b:a@example.com>",),
        (b"From: a@example.com <b@victim.example> c",),
        (b"From: eve@victim.example <a@example.com>",),
        (b"From: <a@example.com> <b@victim.example>",),
        (b"From: <<eve@victim.example> a@example.com>",),
        (b"From: a@example.com@victim.example",),
        (b"From: eve@victim.example\\ <a@example.com>",),
        (b"From: a(eve@victim.example)@example.com",),
        (b"From: a@(victim.example)example.com",),
        (b"From: (open a@example.com",),
        (b"From: close) a@example.com",),
        (b'From: "open <a@example.com>',),
        (b"From: <a@example.com",),
        (b"From: a@example.com>",),
        (b"From:",),
        (b"From: ,",),
        (b"From: <>",),
        (b"From: nobody",),
        (b"From: @example.com",),
        (b'From: "eve@victim.example"@example.com',),
        (b'From: "eve@victim.example, b" <a@example.com>',),
        (b'From: "<eve@victim.example>" <a@example.com>',),
        (b"From: a@example.com (<eve@victim.example>)",),
        (b"From: Eve\x00 <a@example.com>",),
        (b"From: Eve\x0b <a@example.com>",),
        (b"From: Eve\x7f <a@example.com>",),
        (b"From: \xff <a@example.com>",),
        (b"From: \xc0\xbceve@victim.example\xc0\xbe <a@example.com>",),
        (b"From: a@example.com\r",),
        (b"From: a@example.com()victim.example <a@example.com>",),
        (b"From: a@example.com .victim.example <a@example.com>",),
        (b"From: a@example.com <a@example.com> (.victim.example)",),
        (b"From: " + b"x" * 995 + b" <a@example.com>",),
    ],
)
def test_an_author_that_could_be_read_in_two_ways_is_refused(fields: tuple[bytes, ...]) -> None:
    """C-065, S-09, S-41."""
    with pytest.raises(HeaderFault):
        domains(*fields)


@pytest.mark.parametrize(
    "name",
    [
        b"=?utf-8?q?eve=40victim=2Eexample?=",
        b"=?utf-8?b?PGV2ZUB2aWN0aW0uZXhhbXBsZT4=?=",
        b"=?utf-8?q?=3Ceve=40?= =?utf-8?q?victim=2Eexample=3E?=",
        b"=?utf-8?q?eve=40victim=2Eexample=2C?=",
        b"=?utf-7?q?+ADw-eve+AEA-victim.example+AD4-?=",
        b"=?cp037?b?TIWlhXylideDo4mUS4WnhJSXk4Vu?=",
        b"=?utf-16?b?AEAAdg==?=",
        b"=?unicode_escape?q?=5Cu0040?=",
        b"=?utf-8?b?QQ==ZXZlQHZpY3RpbS5leGFtcGxl?=",
        b"=?utf-8?q?=3Ceve=40victim.example=3E?x?=",
        b"=?utf-8?q?a=4?=",
        b"=?utf-8?q?=3D=3Futf-8=3Fq=3Feve=3D40victim=3F=3D?=",
        b"=??q?a?=",
        b"=?utf-8?x?a?=",
        b'"=?utf-8?q?=3Ceve=40victim=2Eexample=3E?="',
        b"(=?utf-8?q?=29?= eve@victim.example)",
    ],
)
def test_an_encoded_word_makes_no_author(name: bytes) -> None:
    """S-41: some programs decode first and parse then, and each knows other character sets."""
    with pytest.raises(HeaderFault):
        domains(b"From: " + name + b" <a@example.com>")


@pytest.mark.parametrize(
    "char",
    ["\u202e", "\u2066", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u2028", "\u0085", "\U000e0041"],
)
def test_what_nobody_sees_is_in_no_name_and_in_no_address(char: str) -> None:
    """S-45: bidirectional overrides and zero-width characters, as they are and encoded."""
    octets = char.encode()
    encoded = b"".join(b"=%02X" % octet for octet in octets)
    for field in (
        b"From: moc" + octets + b"c <a@example.com>",
        b'From: "moc' + octets + b'c" <a@example.com>',
        b"From: =?utf-8?q?moc" + encoded + b"c?= <a@example.com>",
        b"From: a" + octets + b"b@example.com",
        b"From: a@example" + octets + b".com",
    ):
        with pytest.raises(HeaderFault):
            domains(field)


@pytest.mark.parametrize(
    "address",
    [
        "a\uff20example.com",
        "eve\uff20victim.example@example.com",
        "eve\ufe6bvictim.example@example.com",
        "a\uff1cb@example.com",
        "a@example\u3002com",
        "a@example\uff0ecom",
        "a@\uff45xample.com",
    ],
)
def test_look_alikes_of_at_and_dot_are_refused(address: str) -> None:
    """S-45."""
    with pytest.raises(HeaderFault):
        domains(b"From: " + address.encode())


@pytest.mark.parametrize(
    "unit", ["(", "<", '"', "\\", "=?a?q?", "a,", "@", "=?utf-8?b?QQ==?= ", " a@b"]
)
def test_ten_thousand_marks_end_as_a_fault_and_not_as_a_long_wait(unit: str) -> None:
    """S-29: in one pass, without recursion."""
    with pytest.raises(HeaderFault):
        parse_mailbox_list(unit * 10_000)


# -- other readers ------------------------------------------------------------------------------------

Reader = Callable[[bytes], list[str]]


def the_header_parser(message: bytes) -> list[str]:
    """Python's RFC 5322 parser."""
    found = message_from_bytes(message, policy=default).get_all("from", [])
    return [address.addr_spec for field in found for address in field.addresses]


def first_address(message: bytes) -> list[str]:
    """A reader that wants one address."""
    return [parseaddr(str(field))[1] for field in message_from_bytes(message).get_all("from", [])]


def all_addresses(message: bytes) -> list[str]:
    fields = message_from_bytes(message).get_all("from", [])
    return [address for _, address in getaddresses([str(field) for field in fields])]


def first_decoded(message: bytes) -> list[str]:
    """A reader that decodes encoded words first and parses then."""
    fields = [str(field) for field in message_from_bytes(message).get_all("from", [])]
    return [parseaddr(str(make_header(decode_header(field))))[1] for field in fields]


def all_decoded(message: bytes) -> list[str]:
    fields = [str(field) for field in message_from_bytes(message).get_all("from", [])]
    decoded = [str(make_header(decode_header(field))) for field in fields]
    return [address for _, address in getaddresses(decoded)]


def the_brackets(message: bytes) -> list[str]:
    """A filter that looks for the first pair of brackets, or takes all there is."""
    fields = re.findall(
        rb"(?im)^from[ \t]*:(.*(?:\r?\n[ \t].*)*)", message.partition(b"\r\n\r\n")[0]
    )
    texts = [field.decode("utf-8", "replace") for field in fields]
    outside = [re.sub(r'"(?:[^"\\]|\\.)*"', "", text) for text in texts]
    return [found[1] for text in outside if (found := re.search(r"<([^<>]*)>", text))]


def shown_by(reader: Reader, message: bytes) -> set[str]:
    """Give the domains; a reader that breaks shows none, and what cannot be a domain is none."""
    domains_shown = set()
    with contextlib.suppress(AttributeError, IndexError, ValueError):
        for address in reader(message):
            _, at, domain = address.encode("utf-8", "surrogateescape").decode().rpartition("@")
            with contextlib.suppress(AddressFault):
                domains_shown |= {parse_domain(domain.strip(' .<>"'))} if at else set()
    return domains_shown


READERS: list[Reader] = [
    the_header_parser,
    first_address,
    all_addresses,
    first_decoded,
    all_decoded,
    the_brackets,
]
WORDS = r"""
a@example.com <a@example.com> eve@victim.example <eve@victim.example> victim.example example.com Alice
"Alice" "eve@victim.example" (eve@victim.example) <@victim.example:a@example.com> friends: "ż"
=?utf-8?q?eve=40victim.example?= =?us-ascii?q?Alice?= =?utf-8?b?QA==?= =?utf-8?q?=3C?= =?utf-8?q?=22?=
=?utf-8?q?=2C?= =?utf-8?q?=28?= =?utf-8?q? =40 ?= =? " ( ) , : ; < > @ . \
"""
PIECES = st.sampled_from([*WORDS.split(), " ", "\t", "\r\n "])


@given(st.lists(PIECES, min_size=1, max_size=7))
@example(["=?utf-8?q?eve=40victim.example?=", " ", "<a@example.com>"])
@example(["(eve@victim.example)", "a@example.com"])
@example(['"eve@victim.example"', "<a@example.com>"])
def test_no_reader_shows_a_domain_that_we_did_not_see(pieces: list[str]) -> None:
    """S-41: 0 cases accepted where any parser shows a domain the tenant lacks."""
    message = f"From: {''.join(pieces)}\r\nSender: a@example.com\r\n\r\nHi\r\n".encode()
    try:
        seen = {mailbox.domain for mailbox in authors(scan(message))}
    except HeaderFault:
        return
    for reader in READERS:
        shown = shown_by(reader, message)
        assert shown <= seen, (reader.__name__, shown, seen)
