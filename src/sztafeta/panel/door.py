"""The door: who comes, from where, and whether the page is open to them.

A form is taken only from our own pages: the browser says where a request comes from (Fetch Metadata), and
a browser that does not say so must at least name our own origin (W-06).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from sztafeta.panel.desk import Desk
from sztafeta.panel.looks import Looks
from sztafeta.panel.needs import ANYBODY
from sztafeta.panel.pages import PageRoute
from sztafeta.panel.texts import LANGUAGES, chosen_language
from sztafeta.panel.visit import Visit
from sztafeta.panel.ways import by_way_of
from sztafeta.service.people.sessions import Visitor

SESSION_COOKIE: Final = "__Host-session"
LANGUAGE_COOKIE: Final = "language"
LOGIN_PATH: Final = "/panel/login"
PASSWORD_PATH: Final = "/panel/profile/password"  # noqa: S105 - a path
SECOND_STEP_PATH: Final = "/panel/profile/second-step"
SAFE: Final = frozenset({"GET", "HEAD"})

Answer = Callable[[Request], Awaitable[Response]]


class Door:
    """Stands before every page."""

    def __init__(self, desk: Desk, looks: Looks) -> None:
        self._desk = desk
        self._looks = looks

    def before(self, route: PageRoute) -> Answer:
        """Put the door before a page."""

        async def answer(request: Request) -> Response:
            visit = await self.visit(request)
            return self.refusal(visit, route) or await route.show(visit)

        return answer

    async def visit(self, request: Request) -> Visit:
        """Find out who asks."""
        visitor = await self._visitor(request)
        return Visit(
            request=request,
            desk=self._desk,
            looks=self._looks,
            language=_language(request, visitor),
            now=self._desk.clock.now(),
            visitor=None if visitor is None else visitor.member,
            session_id=None if visitor is None else visitor.session_id,
            logged_in_at=None if visitor is None else visitor.opened_at,
        )

    async def _visitor(self, request: Request) -> Visitor | None:
        token = request.cookies.get(SESSION_COOKIE, "")
        if not token:
            return None
        address = "" if request.client is None else request.client.host
        return await self._desk.sessions.find(token, address=address)

    def refusal(self, visit: Visit, route: PageRoute) -> Response | None:
        """Say why this visitor does not come in here; None: the page is open."""
        request, member = visit.request, visit.visitor
        if request.method not in SAFE and not _is_our_own(request):
            return visit.page("errors/foreign_form.html", http_status=403)
        if not route.needs.allows(member):
            return visit.go(by_way_of(LOGIN_PATH, request)) if member is None else visit.forbidden()
        if member is not None and member.must_change_password and not route.works_before_password:
            return visit.go(PASSWORD_PATH)
        if _is_held(visit, route):
            return visit.go(by_way_of(SECOND_STEP_PATH, request))
        return None


def _is_held(visit: Visit, route: PageRoute) -> bool:
    """Say whether a second step must be set up first; what needs no login is open to everybody anyway."""
    if route.needs is ANYBODY or route.works_before_second_step or not visit.lacks_second_step:
        return False
    rule, logged_in_at = visit.desk.people.required_second_step, visit.logged_in_at
    if visit.request.method in SAFE or logged_in_at is None:
        return True
    return not rule.may_finish(visit.member, logged_in_at=logged_in_at, now=visit.now)


def _language(request: Request, visitor: Visitor | None) -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    if visitor is not None and visitor.member.language in LANGUAGES:
        return visitor.member.language
    return chosen_language(request.headers.get("accept-language", ""))


def _is_our_own(request: Request) -> bool:
    """Say whether a form comes from a page of ours."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
