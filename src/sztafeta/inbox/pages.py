"""The inbox pages: server-rendered, readable without JavaScript, nothing loaded from elsewhere.

Every value in them comes from strangers: templates escape all, the HTML of a message stands in a sandboxed
frame with a policy of its own, and what is downloaded is never shown by the browser (W-08, W-09).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from importlib.resources import files
from types import SimpleNamespace
from urllib.parse import quote

from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sztafeta.inbox.letterbox import KEPT, Arrived, Letterbox
from sztafeta.inbox.texts import ENGLISH
from sztafeta.inbox.verification import KeyLookUp, verify
from sztafeta.mail.opened import Opened, open_message

PAGE = 50
SOURCE_SHOWN = 1024 * 1024
"""Octets of a message's source on the page; the download has it all."""
VIEWS = ("html", "text", "headers", "source", "attachments")
_ASSETS = {"inbox.css": "text/css", "inbox.js": "text/javascript", "icon.svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Links open in a tab of their own; no script, no form, no origin, no request to anybody.
_FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:;"
    " style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}

Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """How to send something here: what the page shows beside the list."""

    facts: tuple[tuple[str, str], ...] = ()
    """Host, ports, login, password."""
    commands: tuple[tuple[str, str], ...] = ()
    """Program and command line, ready to copy."""


class InboxPages:
    """The web application; `application` is ASGI."""

    def __init__(self, letterbox: Letterbox, *, look_up: KeyLookUp, hints: Hints) -> None:
        self._letterbox = letterbox
        self._look_up = look_up
        self._hints = hints
        self._templates = Environment(
            loader=PackageLoader("sztafeta.inbox"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "person": _person,
            "address": _address,
            "octets": octets,
            "moment": lambda at: moment(at, now=datetime.now(UTC)),
        }
        self.application = Starlette(
            routes=[
                Route("/", self._list, name="list"),
                Route("/messages/{number:int}", self._message, name="message"),
                Route("/messages/{number:int}/frame", self._frame, name="frame"),
                Route("/messages/{number:int}/source", self._source, name="source"),
                Route("/messages/{number:int}/attachments/{part:int}", self._attachment),
                Route("/static/{name}", self._asset, name="static"),
            ]
        )

    async def _list(self, request: Request) -> Response:
        search = request.query_params.get("search", "")[:200].strip()
        before = _number(request.query_params.get("before", ""))
        arrived = self._letterbox.list(search=search, before=before, limit=PAGE + 1)
        return self._page(
            "list.html",
            arrived=arrived[:PAGE],
            older=arrived[PAGE - 1].number if len(arrived) > PAGE else None,
            is_newest=before is None,
            search=search,
            count=self._letterbox.count(),
            hints=self._hints,
        )

    async def _message(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return self._not_found()
        arrived, content, opened = found
        view = request.query_params.get("view", "")
        if view not in VIEWS:
            view = "html" if opened.html is not None else "text"
        return self._page(
            "message.html",
            arrived=arrived,
            opened=opened,
            view=view,
            views=VIEWS,
            verdicts=await verify(content, self._look_up),
            source=content[:SOURCE_SHOWN].decode("utf-8", "replace") if view == "source" else "",
            is_cut=len(content) > SOURCE_SHOWN,
        )

    async def _frame(self, request: Request) -> Response:
        """Give the HTML of a message, for the sandboxed frame alone."""
        found = self._find(request)
        if found is None or found[2].html is None:
            return self._not_found()
        page = f"<!doctype html><meta charset=utf-8>{found[2].html}"
        return _respond(page, "text/html; charset=utf-8", policy=_FRAME_POLICY)

    async def _source(self, request: Request) -> Response:
        found = self._letterbox.find(request.path_params["number"])
        if found is None:
            return self._not_found()
        return _download(found[1], f"message-{found[0].number}.eml")

    async def _attachment(self, request: Request) -> Response:
        found = self._find(request)
        for attachment in found[2].attachments if found else ():
            if attachment.number == request.path_params["part"]:
                return _download(attachment.content, attachment.name)
        return self._not_found()

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _ASSETS:
            return PlainTextResponse("Not found", 404, headers=_HEADERS)
        content = files("sztafeta.inbox").joinpath("static", name).read_bytes()
        return Response(content, media_type=_ASSETS[name], headers=_HEADERS)

    def _find(self, request: Request) -> tuple[Arrived, bytes, Opened] | None:
        found = self._letterbox.find(request.path_params["number"])
        return None if found is None else (*found, open_message(found[1]))

    def _not_found(self) -> Response:
        return self._page("not_found.html", http_status=404, kept=KEPT)

    def _page(self, template: str, *, http_status: int = 200, **values: object) -> Response:
        page = self._templates.get_template(template).render(t=SimpleNamespace(**ENGLISH), **values)
        return _respond(page, "text/html; charset=utf-8", policy=_POLICY, http_status=http_status)


def _respond(page: str, media_type: str, *, policy: str, http_status: int = 200) -> Response:
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return Response(page, http_status, headers=headers, media_type=media_type)


def _download(content: bytes, name: str) -> Response:
    """Give octets to be stored, never to be shown (RFC 6266 §4.3)."""
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    headers: Mapping[str, str] = {
        **_HEADERS,
        "Content-Disposition": disposition,
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(content, headers=headers, media_type="application/octet-stream")


def _number(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 18 else None


def _person(field: str) -> str:
    """Give the display name of an author field, or the address."""
    name, address = parseaddr(field)
    return name or address or field


def _address(field: str) -> str:
    """Give the address beside a display name, or nothing when it is all there is."""
    name, address = parseaddr(field)
    return address if name else ""


def moment(at: datetime, *, now: datetime) -> str:
    """Write when something was: the hour for today, the day too for what is older."""
    return at.strftime("%H:%M:%S" if at.date() == now.date() else "%Y-%m-%d %H:%M")


def octets(size: int) -> str:
    """Write a size for people."""
    if size < 1024:
        return f"{size} B"
    if size < 1024 * 1024:
        return f"{size / 1024:.1f} KiB"
    return f"{size / 1024 / 1024:.1f} MiB"
