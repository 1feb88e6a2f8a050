"""What a page needs of whoever asks for it; every route names its needs, so that none is open by mistake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sztafeta.account.member import Area, Member, Right


@dataclass(frozen=True, slots=True)
class Needs:
    """A right in an area."""

    area: Area
    right: Right

    def allows(self, member: Member | None) -> bool:
        """Say whether this member may come in; None is somebody who has not logged in."""
        return member is not None and member.may(self.area, self.right)

    def __str__(self) -> str:
        return f"{self.area.value}: {self.right.name.lower()}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Being somebody, whatever one's rights are."""

    name: str
    logged_in: bool
    administrator: bool = False

    def allows(self, member: Member | None) -> bool:
        """Say whether this member may come in; None is somebody who has not logged in."""
        if member is None:
            return not self.logged_in
        return member.is_administrator or not self.administrator

    def __str__(self) -> str:
        return self.name


ANYBODY: Final = Standing("anybody", logged_in=False)
SIGNED_IN: Final = Standing("any member", logged_in=True)
ADMINISTRATOR: Final = Standing("administrator", logged_in=True, administrator=True)

Need = Needs | Standing
