"""The shape of a call that sends: what an integrator writes in JSON, and the verb's call it becomes.

Only shapes are checked here (is it a list, is it base64); what a value may hold is the verb's to judge, for
every face alike. Whatever is wrong is found at once.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from sztafeta.api.routes.shapes import Instant, Strict
from sztafeta.service.sending.call import (
    Addressee,
    AddresseeKind,
    AttachedFile,
    Call,
    Person,
    TemplateChoice,
)

MOST_FIELDS: Final = 100
"""Own header fields, tags and metadata of a call."""
LONGEST_PERSON: Final = 1000
"""Characters of an address, and of a name, as a call writes them."""
_OPEN: Final = "<"
_SPACES: Final = " \t\xa0"
"""What may stand around an address; a line break there is a fault (S-43)."""


def split_person(text: str) -> tuple[str, str]:
    """Part `Name <address>` into address and name; anything else is an address, for the verb to judge."""
    text = text.strip(_SPACES)
    if not text.endswith(">") or _OPEN not in text:
        return text, ""
    name, _, address = text[:-1].rpartition(_OPEN)
    name = name.strip(_SPACES)
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return address.strip(_SPACES), name


class PersonShape(Strict):
    """A mailbox with a display name."""

    email: Annotated[str, Field(min_length=1, max_length=LONGEST_PERSON)]
    """The address; its domain may be written in any script."""
    name: Annotated[str, Field(max_length=LONGEST_PERSON)] = ""
    """The display name, in any script."""

    def read(self, pointer: str) -> Person:
        """Give the verb's word for it."""
        return Person(address=self.email, name=self.name, pointer=pointer)


def _as_person(value: Any) -> Any:
    if isinstance(value, str):
        email, name = split_person(value)
        return {"email": email, "name": name}
    return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


PersonValue = Annotated[
    PersonShape, BeforeValidator(_as_person, json_schema_input_type=str | PersonShape)
]
"""`"anna@example.com"`, `"Anna <anna@example.com>"` or `{"email": …, "name": …}`."""
PeopleValue = Annotated[
    list[PersonValue],
    BeforeValidator(_as_list, json_schema_input_type=str | PersonShape | list[str | PersonShape]),
]
"""One of these, or a list of them."""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise ValueError(f"this is not base64: {fault}") from fault


Base64 = Annotated[
    bytes,
    BeforeValidator(
        lambda value: _decoded(value) if isinstance(value, str) else value,
        json_schema_input_type=str,
    ),
]


class AttachmentShape(Strict):
    """A file; with a `content_id` it is shown inside the HTML (`<img src="cid:…">`)."""

    filename: Annotated[str, Field(min_length=1, max_length=500)]
    """In any script."""
    content: Base64
    """The file in base64."""
    content_type: Annotated[str, Field(max_length=200)] = ""
    """Guessed from the file name when left out."""
    content_id: Annotated[str, Field(max_length=200)] = ""
    """Makes it an inline part, shown by the HTML."""


class TemplateShape(Strict):
    """Which template the content comes from."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    """Its id or external id."""
    version: Annotated[int, Field(ge=1)] | None = None
    """The live version when left out."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Variables for all recipients."""


class RecipientShape(Strict):
    """A recipient with variables of its own."""

    to: PersonValue
    """An address, or an address with a name."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Variables of this recipient, beside those for all."""
    metadata: dict[str, str] = Field(default_factory=dict)
    """Kept with this recipient's message, beside that for all."""


Metadata = Annotated[dict[str, str], Field(max_length=MOST_FIELDS)]


class SendShape(Strict):
    """A call that sends: one message for each recipient."""

    from_: Annotated[PersonValue, Field(alias="from")]
    """One address of a sending domain of yours; each address is written `anna@example.com`,
    `Anna <anna@example.com>` or `{"email": …, "name": …}`."""
    to: PeopleValue = Field(default_factory=list)
    """Each gets a message of its own, and sees itself alone when there is no `cc`."""
    cc: PeopleValue = Field(default_factory=list)
    """With it every message shows all of `to` and `cc`."""
    bcc: PeopleValue = Field(default_factory=list)
    """Gets a message, and is shown to nobody."""
    recipients: list[RecipientShape] = Field(default_factory=list)
    """Instead of `to`, when each has variables or metadata of its own."""
    reply_to: PeopleValue = Field(default_factory=list)
    """Where answers should go."""
    subject: str = ""
    """In any script."""
    html: str = ""
    """The HTML part."""
    text: str = ""
    """Made from the HTML when left out."""
    template: TemplateShape | None = None
    """Instead of `subject`, `html` and `text`."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Variables for all recipients."""
    headers: dict[str, str] = Field(default_factory=dict, max_length=MOST_FIELDS)
    """Header fields of your own; those that we write ourselves are refused."""
    tags: list[str] = Field(default_factory=list, max_length=MOST_FIELDS)
    """Words to find and count messages by."""
    metadata: Metadata = Field(default_factory=dict)
    """Kept with the messages and shown in events; never sent."""
    attachments: list[AttachmentShape] = Field(default_factory=list, max_length=200)
    """A message may have 10 MB as it goes over the wire; e-mail coding adds about 37 % to files."""
    send_at: Instant | None = None
    """When to send; at most 30 days ahead."""
    expires_at: Instant | None = None
    """When to give up: a one-time code is worth nothing after ten minutes."""
    dry_run: bool = False
    """Find everything that is wrong; store and send nothing."""

    def read(self) -> Call:
        """Give the verb's word for it."""
        template = self.template
        return Call(
            author=self.from_.read("/from"),
            addressees=tuple(self._addressees()),
            subject=self.subject,
            html=self.html,
            text=self.text,
            template=None
            if template is None
            else TemplateChoice(ref=template.id, version=template.version),
            data={**self.data, **(template.data if template else {})},
            reply_to=_people(self.reply_to, "/reply_to"),
            headers=tuple(self.headers.items()),
            tags=tuple(self.tags),
            metadata=self.metadata,
            attachments=tuple(self._files()),
            send_at=self.send_at,
            expires_at=self.expires_at,
        )

    def _addressees(self) -> list[Addressee]:
        found = [
            Addressee(person=person, kind=kind)
            for kind, people in (
                (AddresseeKind.TO, _people(self.to, "/to")),
                (AddresseeKind.CC, _people(self.cc, "/cc")),
                (AddresseeKind.BCC, _people(self.bcc, "/bcc")),
            )
            for person in people
        ]
        for place, one in enumerate(self.recipients):
            pointer = f"/recipients/{place}"
            person = one.to.read(f"{pointer}/to")
            addressee = Addressee(
                person=person, pointer=pointer, data=one.data, metadata=one.metadata
            )
            found.append(addressee)
        return found

    def _files(self) -> list[AttachedFile]:
        return [
            AttachedFile(
                filename=one.filename,
                content=one.content,
                content_type=one.content_type,
                content_id=one.content_id,
                pointer=f"/attachments/{place}",
            )
            for place, one in enumerate(self.attachments)
        ]


def _people(people: Sequence[PersonShape], pointer: str) -> tuple[Person, ...]:
    return tuple([one.read(f"{pointer}/{place}") for place, one in enumerate(people)])
