"""Reading a call: every value that reaches a header or the envelope is checked, every fault found at once.

Whether an address exists only its receiver knows, so one that cannot be read is told in the answer beside the
others; one that tries to be more than an address is a fault of the call (S-44).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from mimetypes import MimeTypes
from typing import Any, Final

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.delivery.timing import Timing, TimingFault, plan_timing
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.mail.author import authors
from sztafeta.mail.hostile_text import what_breaks, what_is_wrong_with_field, what_misleads
from sztafeta.mail.labels import what_is_wrong_with_metadata, what_is_wrong_with_tags
from sztafeta.mail.message import HeaderFault, scan
from sztafeta.mail.mime import FilePart, NamedMailbox, author_field
from sztafeta.mail.template_data import what_is_wrong_with_data
from sztafeta.service.fault import Fault
from sztafeta.service.sender_rule import refuse_domains
from sztafeta.service.sending.call import Addressee, AddresseeKind, AttachedFile, Call, Person
from sztafeta.value import value

MOST_ADDRESSEES: Final = 1000
MOST_FILES: Final = 100
MOST_HEADERS: Final = 50
LONGEST_NAME: Final = 200
"""Characters of a display name or a file name."""
LONGEST_SUBJECT: Final = 998
LONGEST_HEADER: Final = 8000

_NOBODY: Final = Mailbox("nobody", "invalid")
"""Stands for an address with a fault, so that the others are found as well."""
_MORE_THAN_AN_ADDRESS = re.compile(r"[\0-\x20\x7f-\xa0<>\u2028\u2029]")
_CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]{1,60}/[\w!#$&^.+-]{1,60}", re.ASCII)  # RFC 6838 §4.2
_ID = re.compile(r"[!#-'*+/-9=?A-Z^-~.-]{1,200}(?:@[A-Za-z0-9.\[\]:-]{1,200})?")  # RFC 5322 §3.6.4
_TYPES = MimeTypes()
_UNKNOWN_TYPE: Final = "application/octet-stream"


@value(frozen=True, slots=True)
class ReadAddressee:
    """An addressee whose address can be written to; shown like any mailbox with a name."""

    asked: Addressee
    mailbox: Mailbox
    """The forward-path."""
    name: str


@value(frozen=True, slots=True, kw_only=True)
class ReadCall:
    """A call without faults."""

    call: Call
    author: NamedMailbox
    reverse_path: Mailbox
    addressees: tuple[ReadAddressee, ...]
    """Each mailbox once."""
    unreadable: tuple[tuple[Addressee, Fault], ...]
    reply_to: tuple[NamedMailbox, ...]
    files: tuple[FilePart, ...]
    timing: Timing
    warnings: tuple[Fault, ...]

    def shown(self, kind: AddresseeKind) -> tuple[ReadAddressee, ...]:
        """Give those of one field."""
        return tuple([one for one in self.addressees if one.asked.kind is kind])


def read_call(call: Call, account: SmtpAccount, now: datetime) -> ReadCall | tuple[Fault, ...]:
    """Read a call, or say all that is wrong with it."""
    reading = _Reading(call, account)
    read = reading.read(now)
    if read.addressees and not reading.faults:
        return read
    return (*reading.faults, *(fault for _, fault in read.unreadable))


class _Reading:
    """One call while it is read; faults gather."""

    def __init__(self, call: Call, account: SmtpAccount) -> None:
        self._call = call
        self._account = account
        self.faults: list[Fault] = []
        self._warnings: list[Fault] = []
        self._unreadable: list[tuple[Addressee, Fault]] = []

    def read(self, now: datetime) -> ReadCall:
        """Read everything, whatever the faults."""
        call = self._call
        author = self._author()
        return_path = call.return_path
        reverse_path = (
            author.mailbox
            if return_path is None
            else self._own_mailbox(return_path, "/return_path")
        )
        self._read_content()
        if call.headers:
            self._read_headers()
        if call.tags or call.metadata:
            self._read_labels()
        return ReadCall(
            call=call,
            author=author,
            reverse_path=reverse_path,
            addressees=self._addressees(),
            unreadable=tuple(self._unreadable),
            reply_to=self._reply_to() if call.reply_to else (),
            files=self._files() if call.attachments else (),
            timing=self._timing(now),
            warnings=tuple(self._warnings),
        )

    def _fault(self, pointer: str, code: str, text: str) -> None:
        self.faults.append(Fault(pointer=pointer, code=code, text=text))

    # -- people ----------------------------------------------------------------------------------

    def _author(self) -> NamedMailbox:
        person = self._call.author
        pointer = person.pointer or "/from"
        mailbox = self._own_mailbox(person, pointer)
        author = NamedMailbox(mailbox=mailbox, name=self._name(person, pointer))
        if mailbox is not _NOBODY and not self.faults:
            trouble = _what_is_wrong_with_author(author)
            if trouble:
                self._fault(pointer, "invalid_name", trouble)
        return author

    def _own_mailbox(self, person: Person, pointer: str) -> Mailbox:
        """Read an address that the account must be allowed to send from (S-40)."""
        mailbox = self._mailbox(person, person.pointer or pointer)
        if mailbox is not _NOBODY:
            rejection = refuse_domains(self._account, (mailbox.domain,))
            if rejection is not None:
                self._fault(person.pointer or pointer, "from_not_allowed", rejection.reply.text)
        return mailbox

    def _mailbox(self, person: Person, pointer: str) -> Mailbox:
        try:
            return parse_mailbox(person.address)
        except AddressFault as fault:
            self._fault(pointer, "invalid_address", str(fault))
            return _NOBODY

    def _named(self, person: Person, pointer: str) -> NamedMailbox:
        name = self._name(person, pointer)
        return NamedMailbox(mailbox=self._mailbox(person, pointer), name=name)

    def _reply_to(self) -> tuple[NamedMailbox, ...]:
        people = self._call.reply_to
        return tuple([self._named(one, one.pointer or "/reply_to") for one in people])

    def _name(self, person: Person, pointer: str) -> str:
        if not person.name:
            return ""
        self._refuse(pointer, "invalid_name", "the name", what_misleads(person.name))
        self._limit(pointer, "the name", person.name, LONGEST_NAME)
        return person.name.strip()

    def _addressees(self) -> tuple[ReadAddressee, ...]:
        asked = self._call.addressees
        if not 0 < len(asked) <= MOST_ADDRESSEES:
            text = f"a call has 1 to {MOST_ADDRESSEES} addressees, this one has {len(asked)}"
            self._fault("/to", "too_many_recipients" if asked else "no_recipient", text)
            return ()
        self._refuse_copies_that_differ(asked)
        found: dict[Mailbox, ReadAddressee] = {}
        for one in asked:
            read = self._addressee(one)
            if read is not None and found.setdefault(read.mailbox, read) is not read:
                text = f"{one.person.address} stands more than once and gets one message"
                warning = Fault(pointer=one.person.pointer, code="duplicate", text=text)
                self._warnings.append(warning)
        return tuple(found.values())

    def _addressee(self, asked: Addressee) -> ReadAddressee | None:
        person = asked.person
        name = self._name(person, person.pointer)
        place = asked.pointer or person.pointer
        if asked.metadata:
            self._read_metadata(asked.metadata, f"{place}/metadata")
        if asked.data:
            self._read_data(asked.data, f"{place}/data")
        if asked.message_id and _ID.fullmatch(asked.message_id) is None:
            self._fault(person.pointer, "invalid_message_id", "the Message-ID is not id@domain")
        try:
            mailbox = parse_mailbox(person.address)
        except AddressFault as trouble:
            fault = Fault(pointer=person.pointer, code="invalid_address", text=str(trouble))
            if _MORE_THAN_AN_ADDRESS.search(person.address):
                self.faults.append(fault)
            else:
                self._unreadable.append((asked, fault))
            return None
        return ReadAddressee(asked, mailbox, name)

    def _refuse_copies_that_differ(self, asked: Sequence[Addressee]) -> None:
        """A copy shows what the others got: with cc there is one content for all."""
        if any(one.kind is AddresseeKind.CC for one in asked) and any(one.data for one in asked):
            text = "with cc all addressees get the same: put the variables into the call's own data"
            self._fault("/cc", "data_differs", text)

    # -- content ---------------------------------------------------------------------------------

    def _read_content(self) -> None:
        call = self._call
        has_own = bool(call.html or call.text)
        if call.template is None and not has_own:
            self._fault("/html", "no_content", "say html, text or template")
        if call.template is not None and (has_own or call.is_template):
            self._fault("/template", "content_twice", "say template, or html and text, not both")
        if not call.is_template:
            self._refuse("/subject", "invalid_subject", "the subject", what_breaks(call.subject))
        self._limit("/subject", "the subject", call.subject, LONGEST_SUBJECT)
        for pointer, text in (("/html", call.html), ("/text", call.text)):
            if text and ("\0" in text or what_is_wrong_with_data(text) is not None):
                trouble = "the text holds a NUL, or half of a surrogate pair"
                self._fault(pointer, "invalid_text", trouble)
        if call.data:
            self._read_data(call.data, "/data")

    def _read_data(self, data: Mapping[str, Any], pointer: str) -> None:
        if (trouble := what_is_wrong_with_data(data)) is not None:
            self._fault(pointer, "invalid_data", f"data {trouble}")

    def _read_headers(self) -> None:
        headers = self._call.headers
        if len(headers) > MOST_HEADERS:
            text = f"there are {len(headers)} header fields, {MOST_HEADERS} are allowed"
            self._fault("/headers", "too_many_headers", text)
        seen: set[str] = set()
        for name, content in headers[:MOST_HEADERS]:
            pointer = f"/headers/{escaped(name)}"
            trouble = what_is_wrong_with_field(name)
            if trouble is None and name.lower() in seen:
                trouble = "stands twice"
            seen.add(name.lower())
            if trouble is not None:
                self._fault(pointer, "header_not_allowed", f"{_shown(name)} {trouble}")
            self._refuse(pointer, "invalid_header", "the value", what_breaks(content))
            self._limit(pointer, "the value", content, LONGEST_HEADER)

    def _files(self) -> tuple[FilePart, ...]:
        files = self._call.attachments
        if len(files) > MOST_FILES:
            text = f"there are {len(files)} attachments, {MOST_FILES} are allowed"
            self._fault("/attachments", "too_many_attachments", text)
            return ()
        return tuple([self._file(file, at) for at, file in enumerate(files)])

    def _file(self, file: AttachedFile, at: int) -> FilePart:
        pointer = file.pointer or f"/attachments/{at}"
        self._refuse(pointer, "invalid_filename", "the file name", what_misleads(file.filename))
        self._limit(pointer, "the file name", file.filename, LONGEST_NAME)
        if file.content_id and _ID.fullmatch(file.content_id) is None:
            text = "a content id is letters, digits and . - _ @, without angle brackets"
            self._fault(pointer, "invalid_content_id", text)
        return FilePart(
            filename=file.filename,
            content=file.content,
            content_type=self._content_type(file, pointer),
            content_id=file.content_id,
        )

    def _content_type(self, file: AttachedFile, pointer: str) -> str:
        """Check the type or guess it; message/* and multipart/* cannot be base64 (RFC 2046 §5)."""
        if not file.content_type:
            guessed = _TYPES.guess_type(file.filename)[0] or _UNKNOWN_TYPE
            return _UNKNOWN_TYPE if _is_composite(guessed) else guessed
        kind = file.content_type.partition(";")[0].strip(" ").lower()
        if _CONTENT_TYPE.fullmatch(kind) is None or _is_composite(kind):
            text = (
                "a content type looks like application/pdf, and is neither message/ nor multipart/"
            )
            self._fault(pointer, "invalid_content_type", text)
        return kind

    # -- the rest --------------------------------------------------------------------------------

    def _read_labels(self) -> None:
        call = self._call
        for at, trouble in what_is_wrong_with_tags(call.tags):
            self._fault(f"/tags/{at}", "invalid_tag", trouble)
        self._read_metadata(call.metadata, "/metadata")

    def _read_metadata(self, metadata: Mapping[str, str], pointer: str) -> None:
        for key, trouble in what_is_wrong_with_metadata(metadata):
            self._fault(f"{pointer}/{escaped(key)}", "invalid_metadata", trouble)

    def _timing(self, now: datetime) -> Timing:
        call, ttl = self._call, self._account.ttl
        try:
            return plan_timing(now, send_at=call.send_at, expires_at=call.expires_at, ttl=ttl)
        except TimingFault as fault:
            self._fault(f"/{fault.field}", f"invalid_{fault.field}", str(fault))
            return Timing(None, now + ttl)

    def _refuse(self, pointer: str, code: str, what: str, char: str | None) -> None:
        if char is not None:
            self._fault(pointer, code, f"{what} holds {char}")

    def _limit(self, pointer: str, what: str, text: str, longest: int) -> None:
        if len(text) > longest:
            trouble = f"{what} has {len(text)} characters, {longest} are allowed"
            self._fault(pointer, "too_long", trouble)


@lru_cache(maxsize=4096)
def _what_is_wrong_with_author(author: NamedMailbox) -> str:
    """Say why the other door would not take this author (S-41), or nothing; asked once for each."""
    try:
        authors(scan(author_field(author)))
    except HeaderFault as fault:
        return str(fault)
    return ""


def escaped(key: str) -> str:
    """Write a key as a part of a JSON Pointer (RFC 6901 §3)."""
    return key.replace("~", "~0").replace("/", "~1")


def _is_composite(content_type: str) -> bool:
    return content_type.startswith(("message/", "multipart/"))


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name[:80])
