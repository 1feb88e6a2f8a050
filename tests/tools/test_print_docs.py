"""The printer of documents: blocks are filled, drift and unlisted RFCs are found."""

from __future__ import annotations

import pytest
from tools.print_docs import BLOCKS, PAGES, fill, rfc_index


def test_a_block_is_filled_between_its_marks() -> None:
    page = "before\n<!-- printed: x -->\nold\n<!-- end -->\nafter\n"
    assert fill(page, "x", "new") == "before\n<!-- printed: x -->\nnew\n<!-- end -->\nafter\n"
    assert fill(fill(page, "x", "new"), "x", "new") == fill(page, "x", "new")


@pytest.mark.parametrize("page", ["no marks", "<!-- printed: x -->\nno end"])
def test_a_page_without_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="there is no block"):
        fill(page, "x", "new")


def test_the_index_names_the_file_that_obeys() -> None:
    assert "`mail/address.py`" in rfc_index()


def test_pages_and_blocks_do_not_overlap() -> None:
    assert not PAGES.keys() & {page for page, _ in BLOCKS.values()}
