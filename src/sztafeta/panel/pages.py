"""The pages of a column: which path and method leads to which function, and what it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.responses import Response

from sztafeta.panel.needs import Need
from sztafeta.panel.visit import Visit

ROOT = "/panel"

Show = Callable[[Visit], Awaitable[Response]]
S = TypeVar("S", bound=Show)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRoute:
    """One way in."""

    method: str
    path: str
    """Below `/panel`, with Starlette's parameters."""
    needs: Need
    show: Show
    works_before_password: bool = False
    """Open to a member who must change the password first."""
    works_before_second_step: bool = False
    """Open to a member who must set up a second step first."""

    @property
    def name(self) -> str:
        """Name the function that answers."""
        return self.show.__name__


class Pages:
    """Collects the routes of one column."""

    def __init__(self, column: str) -> None:
        self.column = column
        self.routes: list[PageRoute] = []

    def get(
        self,
        path: str,
        *,
        needs: Need,
        works_before_password: bool = False,
        works_before_second_step: bool = False,
    ) -> Callable[[S], S]:
        """Declare a page that is looked at."""
        return self._declare("GET", path, needs, works_before_password, works_before_second_step)

    def post(
        self,
        path: str,
        *,
        needs: Need,
        works_before_password: bool = False,
        works_before_second_step: bool = False,
    ) -> Callable[[S], S]:
        """Declare a form's destination."""
        return self._declare("POST", path, needs, works_before_password, works_before_second_step)

    def _declare(
        self, method: str, path: str, needs: Need, before_password: bool, before_second_step: bool
    ) -> Callable[[S], S]:
        def keep(show: S) -> S:
            route = PageRoute(
                method=method,
                path=path,
                needs=needs,
                show=show,
                works_before_password=before_password,
                works_before_second_step=before_second_step,
            )
            self.routes.append(route)
            return show

        return keep
