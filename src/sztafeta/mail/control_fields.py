"""Control fields: header fields that speak to us, read here and removed before delivery (`mail/compose`).

X-Tag, X-Metadata-<key>           labels for the history; EmailLabs' X-MAILTAGS: a;b;c too
X-Template, X-Template-Data       the content is a stored template with these variables (JSON)
X-Send-At, X-Expires-At           RFC 3339 instants
Idempotency-Key                   the same key and message is sent once
X-TRACKING-OFF                    EmailLabs; nothing is tracked here, so it is only removed
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NoReturn

from sztafeta.mail.encoded_word import decode_words
from sztafeta.mail.hostile_text import what_breaks
from sztafeta.mail.labels import what_is_wrong_with_metadata, what_is_wrong_with_tags
from sztafeta.mail.message import Header, value_of
from sztafeta.mail.template_data import what_is_wrong_with_data

NAMES: Final = frozenset(
    {
        b"x-tag",
        b"x-mailtags",
        b"x-template",
        b"x-template-data",
        b"x-send-at",
        b"x-expires-at",
        b"x-tracking-off",
        b"idempotency-key",
    }
)
METADATA_PREFIX: Final = b"x-metadata-"
LONGEST_KEY: Final = 256
"""Characters of an idempotency key."""


class ControlFault(ValueError):
    """A control field cannot be obeyed; the message names it and says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the control fields of a message ask for."""

    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    """The id or external id of a template; empty: the content is the message's own."""
    data: Mapping[str, Any] = field(default_factory=dict)
    send_at: datetime | None = None
    expires_at: datetime | None = None
    idempotency_key: str = ""


NO_WISHES: Final = Wishes()


def has_control_fields(names: tuple[bytes, ...]) -> bool:
    """Say whether any of these names (in lower case) speaks to us; most headers have none."""
    return not NAMES.isdisjoint(names) or METADATA_PREFIX in b"\n".join(names)


def is_control_field(name: bytes) -> bool:
    """Say whether a field of this name (in lower case) speaks to us."""
    return name in NAMES or name.startswith(METADATA_PREFIX)


def read_wishes(header: Header) -> Wishes:
    """Read the control fields.

    Raises:
        ControlFault: one stands twice, cannot be read, or asks for too much.
    """
    if not has_control_fields(header.names):
        return NO_WISHES
    template, data = _text(header, "X-Template"), _data(header)
    if data and not template:
        raise ControlFault("X-Template-Data needs X-Template")
    return Wishes(
        tags=_tags(header),
        metadata=_metadata(header),
        template=template,
        data=data,
        send_at=_instant(header, "X-Send-At"),
        expires_at=_instant(header, "X-Expires-At"),
        idempotency_key=_idempotency_key(header),
    )


def _tags(header: Header) -> tuple[str, ...]:
    tags = [_decoded(one.octets) for one in header.all(b"x-tag")]
    for one in header.all(b"x-mailtags"):
        tags += [tag.strip() for tag in _decoded(one.octets).split(";") if tag.strip()]
    for _, trouble in what_is_wrong_with_tags(tags):
        raise ControlFault(f"X-Tag: {trouble}")
    return tuple(dict.fromkeys(tags))


def _metadata(header: Header) -> dict[str, str]:
    """Read X-Metadata-<key>; the key keeps the letters that it was written with."""
    metadata: dict[str, str] = {}
    for name, octets in zip(header.names, header.slices, strict=True):
        if name.startswith(METADATA_PREFIX):
            written = octets.partition(b":")[0].rstrip(b" \t")
            key = written[len(METADATA_PREFIX) :].decode("ascii")
            if key in metadata:
                raise ControlFault(f"X-Metadata-{key} stands twice")
            metadata[key] = _decoded(octets)
    for key, trouble in what_is_wrong_with_metadata(metadata):
        raise ControlFault(f"X-Metadata-{key}: {trouble}")
    return metadata


def _data(header: Header) -> dict[str, Any]:
    text = _text(header, "X-Template-Data")
    if not text:
        return {}
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as fault:
        column = fault.pos + 1
        raise ControlFault(f"X-Template-Data is not valid JSON (column {column})") from fault
    except (ValueError, RecursionError) as fault:  # a number without end, brackets without end
        raise ControlFault("X-Template-Data is not valid JSON") from fault
    if not isinstance(data, dict):
        raise ControlFault("X-Template-Data is not a JSON object")
    if (trouble := what_is_wrong_with_data(data)) is not None:
        raise ControlFault(f"X-Template-Data {trouble}")
    return data


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")  # RFC 8259 §6


def _instant(header: Header, name: str) -> datetime | None:
    text = _text(header, name)
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ControlFault(f"{name} is not an RFC 3339 instant such as 2026-12-01T08:00:00Z")
    return instant


def _idempotency_key(header: Header) -> str:
    key = _text(header, "Idempotency-Key")
    if len(key) > LONGEST_KEY:
        raise ControlFault(f"Idempotency-Key has more than {LONGEST_KEY} characters")
    return key


def _text(header: Header, name: str) -> str:
    """Give the value of a field that may stand once; empty when it is not there."""
    found = header.all(name.lower().encode("ascii"))
    if len(found) > 1:
        raise ControlFault(f"{name} stands {len(found)} times")
    text = _decoded(found[0].octets) if found else ""
    if (char := what_breaks(text)) is not None and name != "X-Template-Data":
        raise ControlFault(f"{name} holds {char}")
    return text


def _decoded(octets: bytes) -> str:
    text = value_of(octets).decode("utf-8", "replace")
    return decode_words(text) if "=?" in text else text
