"""A visit: one request with who asks, in which language, and the ways to answer it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sztafeta.account.member import Member
from sztafeta.panel.desk import Desk
from sztafeta.panel.form_body import read_form
from sztafeta.panel.formats import Formats
from sztafeta.panel.forms import Form
from sztafeta.panel.headers import (
    DOWNLOAD_POLICY,
    FRAME_POLICY,
    FRAME_WITH_PICTURES_POLICY,
    POLICY,
)
from sztafeta.panel.looks import Looks
from sztafeta.panel.menu import menu_for
from sztafeta.panel.texts import translations

NOTICE_COOKIE: Final = "__Host-notice"
THEMES: Final = ("light", "dark")
F = TypeVar("F", bound=Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Handed to the function behind a page."""

    request: Request
    desk: Desk
    looks: Looks
    language: str
    now: datetime
    visitor: Member | None
    """None: nobody has logged in; only pages for anybody meet that."""
    session_id: int | None = None
    logged_in_at: datetime | None = None

    # -- who and what ----------------------------------------------------------------------------

    @property
    def member(self) -> Member:
        """Who has logged in."""
        if self.visitor is None:
            raise LookupError("a page for anybody asked who is logged in")
        return self.visitor

    @property
    def customer_id(self) -> int:
        """Whose things are shown; anything else is not there."""
        return self.member.customer_id

    @property
    def lacks_second_step(self) -> bool:
        """Whether the visitor must set up a second step before anything else."""
        rule = self.desk.people.required_second_step
        return self.visitor is not None and rule.is_missing(self.visitor)

    @property
    def address(self) -> str:
        """Where the request came from."""
        return "" if self.request.client is None else self.request.client.host

    @property
    def is_partial(self) -> bool:
        """Whether htmx asks for a part of the page alone."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def formats(self) -> Formats:
        """How dates and numbers are written."""
        return self.looks.formats[self.language]

    def gettext(self, text: str) -> str:
        """Translate."""
        return translations(self.language).gettext(text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Translate what is counted."""
        return translations(self.language).ngettext(one, many, count)

    async def form(self) -> FormData:
        """Read what was sent; bounded."""
        return await read_form(self.request)

    async def filled(self, kind: type[F], **values: object) -> F:
        """Read what was sent into a form; check it with `validate()`."""
        return kind(await self.form(), meta={"words": self}, **values)

    def blank(self, kind: type[F], **values: object) -> F:
        """Give a form with what is there already."""
        return kind(meta={"words": self}, **values)

    # -- answers ---------------------------------------------------------------------------------

    def page(self, template: str, /, *, http_status: int = 200, **values: Any) -> Response:
        """Answer with a page."""
        text = self.render(template, **values)
        answer = _html(text, POLICY, http_status)
        if NOTICE_COOKIE in self.request.cookies and not self.is_partial:
            answer.delete_cookie(NOTICE_COOKIE, secure=True, httponly=True, samesite="lax")
        return answer

    def render(self, template: str, /, **values: Any) -> str:
        """Write a template with what all of them may use."""
        return self.looks.render(self.language, template, self._common() | values)

    def go(self, path: str, notice: str = "") -> Response:
        """Send the browser to another page (after a form), with a notice that is shown there once."""
        if self.is_partial:
            answer = Response(status_code=200, headers={"HX-Redirect": path})
        else:
            answer = RedirectResponse(path, 303)  # RFC 9110 §15.4.4
        if notice:
            answer.set_cookie(
                NOTICE_COOKIE,
                quote(notice[:400]),
                max_age=60,
                secure=True,
                httponly=True,
                samesite="lax",
            )
        return answer

    def not_found(self) -> Response:
        """Say that there is no such thing here, whether it is another's or nobody's (W-01)."""
        return self.page("errors/not_found.html", http_status=404)

    def forbidden(self) -> Response:
        """Say that this member's rights do not reach."""
        return self.page("errors/forbidden.html", http_status=403)

    def frame(self, html: str, *, remote_pictures: bool = False) -> Response:
        """Give somebody's HTML for a sandboxed frame; remote pictures only when its reader asked."""
        policy = FRAME_WITH_PICTURES_POLICY if remote_pictures else FRAME_POLICY
        answer = _html(f"<!doctype html><meta charset=utf-8>{html}", policy, 200)
        answer.headers["X-DNS-Prefetch-Control"] = "off"
        return answer

    def download(self, content: bytes, name: str, media_type: str) -> Response:
        """Give octets to be stored, never to be shown (RFC 6266 §4.3, W-09)."""
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Content-Security-Policy": DOWNLOAD_POLICY,
        }
        return Response(content, headers=headers, media_type=media_type)

    def _common(self) -> dict[str, Any]:
        request = self.request
        theme, is_held = request.cookies.get("theme", ""), self.lacks_second_step
        return {
            "visit": self,
            "member": self.visitor,
            "language": self.language,
            "theme": theme if theme in THEMES else "",
            "is_held": is_held,
            "menu": menu_for(self.visitor, request.url.path, is_held=is_held),
            "path": request.url.path,
            "notice": unquote(request.cookies.get(NOTICE_COOKIE, ""))[:400],
            "now": self.now,
            "is_demo": self.desk.is_demo,
            "htmx_settings": _HTMX_SETTINGS,
            "moment": lambda at: self.formats.moment(at, self.now),
        }


_HTMX_SETTINGS: Final = json.dumps(
    {"includeIndicatorStyles": False, "allowEval": False, "historyCacheSize": 0}
)
"""No style and no code made at run time (the policy forbids both), no page kept in the browser."""


def _html(text: str, policy: str, http_status: int) -> Response:
    headers = {"Content-Security-Policy": policy}
    return Response(text, http_status, headers, "text/html; charset=utf-8")
