"""Pages for people: the reference, the errors, and the OpenAPI document; they work offline."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from sztafeta.api.desk import at_desk
from sztafeta.api.json_text import to_json
from sztafeta.api.problem import Problem
from sztafeta.api.problem_kinds import BY_CODE, KINDS
from sztafeta.api.reference import groups

router = APIRouter(prefix="/v1")

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "max-age=300",
}
_PAGES: Final = Environment(
    loader=PackageLoader("sztafeta.api", "pages"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_CODE: Final = re.compile("`([^`]+)`")


def coded(text: str) -> Markup:
    """Write what stands between backticks as code; everything is escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


_PAGES.filters["coded"] = coded


def _page(name: str, **values: object) -> Response:
    text = _PAGES.get_template(name).render(**values)
    return Response(text, media_type="text/html", headers=_HEADERS)


async def openapi(request: Request) -> Response:
    """Give the OpenAPI 3.1 document."""
    return Response(to_json(request.app.openapi()), media_type="application/json", headers=_HEADERS)


async def reference(request: Request) -> Response:
    """Show every call."""
    document, base_url = request.app.openapi(), at_desk(request).base_url
    return _page("reference.html", groups=groups(document, base_url), base_url=base_url)


async def style(request: Request) -> Response:
    """Give the pages' style sheet."""
    return _asset("reference.css", "text/css")


async def icon(request: Request) -> Response:
    """Give the baton that browsers show in their tabs."""
    return _asset("icon.svg", "image/svg+xml")


def _asset(name: str, media_type: str) -> Response:
    octets = files("sztafeta.api").joinpath("pages", name).read_bytes()
    return Response(octets, media_type=media_type, headers=_HEADERS)


async def errors(request: Request) -> Response:
    """List the problems."""
    return _page("errors.html", kinds=KINDS)


async def error(request: Request) -> Response:
    """Explain one problem: where its `type` leads."""
    kind = BY_CODE.get(request.path_params["code"])
    if kind is None:
        raise Problem("not_found", "There is no such error.")
    return _page("error.html", kind=kind)


router.add_route("/v1/openapi.json", openapi, methods=["GET"], include_in_schema=False)
router.add_route("/v1/reference", reference, methods=["GET"], include_in_schema=False)
router.add_route("/v1/reference.css", style, methods=["GET"], include_in_schema=False)
router.add_route("/v1/icon.svg", icon, methods=["GET"], include_in_schema=False)
router.add_route("/v1/errors", errors, methods=["GET"], include_in_schema=False)
router.add_route("/v1/errors/{code}", error, methods=["GET"], include_in_schema=False)
