"""MIME for many recipients: read back by a stranger's parser, whatever the texts (C-145, S-43)."""

from __future__ import annotations

from binascii import a2b_base64, a2b_qp
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.address import Mailbox
from sztafeta.mail.header_text import text_field
from sztafeta.mail.mime import FilePart, NamedMailbox, PartTree, Shown, encode_text

POLISH = "Zażółć gęślą jaźń"
SHOP = NamedMailbox(mailbox=Mailbox("shop", "example.com"), name=f"Sklep „{POLISH}”")
ANNA = NamedMailbox(mailbox=Mailbox("anna", "example.net"), name="Anna Żak")
PICTURE = FilePart(
    filename="logo.png", content=b"\x89PNG" * 40, content_type="image/png", content_id="logo"
)
INVOICE = FilePart(
    filename=f"faktura {POLISH}.pdf",
    content=bytes(range(256)) * 300,
    content_type="application/pdf",
)

visible = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=300
)


def tree(*files: FilePart, has_text: bool = True, has_html: bool = True) -> PartTree:
    return PartTree(
        author=SHOP,
        reply_to=[ANNA],
        headers=[("X-Order", POLISH * 9)],
        files=files,
        has_text=has_text,
        has_html=has_html,
        boundary="0k3zr6w5m4001",
    )


def shown(**changes: object) -> Shown:
    values: dict[str, object] = {
        "to": [ANNA],
        "message_id": "1@example.com",
        "date": "Wed, 25 Nov 2026 10:00:00 +0000",
        "subject": POLISH,
        "text": f"{POLISH}\n.\nFrom me\n",
        "html": f"<p>{POLISH}</p><img src='cid:logo'>",
    }
    return Shown(**{**values, **changes})  # type: ignore[arg-type]


def octets_of(parts: PartTree, one: Shown) -> bytes:
    return parts.head(one) + b"".join(parts.tail())


def read(octets: bytes) -> EmailMessage:
    message = message_from_bytes(octets, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def shape(message: EmailMessage) -> object:
    kind = message.get_content_type()
    if not message.is_multipart():
        return kind
    return (kind, *(shape(part) for part in message.iter_parts()))  # type: ignore[arg-type]


def test_each_container_stands_only_where_it_is_needed() -> None:
    alternative = ("multipart/alternative", "text/plain", "text/html")
    related = ("multipart/related", "text/html", "image/png")
    assert shape(read(octets_of(tree(has_html=False), shown()))) == "text/plain"
    assert shape(read(octets_of(tree(has_text=False), shown()))) == "text/html"
    assert shape(read(octets_of(tree(), shown()))) == alternative
    assert shape(read(octets_of(tree(PICTURE, has_text=False), shown()))) == related
    assert shape(read(octets_of(tree(PICTURE, INVOICE), shown()))) == (
        "multipart/mixed",
        ("multipart/alternative", "text/plain", related),
        "application/pdf",
    )
    assert shape(read(octets_of(tree(PICTURE, has_html=False), shown()))) == (
        "multipart/mixed",
        "text/plain",
        "image/png",
    )


def test_polish_survives_in_subject_names_fields_and_file_names() -> None:
    message = read(octets_of(tree(PICTURE, INVOICE), shown()))
    assert message["subject"] == POLISH
    assert message["from"].addresses[0].display_name == SHOP.name
    assert message["to"].addresses[0].display_name == ANNA.name
    assert message["reply-to"].addresses[0].addr_spec == "anna@example.net"
    assert message["x-order"] == POLISH * 9
    invoice = next(iter(message.iter_attachments()))
    assert invoice.get_filename() == INVOICE.filename
    assert invoice.get_content() == INVOICE.content
    picture = next(part for part in message.walk() if part["content-id"] == "<logo>")
    assert picture.get_content_disposition() == "inline"
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content() == f"{POLISH}\r\n.\r\nFrom me\r\n"


def test_the_tail_is_the_same_for_all_and_its_size_is_known() -> None:
    parts = tree(INVOICE)
    ours = octets_of(parts, shown())
    other = octets_of(
        parts, shown(to=[SHOP], subject="x", text="y", html="z", message_id="2@example.com")
    )
    tail = b"".join(parts.tail())
    assert ours.endswith(tail)
    assert other.endswith(tail)
    assert len(tail) > INVOICE.encoded_size()
    coded = tail.split(b"\r\n\r\n", 1)[1].split(b"--=_", 1)[0]
    assert len(coded) == INVOICE.encoded_size()


def test_a_message_of_one_part_has_no_tail() -> None:
    assert list(tree(has_html=False).tail()) == []


@given(text=visible, name=visible, subject=visible, field=visible)
def test_any_text_comes_back_and_no_line_is_too_long(
    text: str, name: str, subject: str, field: str
) -> None:
    """C-145: lines of at most 998 octets, ASCII alone, encoded words whole."""
    parts = PartTree(
        author=NamedMailbox(mailbox=Mailbox("a", "example.com"), name=name),
        headers=[("X-Any", field)],
        has_text=True,
        has_html=False,
        boundary="b",
    )
    octets = octets_of(parts, shown(subject=subject, text=text))
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    message = read(octets)
    assert message.get_content() == f"{text}\r\n"
    assert " ".join(str(message["subject"]).split()) == " ".join(subject.split())
    assert len(message.keys()) == 9


@given(
    text=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=400)
)
def test_an_encoded_text_never_holds_a_boundary(text: str) -> None:
    encoding, octets = encode_text(text)
    assert b"=_" not in octets
    assert max(map(len, octets.split(b"\r\n"))) <= 76 or encoding == "7bit"


@given(st.lists(st.sampled_from(["\r", "\n", "\r\n", "a", "bc", "=_", "ż"]), max_size=12))
def test_all_line_ends_become_crlf_and_there_is_one_at_the_end(pieces: list[str]) -> None:
    text = "".join(pieces)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    encoding, octets = encode_text(text)
    decode = {"7bit": bytes, "base64": a2b_base64, "quoted-printable": a2b_qp}[encoding]
    assert decode(octets).decode() == "".join(f"{line}\r\n" for line in lines)


@pytest.mark.parametrize(
    "subject", ["", " ", "=?utf-8?q?x?=", "a" * 2000, "słowo " * 80, "a  b", "x" * 70]
)
def test_odd_subjects_are_written_so_that_they_read_the_same(subject: str) -> None:
    field = text_field("Subject", subject)
    assert max(map(len, field.split(b"\r\n"))) <= 998
    message = read(field + b"\r\n")
    assert str(message["subject"]).strip() == subject.strip()
