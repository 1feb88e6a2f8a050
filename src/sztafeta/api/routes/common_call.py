"""The common call that sends, read in one step: most calls hold people, texts and labels, and nothing else.

`call_shapes` says what a call may look like, to people and to the document. Whatever is not plainly in order
here is left to it, so that it alone refuses, and what it would refuse is never taken here.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from sztafeta.api.routes.call_shapes import (
    LONGEST_PERSON,
    MOST_FIELDS,
    split_person,
)
from sztafeta.service.sending.call import Addressee, AddresseeKind, Call, Person

CC, BCC = AddresseeKind.CC, AddresseeKind.BCC

_Address = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_PERSON)]
_Name = Annotated[str, msgspec.Meta(max_length=LONGEST_PERSON)]
_Fields = Annotated[dict[str, str], msgspec.Meta(max_length=MOST_FIELDS)]


class _Person(msgspec.Struct, forbid_unknown_fields=True):
    email: _Address
    name: _Name = ""


_People = str | _Person | list[str | _Person]


class _CommonCall(msgspec.Struct, forbid_unknown_fields=True):
    from_: str | _Person = msgspec.field(name="from")
    to: _People = msgspec.field(default_factory=list)
    cc: _People = msgspec.field(default_factory=list)
    bcc: _People = msgspec.field(default_factory=list)
    reply_to: _People = msgspec.field(default_factory=list)
    subject: str = ""
    html: str = ""
    text: str = ""
    headers: _Fields = msgspec.field(default_factory=dict)
    tags: Annotated[list[str], msgspec.Meta(max_length=MOST_FIELDS)] = msgspec.field(
        default_factory=list
    )
    metadata: _Fields = msgspec.field(default_factory=dict)


_DECODER: Final = msgspec.json.Decoder(_CommonCall)


class _NotCommon(Exception):
    """The call is for `call_shapes` to read."""


def read_common_call(octets: bytes) -> Call | None:
    """Read a call, or give None: it is no common one, or it has a fault."""
    try:
        call = _DECODER.decode(octets)
        if not (call.html or call.text):
            return None
        return Call(
            author=_person(call.from_, "/from"),
            addressees=_addressees(call),
            subject=call.subject,
            html=call.html,
            text=call.text,
            reply_to=tuple(_people(call.reply_to, "/reply_to")),
            headers=tuple(call.headers.items()),
            tags=tuple(call.tags),
            metadata=call.metadata,
        )
    except (_NotCommon, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _addressees(call: _CommonCall) -> tuple[Addressee, ...]:
    found = [Addressee(person=one) for one in _people(call.to, "/to")]
    if call.cc != []:
        found += [Addressee(person=one, kind=CC) for one in _people(call.cc, "/cc")]
    if call.bcc != []:
        found += [Addressee(person=one, kind=BCC) for one in _people(call.bcc, "/bcc")]
    return tuple(found)


def _people(people: _People, pointer: str) -> list[Person]:
    listed = people if isinstance(people, list) else [people]
    return [_person(one, f"{pointer}/{place}") for place, one in enumerate(listed)]


def _person(person: str | _Person, pointer: str) -> Person:
    if isinstance(person, _Person):
        return Person(address=person.email, name=person.name, pointer=pointer)
    address, name = split_person(person)
    if not 0 < len(address) <= LONGEST_PERSON or len(name) > LONGEST_PERSON:
        raise _NotCommon
    return Person(address=address, name=name, pointer=pointer)
