"""All pages of the test inbox."""

from __future__ import annotations

from typing import Final

from sztafeta.panel.test_inbox import letters, listing, releasing

PAGES: Final = (listing.pages, letters.pages, releasing.pages)
