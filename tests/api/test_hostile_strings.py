"""CR, LF, NUL and their kind in every string of a call, found in the OpenAPI document (S-43, S-44).

Each string of the shape of a call is spoilt in its turn. Either the call is refused with a pointer, or the
character stands in a body part: the header has as many fields as an honest call's.
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from tests.doubles.native_house import Caller, NativeHouse

from sztafeta.mail.message import scan

SPOILERS: Final = ("\r\nBcc: eve@example.net\r\n", "\r", "\n", "\0", "\x1b[2J", "\u2028", "\x85")
IN_BODY_PARTS: Final = {"/html", "/text"}
"""Where such characters are the author's text, but for NUL."""
HONEST: Final[dict[str, Any]] = {
    "from": {"email": "alice@example.com", "name": "Alice"},
    "to": [{"email": "bob@example.net", "name": "Bob"}],
    "cc": ["carol@example.net"],
    "bcc": ["Dan <dan@example.net>"],
    "reply_to": [{"email": "help@example.com", "name": "Help"}],
    "subject": "Hello",
    "html": "<p>Hi</p>",
    "text": "Hi",
    "headers": {"X-Order": "5"},
    "tags": ["order"],
    "metadata": {"order": "5"},
    "attachments": [
        {
            "filename": "a.txt",
            "content": base64.b64encode(b"file").decode(),
            "content_type": "text/plain",
            "content_id": "logo",
        }
    ],
}
PERSON: Final = "email name"


def places(value: Any, pointer: str = "") -> Iterator[str]:
    """Give the place of every string in a call, and of every key that its author chose."""
    if isinstance(value, str):
        yield pointer
    for at, one in enumerate(value if isinstance(value, list) else ()):
        yield from places(one, f"{pointer}/{at}")
    for name in value if isinstance(value, dict) else ():
        yield from places(value[name], f"{pointer}/{name}")


def spoilt(pointer: str, spoiler: str) -> dict[str, Any]:
    call = copy.deepcopy(HONEST)
    *way, last = [int(one) if one.isdigit() else one for one in pointer.split("/")[1:]]
    inside: Any = call
    for step in way:
        inside = inside[step]
    inside[last] = inside[last][:1] + spoiler + inside[last][1:]
    return call


async def test_the_honest_call_holds_every_string_of_the_document(
    house: NativeHouse, alice: Caller
) -> None:
    """A field that is added to the shape of a call must be spoilt here, too."""
    document = (await house.call("GET", "/v1/openapi.json")).json["components"]["schemas"]
    reached = {"template", "recipients", "data", "send_at", "expires_at", "dry_run"} | HONEST.keys()
    assert document["SendShape"]["properties"].keys() == reached
    assert document["AttachmentShape"]["properties"].keys() == HONEST["attachments"][0].keys()
    assert document["PersonShape"]["properties"].keys() == set(PERSON.split())
    answer = await alice("POST", "/v1/messages", HONEST)
    assert answer.status == 202, answer.content


@pytest.mark.parametrize("pointer", list(places(HONEST)))
async def test_no_string_of_a_call_makes_a_header_field(
    house: NativeHouse, alice: Caller, pointer: str
) -> None:
    """S-43: 422 with the field's place, or as many header fields as expected."""
    await alice("POST", "/v1/messages", HONEST)
    honest = {count_of_fields(house, number) for number in house.store.letters}
    known = set(house.store.letters)
    for spoiler in SPOILERS:
        answer = await alice("POST", "/v1/messages", spoilt(pointer, spoiler))
        if answer.status == 202:
            new = house.store.letters.keys() - known
            assert {count_of_fields(house, number) for number in new} <= honest, repr(spoiler)
            assert b"eve@example.net" not in b"".join(header_of(house, one) for one in new)
            known |= new
            is_text = pointer in IN_BODY_PARTS or pointer.endswith("/content")
            assert is_text or spoiler in ("\u2028", "\x85", "\n", "\r"), repr(spoiler)
        else:
            assert (answer.status, answer.code) == (422, "invalid"), answer.content
            named = [one for one in answer.faults if pointer.startswith(one) and one]
            assert named, (pointer, answer.faults)


def header_of(house: NativeHouse, number: int) -> bytes:
    message, _ = house.store.letters[number]
    return b"".join(message.content.blocks()).partition(b"\r\n\r\n")[0]


def count_of_fields(house: NativeHouse, number: int) -> int:
    return len(scan(header_of(house, number) + b"\r\n\r\n").names)


@pytest.mark.parametrize("where", ["headers", "metadata"])
@pytest.mark.parametrize("spoiler", SPOILERS)
async def test_no_name_that_an_author_chooses_makes_a_header_field(
    house: NativeHouse, alice: Caller, where: str, spoiler: str
) -> None:
    answer = await alice("POST", "/v1/messages", HONEST | {where: {f"X-A{spoiler}B": "5"}})
    assert (answer.status, answer.code) == (422, "invalid"), answer.content
    assert all(one.startswith(f"/{where}/") for one in answer.faults)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example> NOTIFY=NEVER",
        "<a@b.example",
        "a@b.example> SIZE=1",
        "a@b.example\tRET=FULL",
        "a@b.example,eve@example.net",
        'a@b.example">x<eve@example.net',
    ],
)
async def test_an_address_is_never_more_than_an_address(
    house: NativeHouse, alice: Caller, address: str
) -> None:
    """S-44: wherever an address stands, and on the wire the command holds one path."""
    for call in (
        HONEST | {"to": [{"email": address}]},
        HONEST | {"cc": [{"email": address}]},
        HONEST | {"from": {"email": address}},
        HONEST | {"reply_to": [{"email": address}]},
    ):
        before = len(house.store.rows)
        answer = await alice("POST", "/v1/messages", call)
        if answer.status == 202:  # it stands in the answer, and gets nothing
            told = json.dumps([one for one in answer.json["messages"] if one["id"] is None])
            assert "invalid_address" in told
            rows = list(house.store.rows.values())[before:]
            assert all(" " not in str(row.new.forward_path.mailbox) for row in rows)
        else:
            assert answer.status == 422
