"""Pages for people: the reference, the errors, and the OpenAPI document; they work offline."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from jinja2 import Environment, PackageLoader
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


def _page(name: str, **values: object) -> Response:
    text = _PAGES.get_template(name).render(**values)
    return Response(text, media_type="text/html", headers=_HEADERS)


async def openapi(request: Request) -> Response:
    """Give the OpenAPI 3.1 document."""
    return Response(to_json(request.app.openapi()), media_type="application/json", headers=_HEADERS)


async def reference(request: Request) -> Response:
    """Show every call."""
    document = request.app.openapi()
    return _page("reference.html", groups=groups(document), base_url=at_desk(request).base_url)


async def style(request: Request) -> Response:
    """Give the pages' style sheet."""
    sheet = files("sztafeta.api").joinpath("pages/reference.css").read_text("utf-8")
    return Response(sheet, media_type="text/css", headers=_HEADERS)


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
router.add_route("/v1/errors", errors, methods=["GET"], include_in_schema=False)
router.add_route("/v1/errors/{code}", error, methods=["GET"], include_in_schema=False)
