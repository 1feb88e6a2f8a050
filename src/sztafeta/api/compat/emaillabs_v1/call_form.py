"""EmailLabs v1: a form becomes a call (emaillabs.md §1.4, §1.5), with the shapes that real clients send."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Final

from sztafeta.api.compat.emaillabs_headers import sort_out
from sztafeta.api.compat.php_form import Node, Tree, text_at, texts_at, tree_at
from sztafeta.service.sending.call import (
    Addressee,
    AddresseeKind,
    AttachedFile,
    Call,
    Person,
    TemplateChoice,
)

MOST_RECIPIENTS: Final = 200


class CallFault(ValueError):
    """The form cannot be sent; the message is what the client shows."""


def read_call(form: Tree, *, is_template: bool) -> Call:
    """Read `sendmail`, `new_sendmail` or `sendmail_templates`.

    A stored template takes the place of `html` and `text`: some mailers cannot send without those.

    Raises:
        CallFault: a field is missing or cannot be used.
    """
    to = tuple(_addressees(form))
    _refuse_number_of(to)
    template = text_at(form, "template_id")
    html, text = ("", "") if template else (text_at(form, "html"), text_at(form, "text", "txt"))
    if not (html or text or template):
        raise CallFault("Field 'html' or 'text' is required")
    global_vars = tree_at(form, "global_vars")
    has_vars = bool(global_vars) or any(one.data for one in to)
    fields = sort_out(_headers(form))
    return Call(
        author=Person(
            address=_required(form, "from"), name=text_at(form, "from_name"), pointer="/from"
        ),
        addressees=(*to, *_copies(form, "cc"), *_copies(form, "bcc")),
        subject=_required(form, "subject"),
        html=html,
        text=text,
        template=TemplateChoice(ref=template) if template else None,
        is_template=not template and (is_template or has_vars),
        data=global_vars,
        reply_to=_people(text_at(form, "reply_to", "replay_to"), "/reply_to")
        or tuple(fields.reply_to),
        headers=tuple(fields.headers),
        tags=(*(tag for tag in texts_at(form, "tags") if tag.strip()), *fields.tags),
        attachments=tuple(_files(form)),
        return_path=_person(text_at(form, "return_path"), "/return_path"),
    )


def _refuse_number_of(to: Sequence[Addressee]) -> None:
    if not to:
        raise CallFault("Field 'to' is required")
    if len(to) > MOST_RECIPIENTS:
        raise CallFault(f"Field 'to' may hold {MOST_RECIPIENTS} addresses")


def _required(form: Tree, name: str) -> str:
    value = text_at(form, name)
    if not value:
        raise CallFault(f"Field '{name}' is required")
    return value


def _person(address: str, pointer: str) -> Person | None:
    return Person(address=address, pointer=pointer) if address else None


def _people(address: str, pointer: str) -> tuple[Person, ...]:
    person = _person(address, pointer)
    return () if person is None else (person,)


# -- to: five shapes ------------------------------------------------------------------------------


def _addressees(form: Tree) -> Iterator[Addressee]:
    to = form.get("to")
    if isinstance(to, str):
        to = {"0": to} if to else {}
    for key, value in (to or {}).items():
        one = _addressee(key, value)
        if one is not None:
            yield one


def _addressee(key: str, value: Node) -> Addressee | None:
    """Read one entry: its key is the address, or its value is, or a field of its value."""
    if isinstance(value, str):
        if key.isdecimal():  # to[]=a@x.pl
            return _to(value) if value else None
        # to[a@x.pl]=, or a message id, or the recipient's name: which, only an @ can tell
        is_id = "@" in value
        return _to(key, name="" if is_id else value, message_id=value if is_id else "")
    address = text_at(value, "email") or ("" if key.isdecimal() else key)
    return _to(
        address,
        name=text_at(value, "reciver_name", "receiver_name", "name"),
        message_id=text_at(value, "message_id"),
        data=tree_at(value, "vars"),
    )


def _to(
    address: str, *, name: str = "", message_id: str = "", data: Tree | None = None
) -> Addressee:
    return Addressee(
        person=Person(address=address, name=name, pointer="/to"),
        data=data or {},
        message_id=message_id.strip().removeprefix("<").removesuffix(">"),
    )


def _copies(form: Tree, name: str) -> Iterator[Addressee]:
    """Read `cc` and `bcc`: an address and a name, or with `multi_cc` a map of them."""
    kind = AddresseeKind(name)
    value = form.get(name)
    if isinstance(value, dict):
        for key, shown in value.items():
            address, called = (shown, "") if key.isdecimal() else (key, shown)
            if isinstance(address, str) and address:
                person = Person(
                    address=address,
                    name=called if isinstance(called, str) else "",
                    pointer=f"/{name}",
                )
                yield Addressee(person=person, kind=kind)
    elif value:
        person = Person(address=value, name=text_at(form, f"{name}_name"), pointer=f"/{name}")
        yield Addressee(person=person, kind=kind)


# -- the rest -------------------------------------------------------------------------------------


def _headers(form: Tree) -> Iterator[tuple[str, str]]:
    """Read a map of fields, or a list of whole `Name: value` lines."""
    for key, value in tree_at(form, "headers").items():
        if not isinstance(value, str):
            continue
        if key.isdecimal():
            name, colon, text = value.partition(":")
            if colon:
                yield name.strip(), text.strip()
        else:
            yield key, value


def _files(form: Tree) -> Iterator[AttachedFile]:
    for place, file in tree_at(form, "files").items():
        if not isinstance(file, dict):
            continue
        name = text_at(file, "name") or f"file{place}"
        try:
            content = base64.b64decode("".join(text_at(file, "content").split()), validate=True)
        except (binascii.Error, ValueError) as fault:
            raise CallFault(f"File {name} is not base64") from fault
        is_inline = text_at(file, "inline") in ("1", "true")
        yield AttachedFile(
            filename=name,
            content=content,
            content_type=text_at(file, "mime"),
            content_id=name if is_inline else "",
            pointer=f"/files/{place}",
        )
