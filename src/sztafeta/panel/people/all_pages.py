"""The pages of people, for the list of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sztafeta.panel.pages import Pages
from sztafeta.panel.people import (
    audit,
    company,
    email_address,
    entry,
    members,
    profile,
    reset,
    second_factor,
    sign_up,
)

PAGES: Final[Sequence[Pages]] = (
    entry.pages,
    sign_up.pages,
    reset.pages,
    profile.pages,
    email_address.pages,
    second_factor.pages,
    members.pages,
    company.pages,
    audit.pages,
)
