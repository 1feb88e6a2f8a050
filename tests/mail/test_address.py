"""The one address parser: exact results, and a sentence for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.address import (
    UNSEEN,
    AddressFault,
    Mailbox,
    parse_domain,
    parse_mailbox,
    quote_local_part,
)

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
TOP = st.from_regex(r"[a-z]{2,10}", fullmatch=True)
DOMAIN = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(LABEL, max_size=4), TOP)
LITERAL = st.builds(lambda ip: f"[{ip}]", st.ip_addresses(v=4)) | st.builds(
    lambda ip: f"[IPv6:{ip}]", st.ip_addresses(v=6)
)
VISIBLE = st.characters(
    min_codepoint=0x20, exclude_characters="\x7f", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")
)
LOCAL_PART = st.text(VISIBLE | st.just(" "), min_size=1, max_size=30).filter(
    lambda text: len(quote_local_part(text).encode()) <= 64 and not UNSEEN.search(text)
)
MAILBOX = st.builds(Mailbox, LOCAL_PART, DOMAIN | LITERAL)


@given(MAILBOX)
def test_formatting_and_parsing_give_the_same_mailbox(mailbox: Mailbox) -> None:
    assert parse_mailbox(str(mailbox)) == mailbox


@given(st.text(max_size=80))
def test_any_text_is_a_mailbox_or_a_fault(text: str) -> None:
    try:
        mailbox = parse_mailbox(text)
    except AddressFault:
        return
    assert parse_mailbox(str(mailbox)) == mailbox


@pytest.mark.parametrize(
    ("text", "local_part", "domain"),
    [
        ("alice@example.com", "alice", "example.com"),
        ("Alice.Smith@EXAMPLE.Com", "Alice.Smith", "example.com"),
        ("alice@example.com.", "alice", "example.com"),
        ("a@b", "a", "b"),
        ("!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-", "example.com"),
        ('"alice"@example.com', "alice", "example.com"),
        ('"Alice Smith"@example.com', "Alice Smith", "example.com"),
        (r'"a\"b\\c\d"@example.com', 'a"b\\cd', "example.com"),
        ('"a@evil x"@internal', "a@evil x", "internal"),
        ('"user@dest"@example.com', "user@dest", "example.com"),
        ("user%dest@us", "user%dest", "us"),
        ("dest!user@us", "dest!user", "us"),
        ("alice@[192.0.2.1]", "alice", "[192.0.2.1]"),
        ("alice@[IPv6:2001:DB8:0::1]", "alice", "[IPv6:2001:db8::1]"),
        ("żółw@example.com", "żółw", "example.com"),
        ("alice@żółw.pl", "alice", "xn--w-uga1v8h.pl"),
        ("alice@ŻÓŁW.PL", "alice", "xn--w-uga1v8h.pl"),
        ("alice@z\u0307o\u0301łw.pl", "alice", "xn--w-uga1v8h.pl"),
        ("alice@xn--w-uga1v8h.pl", "alice", "xn--w-uga1v8h.pl"),
        ("alice@straße.de", "alice", "xn--strae-oqa.de"),
    ],
)
def test_s_29_a_mailbox_is_read_exactly(text: str, local_part: str, domain: str) -> None:
    assert parse_mailbox(text) == Mailbox(local_part, domain)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "alice",
        "alice@",
        "@example.com",
        "alice@example@com",
        '"user@dest"',
        '""@example.com',
        '"alice@example.com',
        'al"ice"@example.com',
        '"a"b@example.com',
        '"a\x00b"@example.com',
        '"a\x85b"@example.com',
        "alice @example.com",
        "alice@ example.com",
        "alice@example.com ",
        "alice@example.com\n",
        "alice(comment)@example.com",
        "alice@example.com(comment)",
        "Alice <alice@example.com>",
        "friends:alice@example.com;",
        "@us:alice@example.com",
        ".alice@example.com",
        "alice.@example.com",
        "al..ice@example.com",
        "alice@-example.com",
        "alice@example-.com",
        "alice@exa_mple.com",
        "alice@example..com",
        "alice@.example.com",
        "alice@192.0.2.1",
        "alice@[192.0.2.1",
        "alice@[192.0.2.256]",
        "alice@[192.0.2.1]x",
        "alice@[IPv6:fe80::1%eth0]",
        "alice@[x-tag:content]",
        "alice@[]",
        "alice@example。com",
        "alice＠example.com",
        "alice@exam\u00adple.com",
        "alice@\u202eexample.com",
        "alice@Ｅxample.com",
        "alice@♥.com",
        "al\u2028ice@example.com",
        "al\u00a0ice@example.com",
        "al\x85ice@example.com",
        "al\ud800ice@example.com",
    ],
)
def test_s_29_what_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(AddressFault):
        parse_mailbox(text)


def test_c_014_a_local_part_has_at_most_64_octets() -> None:
    assert parse_mailbox("a" * 64 + "@example.com").local_part == "a" * 64
    assert parse_mailbox("ż" * 32 + "@example.com").local_part == "ż" * 32
    for local_part in ("a" * 65, "ż" * 33, f'"{"a b" * 21}"'):
        with pytest.raises(AddressFault, match="64 octets"):
            parse_mailbox(f"{local_part}@example.com")


def test_c_014_a_domain_has_at_most_253_octets_and_its_labels_63() -> None:
    longest = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    assert parse_domain(longest) == longest
    with pytest.raises(AddressFault, match="253 octets"):
        parse_domain(f"{longest}d")
    with pytest.raises(AddressFault):
        parse_domain("a" * 64 + ".org")
    with pytest.raises(AddressFault):
        parse_domain("ż" * 300)


def test_smtputf8_is_needed_for_the_local_part_only() -> None:
    assert parse_mailbox("żółw@example.com").needs_smtputf8
    assert not parse_mailbox("alice@żółw.pl").needs_smtputf8


@pytest.mark.parametrize("unit", ['"', "\\", "a.", "a-", "@", "(", "ż", "[", "a@", '"\\"'])
def test_s_29_long_nonsense_is_refused_and_never_recursed_into(unit: str) -> None:
    for text in (unit * 10_000, f"a@{unit * 10_000}", f'"{unit * 10_000}"@example.com'):
        with pytest.raises(AddressFault):
            parse_mailbox(text)


@pytest.mark.parametrize(
    "char", ["\u202e", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u00a0", "\u2028", "\U000e0041"]
)
def test_a_character_that_nobody_sees_is_refused(char: str) -> None:
    """S-45: bidirectional overrides, zero-width and odd spaces, bare and in quotes."""
    for text in (f"a{char}b@example.com", f'"a{char}b"@example.com', f"a@exam{char}ple.com"):
        with pytest.raises(AddressFault):
            parse_mailbox(text)


@pytest.mark.parametrize("local_part", ["क्‍ष", "می‌خواهم"])
def test_the_joiners_that_scripts_need_are_kept(local_part: str) -> None:
    """S-45: what is invisible alone may carry meaning inside a word (RFC 6531 §3.3)."""
    assert parse_mailbox(f"{local_part}@example.com").local_part == local_part
