"""EmailLabs v2.1's JSON: what clients send, odd corners of their languages included (§2.2, §2.3)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from sztafeta.api.compat.emaillabs_headers import sort_out
from sztafeta.api.compat.emaillabs_v21.envelope import BAD_REQUEST, Refused, Trouble, refuse
from sztafeta.service.sending.call import (
    Addressee,
    AddresseeKind,
    AttachedFile,
    Call,
    Person,
    TemplateChoice,
)

MOST_RECIPIENTS: Final = 200
EMPTY: Final = "Empty request"
T = TypeVar("T")


def _as_map(value: Any) -> Any:
    """PHP writes an empty map as `[]`; null is what is not there."""
    return {} if value is None or value == [] else value


def _as_list(value: Any) -> Any:
    """Take one where many are allowed; null is none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _as_text(value: Any) -> Any:
    """Some clients send ids as numbers, and null for what is not there."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[list[str], BeforeValidator(_as_list)]
Map = Annotated[dict[str, Any], BeforeValidator(_as_map)]
TextMap = Annotated[dict[str, Text], BeforeValidator(_as_map)]


class Shape(BaseModel):
    """Fields that are not known change nothing that we do."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class PersonShape(Shape):
    """A mailbox."""

    email: str
    name: Text = ""

    def person(self, pointer: str) -> Person:
        """Read it."""
        return Person(address=self.email, name=self.name, pointer=pointer)


class ToShape(PersonShape):
    """An addressee with values of its own."""

    message_id: Text = ""
    vars: Map = Field(default_factory=dict)


class ContentShape(Shape):
    """What the mail says."""

    html: Text = ""
    text: Text = ""
    template_id: Text = ""


class FileShape(Shape):
    """An attachment; a WordPress plugin writes `fileNames`."""

    file_name: Text = ""
    file_names: Text = ""
    file_mime: Text = ""
    file_content: str
    inline: bool = False

    def file(self, place: int) -> AttachedFile:
        """Read it. Raises: Refused, when it is not base64."""
        name = self.file_name or self.file_names or f"file{place}"
        try:
            content = base64.b64decode("".join(self.file_content.split()), validate=True)
        except (binascii.Error, ValueError):
            refuse(f"The attachment {name} is not base64", code="invalid_attachment")
        return AttachedFile(
            filename=name,
            content=content,
            content_type=self.file_mime,
            content_id=name if self.inline else "",
            pointer=f"/attachments/{place}",
        )


class SendShape(Shape):
    """`POST email`."""

    subject: str = Field(min_length=1)
    smtp_account: str = Field(min_length=1)
    sender: PersonShape = Field(alias="from")
    to: Annotated[
        list[ToShape],
        BeforeValidator(_as_list),
        Field(min_length=1, max_length=MOST_RECIPIENTS),
    ]
    content: ContentShape
    reply_to: Annotated[list[PersonShape], BeforeValidator(_as_list)] = Field(default_factory=list)
    cc: Annotated[list[PersonShape], BeforeValidator(_as_list)] = Field(default_factory=list)
    bcc: Annotated[list[PersonShape], BeforeValidator(_as_list)] = Field(default_factory=list)
    tags: Texts = Field(default_factory=list)
    headers: TextMap = Field(default_factory=dict)
    global_vars: Map = Field(default_factory=dict)
    attachments: Annotated[list[FileShape], BeforeValidator(_as_list)] = Field(default_factory=list)

    def read(self) -> Call:
        """Give the call; a stored template takes the place of `html` and `text`. Raises: Refused."""
        content, fields = self.content, sort_out(self.headers.items())
        template = content.template_id
        has_vars = bool(self.global_vars) or any(one.vars for one in self.to)
        named = tuple(one.person("/replyTo") for one in self.reply_to)
        return Call(
            author=self.sender.person("/from"),
            addressees=tuple(self._addressees()),
            subject=self.subject,
            html="" if template else content.html,
            text="" if template else content.text,
            template=TemplateChoice(ref=template) if template else None,
            is_template=has_vars and not template,
            data=self.global_vars,
            reply_to=named or tuple(fields.reply_to),
            headers=tuple(fields.headers),
            tags=(*self.tags, *fields.tags),
            attachments=tuple(one.file(place) for place, one in enumerate(self.attachments)),
        )

    def _addressees(self) -> Iterator[Addressee]:
        for place, one in enumerate(self.to):
            message_id = one.message_id.strip().removeprefix("<").removesuffix(">")
            person = one.person(f"/to/{place}/email")
            yield Addressee(person=person, data=one.vars, message_id=message_id)
        for kind, people in ((AddresseeKind.CC, self.cc), (AddresseeKind.BCC, self.bcc)):
            for place, copy in enumerate(people):
                person = copy.person(f"/{kind.value}/{place}/email")
                yield Addressee(person=person, kind=kind)


class TemplateShape(Shape):
    """`POST email/template`."""

    html: Text = ""
    text: Text = ""
    name: Text = ""
    external_id: Text = ""
    smtp_account: Text = ""


class TemplatesShape(Shape):
    """`DELETE email/template`."""

    external_id: Annotated[list[Text], BeforeValidator(_as_list), Field(min_length=1)]


class EntryShape(Shape):
    """`POST email/blacklist`."""

    email: str
    smtp_account: str = Field(min_length=1)
    reason: str
    comment: Text = ""


class EntriesShape(Shape):
    """`DELETE email/blacklist/{smtp}`."""

    id: Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]


SEND: Final = TypeAdapter(SendShape)
TEMPLATE: Final = TypeAdapter(TemplateShape)
TEMPLATES: Final = TypeAdapter(TemplatesShape)
ENTRY: Final = TypeAdapter(EntryShape)
ENTRIES: Final = TypeAdapter(EntriesShape)


def read(adapter: TypeAdapter[T], octets: bytes) -> T:
    """Read a body.

    Raises:
        Refused: it has another shape; every fault is named.
    """
    if not octets.strip():
        refuse(EMPTY, code="empty_request")
    try:
        return adapter.validate_json(octets)
    except ValidationError as error:
        troubles = [_trouble(one) for one in error.errors(include_url=False)]
        raise Refused(BAD_REQUEST, *troubles) from error


def _trouble(error: Mapping[str, Any]) -> Trouble:
    if error["type"] == "json_invalid":
        message = f"{EMPTY}: the body is not whole JSON ({error['ctx']['error']})"
        return Trouble(title="Bad request", message=message, code="malformed_body")
    path: Sequence[Any] = error["loc"]
    value = error["input"]
    return Trouble(
        title="Validation",
        message=error["msg"],
        code=error["type"],
        parameter=".".join(str(part) for part in path) or "body",
        value=value if isinstance(value, str) else "",
    )
