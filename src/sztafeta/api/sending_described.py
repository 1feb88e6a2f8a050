"""The OpenAPI description of the calls that send: plain routes, which FastAPI cannot describe by itself."""

from __future__ import annotations

from typing import Any, Final

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from sztafeta.api.idempotency import IDEMPOTENCY_KEY
from sztafeta.api.routes.call_shapes import SendShape
from sztafeta.api.routes.sending import BatchAnswer, BatchShape, SendAnswer
from sztafeta.api.routes.shapes import Strict, View

_REF: Final = "#/components/schemas/{model}"
_MODELS: Final[list[tuple[type[Strict | View], JsonSchemaMode]]] = [
    (SendShape, "validation"),
    (BatchShape, "validation"),
    (SendAnswer, "serialization"),
    (BatchAnswer, "serialization"),
]
EXAMPLE: Final = {
    "from": "Sklep <shop@example.com>",
    "to": ["anna@example.net"],
    "subject": "Zamówienie 5",
    "html": "<p>Dziękujemy za zamówienie.</p>",
    "tags": ["order"],
    "metadata": {"order": "5"},
}
_ADDRESS: Final = {"type": "string", "maxLength": 1000}


def describe_sending(document: dict[str, Any]) -> None:
    """Add the calls that send before all others, with the schemas they need."""
    _, found = models_json_schema(_MODELS, ref_template=_REF)
    document["components"]["schemas"].update(found["$defs"])
    ours, others = _paths(), document["paths"]
    document["paths"] = {**ours, **others}
    for path in ours.keys() & others.keys():
        document["paths"][path] = {**ours[path], **others[path]}


def _paths() -> dict[str, Any]:
    return {
        "/v1/messages": {
            "post": _call(
                "send_message",
                "Send a message",
                "Send one message to each recipient; `202` means that all of them are on disk. Who is "
                "suppressed or has no readable address stands in the answer.",
                SendShape,
                ("202", SendAnswer),
            )
        },
        "/v1/messages/batch": {
            "post": _call(
                "send_batch",
                "Send a batch",
                "Send up to 500 calls in one commit; each has a result of its own, in their order.",
                BatchShape,
                ("200", BatchAnswer),
            )
        },
        "/v1/messages/validate": {
            "post": _call(
                "validate_message",
                "Check a message",
                "Find everything that is wrong with a call; nothing is stored and nothing is sent.",
                SendShape,
                ("200", SendAnswer),
            )
        },
        "/v1/messages/raw": {"post": _raw()},
    }


def _call(
    name: str, summary: str, text: str, body: type[Strict], answer: tuple[str, type[View]]
) -> dict[str, Any]:
    status, shape = answer
    content: dict[str, Any] = {"schema": {"$ref": _REF.format(model=body.__name__)}}
    if body is SendShape:
        content["example"] = EXAMPLE
    return {
        "operationId": name,
        "tags": ["messages"],
        "summary": summary,
        "description": text,
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {status: _answer(shape)},
    }


def _raw() -> dict[str, Any]:
    return {
        "operationId": "send_raw",
        "tags": ["messages"],
        "summary": "Send a MIME message",
        "description": "Send a finished MIME message, as SMTP would take it; the envelope is the query.",
        "parameters": [
            IDEMPOTENCY_KEY,
            {
                "name": "from",
                "in": "query",
                "required": True,
                "description": "The reverse-path.",
                "schema": _ADDRESS,
            },
            {
                "name": "to",
                "in": "query",
                "required": True,
                "description": "Recipients; repeat it.",
                "schema": {"type": "array", "items": _ADDRESS, "minItems": 1},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {"message/rfc822": {"schema": {"type": "string"}}},
        },
        "responses": {"202": _answer(SendAnswer)},
    }


def _answer(shape: type[View]) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=shape.__name__)}
    return {"description": "Taken over.", "content": {"application/json": {"schema": schema}}}
