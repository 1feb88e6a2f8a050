"""Every column of the panel, in one list: what is not in it is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sztafeta.panel import keys, messages, settings_of_view, smtp_accounts, suppressions
from sztafeta.panel.domains import pages as domains
from sztafeta.panel.pages import PageRoute, Pages
from sztafeta.panel.people.all_pages import PAGES as PEOPLE
from sztafeta.panel.start import pages as start
from sztafeta.panel.statistics import pages as statistics
from sztafeta.panel.template_pages.all_pages import PAGES as TEMPLATES
from sztafeta.panel.test_inbox.all_pages import PAGES as TEST_INBOX

COLUMNS: Final[Sequence[Pages]] = (
    start.pages,
    messages.pages,
    statistics.pages,
    smtp_accounts.pages,
    keys.pages,
    domains.pages,
    suppressions.pages,
    *TEMPLATES,
    *TEST_INBOX,
    *PEOPLE,
    settings_of_view.pages,
)


def routes() -> Sequence[PageRoute]:
    """Give all ways in."""
    return [route for pages in COLUMNS for route in pages.routes]
