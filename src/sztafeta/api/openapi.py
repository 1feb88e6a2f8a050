"""The OpenAPI document: 3.1, made from the routes, with problems and examples (ux §2.4)."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from sztafeta.api.problem import MEDIA_TYPE
from sztafeta.api.sending_described import describe_sending

DESCRIPTION: Final = """\
Send mail, or variables for a template that is kept here, and see what became of each message.

`202` means *on disk*: from then on each recipient ends delivered, bounced, expired, suppressed or canceled,
and its events say when and why. Every error is a problem (RFC 9457) with a stable `code`, a `fix`, and the
place of each fault.
"""
_PROBLEM: Final = {
    "type": "object",
    "title": "Problem",
    "description": "Why a call was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "request_id", "retryable", "fix"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable; each has a page."},
        "request_id": {"type": "string"},
        "retryable": {"type": "boolean"},
        "fix": {"type": "string", "description": "What to change."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON Pointer into the call (RFC 6901).",
                    },
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
_REFUSED: Final = {
    "description": "The call was refused.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe_api(web: FastAPI, base_url: str) -> dict[str, Any]:
    """Make the document once, then give it again."""
    if web.openapi_schema is None:
        document = get_openapi(
            title="Sztafeta",
            version="1",
            summary="A self-hosted transactional e-mail service.",
            description=DESCRIPTION,
            routes=web.routes,
            servers=[{"url": base_url}],
        )
        _complete(document)
        web.openapi_schema = document
    return web.openapi_schema


def _complete(document: dict[str, Any]) -> None:
    """Add what FastAPI cannot know: how one proves oneself, and how we say no."""
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "`szt_live_…` or `szt_test_…`"},
        "basic": {"type": "http", "scheme": "basic", "description": "The key as the password."},
    }
    schemas = components.setdefault("schemas", {})
    describe_sending(document)
    schemas["Problem"] = _PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if _is_public(path) else [{"key": []}, {"basic": []}]
            operation["responses"].pop("422", None)
            operation["responses"].setdefault("4XX", _REFUSED)
            operation["responses"].setdefault("5XX", _REFUSED)


def _is_public(path: str) -> bool:
    return path in ("/v1/openapi.json", "/v1/reference") or path.startswith("/v1/errors")
