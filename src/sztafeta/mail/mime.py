"""MIME: one message for many recipients, laid out once (RFC 2045, RFC 2046).

    mixed
      alternative
        text
        related
          html
          inline files …
      files …

A container that would hold one part is left out. All that differs from recipient to recipient (header, text,
HTML) comes first, so a message is a *head* of its own and a *tail* that all of them share. Boundaries begin
with `=_`, which no encoding we use can produce (RFC 2045 §6.7).
"""

from __future__ import annotations

from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from sztafeta.mail.address import Mailbox
from sztafeta.mail.header_text import Named, address_field, parameter, text_field
from sztafeta.value import value

MAX_LINE: Final = 76
"""Characters of an encoded line (RFC 2045 §6.7, §6.8)."""
_BLOCK: Final = 57 * 1024
"""Octets of a file that are encoded at once: whole lines of base64."""


@value(frozen=True, slots=True, kw_only=True)
class NamedMailbox:
    """A mailbox as it is shown: with a display name, or without."""

    mailbox: Mailbox
    name: str = ""


@value(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A file that goes with a message."""

    filename: str
    content: bytes
    content_type: str
    """`type/subtype`."""
    content_id: str = ""
    """Without angle brackets; what the HTML names as `cid:…`. Empty: the file is an attachment."""

    def encoded_size(self) -> int:
        """Octets of its base64, with line ends."""
        lines, rest = divmod(len(self.content), 57)
        return lines * (MAX_LINE + 2) + (((rest + 2) // 3) * 4 + 2 if rest else 0)


@value(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one recipient's header and parts say."""

    to: Sequence[Named]
    cc: Sequence[Named] = ()
    message_id: str
    """Without angle brackets."""
    date: str
    subject: str
    text: str = ""
    html: str = ""


@lru_cache(maxsize=4096)
def author_field(author: NamedMailbox) -> bytes:
    """Write From; authors come again, and each is written once."""
    return address_field("From", [author])


class PartTree:
    """The messages of one call; whether they have text, HTML and files is the same for all."""

    def __init__(
        self,
        *,
        author: NamedMailbox,
        reply_to: Sequence[NamedMailbox] = (),
        headers: Sequence[tuple[str, str]] = (),
        files: Sequence[FilePart] = (),
        has_text: bool,
        has_html: bool,
        boundary: str,
    ) -> None:
        """`boundary` is a token that is new for each call; every value was checked for control characters."""
        self._author = author_field(author)
        self._further = address_field("Reply-To", reply_to) if reply_to else b""
        if headers:
            self._further += b"".join([text_field(name, text) for name, text in headers])
        inline, attached = _parted(files, has_html) if files else ([], [])
        self._has_text, self._has_html = has_text, has_html
        self._mixed = _Container("mixed", boundary) if attached else None
        self._alternative = _Container("alternative", boundary) if has_text and has_html else None
        self._related = _Container("related", boundary) if inline else None
        self._inline, self._attached = inline, attached

    def head(self, shown: Shown) -> bytes:
        """Give one message up to where it is like all the others."""
        header = (
            f"Date: {shown.date}\r\n".encode("ascii"),
            self._author,
            address_field("To", shown.to) if shown.to else b"",
            address_field("Cc", shown.cc) if shown.cc else b"",
            text_field("Subject", shown.subject),
            f"Message-ID: <{shown.message_id}>\r\n".encode(),
            self._further,
            b"MIME-Version: 1.0\r\n",
        )
        return b"".join((*header, *self._own_parts(shown)))

    def _own_parts(self, shown: Shown) -> list[bytes]:
        """Give the containers' openings and the parts that are each recipient's own."""
        parts: list[bytes] = []
        enclosing: _Container | None = None
        for container in (self._mixed, self._alternative):
            if container is not None:
                parts += container.opening(inside=enclosing)
                enclosing = container
        if self._has_text or not self._has_html:
            parts += _text_part("plain", shown.text, enclosing)
        if self._has_html:
            if self._related is not None:
                parts += self._related.opening(inside=enclosing)
                enclosing = self._related
            parts += _text_part("html", shown.html, enclosing)
        return parts

    def tail(self) -> Iterator[bytes]:
        """Give what all messages end with, in blocks; nothing for a message of one part."""
        if self._related is not None:
            for file in self._inline:
                yield from _file_part(file, "inline", self._related)
            yield self._related.closing
        if self._alternative is not None:
            yield self._alternative.closing
        if self._mixed is not None:
            for file in self._attached:
                yield from _file_part(file, "attachment", self._mixed)
            yield self._mixed.closing


def _parted(
    files: Sequence[FilePart], has_html: bool
) -> tuple[Sequence[FilePart], Sequence[FilePart]]:
    """Give the files that the HTML shows, and the others."""
    inline = [one for one in files if one.content_id and has_html]
    return inline, [one for one in files if not (one.content_id and has_html)]


class _Container:
    """A multipart entity (RFC 2046 §5.1)."""

    def __init__(self, kind: str, token: str) -> None:
        self._boundary = f"=_{kind}_{token}"
        self._kind = kind
        self.delimiter = f"--{self._boundary}\r\n".encode("ascii")
        self.closing = f"--{self._boundary}--\r\n".encode("ascii")

    def opening(self, *, inside: _Container | None) -> tuple[bytes, bytes]:
        """Begin the container within another."""
        kind = f'Content-Type: multipart/{self._kind};\r\n boundary="{self._boundary}"\r\n\r\n'
        return (b"" if inside is None else inside.delimiter), kind.encode("ascii")


def _text_part(subtype: str, text: str, inside: _Container | None) -> tuple[bytes, bytes, bytes]:
    encoding, octets = encode_text(text)
    kind = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return (b"" if inside is None else inside.delimiter), kind.encode("ascii"), octets


def encode_text(text: str) -> tuple[str, bytes]:
    """Give a text's transfer encoding and its octets, with CRLF line ends and one at the end."""
    lines = _lines(text.encode("utf-8", "replace"))
    if lines[-1] or len(lines) == 1:
        lines.append(b"")
    octets = b"\r\n".join(lines)
    has_boundary = b"=" in octets and b"=_" in octets  # one octet is found much faster than two
    if octets.isascii() and not has_boundary and max(map(len, lines)) <= MAX_LINE:
        return "7bit", octets
    if len(octets) - len(text) > len(text) // 3:  # mostly letters that take three characters each
        return "base64", encodebytes(octets).replace(b"\n", b"\r\n")
    return "quoted-printable", b2a_qp(octets, istext=True)


def _lines(octets: bytes) -> list[bytes]:
    """Part a text at its line ends: CRLF, LF or CR, or some of each."""
    if b"\r" not in octets:
        return octets.split(b"\n")
    lines = octets.split(b"\r\n")
    within = b"".join(lines)
    if b"\r" in within or b"\n" in within:
        return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return lines


def _file_part(file: FilePart, disposition: str, inside: _Container) -> Iterator[bytes]:
    yield inside.delimiter
    fields = [
        parameter("Content-Type", file.content_type, "name", file.filename),
        parameter("Content-Disposition", disposition, "filename", file.filename),
        b"Content-Transfer-Encoding: base64\r\n",
    ]
    if file.content_id:
        fields.append(f"Content-ID: <{file.content_id}>\r\n".encode())
    yield b"".join((*fields, b"\r\n"))
    for start in range(0, len(file.content), _BLOCK):
        yield encodebytes(file.content[start : start + _BLOCK]).replace(b"\n", b"\r\n")
