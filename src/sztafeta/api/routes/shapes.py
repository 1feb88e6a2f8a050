"""What several routes share: strict bodies, pages of a list, and cursors that tell nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainValidator
from starlette.requests import Request
from starlette.responses import Response

from sztafeta.api.problem import Problem
from sztafeta.service.fault import Fault, Refusal

T = TypeVar("T")


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as fault:
        raise ValueError("the time is beyond the calendar") from fault


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant, in whatever zone its author writes it (RFC 3339 §5.6)."""


def _network(written: Any) -> IPv4Network | IPv6Network:
    try:
        if isinstance(written, str):  # a number would be taken for an address
            return ip_network(written)
    except ValueError:
        pass
    raise ValueError("write a network like 192.0.2.0/24, or an address")


Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network, json_schema_input_type=str)]
Networks = Annotated[list[Network], Field(max_length=100)]
"""An IP allow-list."""


class Strict(BaseModel):
    """A body in which an unknown name is a fault: it would change nothing, and its author thinks it does."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class View(BaseModel):
    """Something as it is shown."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Page(View, Generic[T]):
    """A part of a list."""

    data: Sequence[T]
    """The rows."""
    has_more: bool
    """There is a next page."""
    next: str | None = None
    """The cursor of the next page: send it as `after`."""


Limit = Annotated[int, Query(ge=1, le=500, description="Rows of a page.")]
After = Annotated[str | None, Query(description="The `next` of the page before.", max_length=400)]


def cursor_text(mark: str) -> str:
    """Write a place in a list so that nobody builds on its form."""
    return base64.urlsafe_b64encode(mark.encode()).decode("ascii").rstrip("=")


def cursor_mark(cursor: str | None) -> str | None:
    """Read a place in a list.

    Raises:
        Problem: it is not one of ours.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as fault:
        raise bad_cursor() from fault


def bad_cursor() -> Problem:
    """Say that a cursor is not one of ours."""
    fault = Fault(
        pointer="/after", code="bad_cursor", text="Send the `next` of a page, as it was given."
    )
    return Problem("invalid", "The cursor cannot be used.", errors=(fault,))


def page_of(rows: Sequence[Any], limit: int, mark: Any) -> dict[str, Any]:
    """Make a page from one row more than it may hold; `mark` gives a row's place."""
    kept = list(rows[:limit])
    has_more = len(rows) > limit
    following = cursor_text(mark(kept[-1])) if has_more and kept else None
    return {"data": kept, "has_more": has_more, "next": following}


def link_next(request: Request, response: Response, following: str | None, base_url: str) -> None:
    """Name the next page in a Link field, too (RFC 8288 §3)."""
    if following is None:
        return
    query = request.url.include_query_params(after=following).query
    response.headers["Link"] = f'<{base_url}{request.url.path}?{query}>; rel="next"'


def good(outcome: T | Refusal) -> T:
    """Give what a verb gave, unless it refused.

    Raises:
        Problem: it refused.
    """
    if isinstance(outcome, Refusal):
        raise Problem.of(outcome)
    return outcome
