"""The letterbox: newest first, found by every word, bounded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sztafeta.inbox import letterbox as module
from sztafeta.inbox.letterbox import Arrived, Letterbox


def arrived(subject: str, *, author: str = "alice@example.com") -> Arrived:
    return Arrived(
        number=0,
        at=datetime(2026, 11, 24, 12, tzinfo=UTC),
        client="mail.example.com",
        tls="TLSv1.3",
        reverse_path=author,
        recipients=("bob@example.org", "charlie@example.net"),
        author=author,
        subject=subject,
        snippet="first words",
        attachments=0,
        size=4,
    )


@pytest.fixture
def box() -> Letterbox:
    return Letterbox(None)


def subjects(box: Letterbox, **how: object) -> list[str]:
    return [one.subject for one in box.list(limit=10, **how)]  # type: ignore[arg-type]


def test_the_newest_comes_first(box: Letterbox) -> None:
    for subject in ("one", "two", "three"):
        box.keep(arrived(subject), b"text")
    assert subjects(box) == ["three", "two", "one"]
    assert box.count() == 3


def test_a_message_is_found_whole(box: Letterbox) -> None:
    box.keep(arrived("one"), b"A: b\r\n\r\ntext")
    found = box.find(1)
    assert found is not None
    assert found[0].recipients == ("bob@example.org", "charlie@example.net")
    assert found[1] == b"A: b\r\n\r\ntext"
    assert box.find(2) is None


def test_a_search_wants_every_word(box: Letterbox) -> None:
    box.keep(arrived("Order 1204 sent"), b"")
    box.keep(arrived("Order 1205 paid"), b"")
    assert subjects(box, search="order 1204") == ["Order 1204 sent"]
    assert subjects(box, search="charlie@example.net paid") == ["Order 1205 paid"]


def test_signs_of_a_pattern_are_letters_in_a_search(box: Letterbox) -> None:
    """W-23: a search is a value."""
    box.keep(arrived("100% sure"), b"")
    box.keep(arrived("100 percent"), b"")
    assert subjects(box, search="100%") == ["100% sure"]
    assert subjects(box, search="'; drop table arrived; --") == []
    assert box.count() == 2


def test_older_pages_begin_where_the_last_ended(box: Letterbox) -> None:
    for number in range(4):
        box.keep(arrived(str(number)), b"")
    assert subjects(box, before=3) == ["1", "0"]


def test_the_oldest_leave(box: Letterbox) -> None:
    for number in range(module.KEPT + 5):
        box.keep(arrived(str(number)), b"")
    assert box.count() == module.KEPT
    assert box.find(5) is None


def test_it_is_found_again_after_a_restart(tmp_path: Path) -> None:
    first = Letterbox(tmp_path / "inbox.sqlite")
    first.keep(arrived("one"), b"")
    first.close()
    assert subjects(Letterbox(tmp_path / "inbox.sqlite")) == ["one"]


def test_an_arrival_is_told(box: Letterbox) -> None:
    told: list[str] = []
    box.on_arrival = lambda one: told.append(one.subject)
    box.keep(arrived("one"), b"")
    assert told == ["one"]
