"""All pages of templates."""

from __future__ import annotations

from typing import Final

from sztafeta.panel.template_pages import editor, listing, trial, uses, versions

PAGES: Final = (listing.pages, editor.pages, versions.pages, uses.pages, trial.pages)
