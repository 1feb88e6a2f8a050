"""Whether there is room: mail is refused while results can still be recorded (R-20, R-22)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sztafeta.store.room import Room, Space, space_at

MEGABYTE = 1_000_000


class Disk:
    """A disk that is as full as a test says, and a clock."""

    def __init__(self) -> None:
        self.space = Space(free_bytes=100 * MEGABYTE, free_share=0.5, free_inodes_share=0.5)
        self.looks = 0
        self.time = 0.0

    def look(self, _: Path) -> Space:
        self.looks += 1
        return self.space

    def room(self, **more: float) -> Room:
        return Room(Path("/"), look=self.look, clock=lambda: self.time, **more)

    def becomes(
        self, *, free_bytes: int = 100 * MEGABYTE, share: float = 0.5, inodes: float = 0.5
    ) -> None:
        self.space = Space(free_bytes=free_bytes, free_share=share, free_inodes_share=inodes)
        self.time += 1.0


def test_a_message_needs_half_as_much_again_as_its_size() -> None:
    disk = Disk()
    disk.becomes(free_bytes=15 * MEGABYTE)
    room = disk.room()
    assert room.has_room(10 * MEGABYTE)
    assert not room.has_room(10 * MEGABYTE + 1)


@pytest.mark.parametrize("full", [{"share": 0.099}, {"inodes": 0.099}])
def test_the_last_tenth_of_bytes_and_of_inodes_is_for_results(full: dict[str, float]) -> None:
    disk = Disk()
    room = disk.room()
    assert room.has_room(1)
    disk.becomes(**full)
    assert not room.has_room(1)


def test_mail_is_taken_again_only_when_two_points_more_are_free() -> None:
    """R-22: the answer does not flap."""
    disk = Disk()
    room = disk.room()
    answers = []
    for share in (0.11, 0.09, 0.11, 0.119, 0.121, 0.11, 0.099):
        disk.becomes(share=share)
        answers.append(room.has_room(1))
    assert answers == [True, False, False, False, True, True, False]


def test_an_operator_may_use_the_whole_disk() -> None:
    disk = Disk()
    disk.becomes(share=0.0, inodes=0.0)
    assert disk.room(free_share=0.0).has_room(1)


def test_the_disk_is_looked_at_once_a_second() -> None:
    disk = Disk()
    room = disk.room()
    for _ in range(5):
        room.has_room(1)
    assert disk.looks == 1
    disk.time += 1.0
    room.has_room(1)
    assert disk.looks == 2


def test_a_real_disk_says_what_it_has(tmp_path: Path) -> None:
    space = space_at(tmp_path)
    assert space.free_bytes > 0
    assert 0 < space.free_share <= 1
    assert 0 <= space.free_inodes_share <= 1
