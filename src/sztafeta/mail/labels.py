"""Labels: tags and metadata that go with a message in our history, never to the receiver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sztafeta.mail.hostile_text import what_breaks

MOST_TAGS: Final = 20
LONGEST_TAG: Final = 128
"""Characters."""
MOST_METADATA: Final = 50
LONGEST_KEY: Final = 64
LONGEST_VALUE: Final = 1024


def what_is_wrong_with_tags(tags: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Give what is wrong with which tag."""
    if len(tags) > MOST_TAGS:
        yield MOST_TAGS, f"there are {len(tags)} tags, {MOST_TAGS} are allowed"
    for at, tag in enumerate(tags[:MOST_TAGS]):
        if not tag.strip():
            yield at, "a tag is empty"
        elif (trouble := _trouble(tag, LONGEST_TAG)) is not None:
            yield at, f"a tag {trouble}"


def what_is_wrong_with_metadata(metadata: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give what is wrong with the metadata of which key."""
    if len(metadata) > MOST_METADATA:
        yield "", f"there are {len(metadata)} keys in metadata, {MOST_METADATA} are allowed"
        return
    for key, value in metadata.items():
        if not key.strip():
            yield key, "a key of metadata is empty"
        elif (trouble := _trouble(key, LONGEST_KEY)) is not None:
            yield key, f"a key of metadata {trouble}"
        elif (trouble := _trouble(value, LONGEST_VALUE)) is not None:
            yield key, f"a value of metadata {trouble}"


def _trouble(text: str, longest: int) -> str | None:
    char = what_breaks(text)
    if char is not None:
        return f"holds {char}"
    return f"has {len(text)} characters, {longest} are allowed" if len(text) > longest else None
