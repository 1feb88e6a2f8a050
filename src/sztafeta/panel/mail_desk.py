"""The verbs of mail, side by side: found, told, acted upon, followed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sztafeta.service.activity.acting import Acting
from sztafeta.service.activity.newsroom import Newsroom
from sztafeta.service.activity.searching import Searching
from sztafeta.service.activity.telling import Telling
from sztafeta.service.certify import Certify
from sztafeta.service.ports import SuppressionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class MailVerbs:
    """A drawer of the desk."""

    searching: Searching
    telling: Telling
    acting: Acting
    certify: Certify
    newsroom: Newsroom
    suppressions: SuppressionStore
    kept: timedelta
    """How long mail stays in the history."""
