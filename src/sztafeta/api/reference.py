"""The reference page, read off the OpenAPI document: what a person wants to see of each call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter, or a field of a body."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Row, ...]
    body: tuple[Row, ...]
    example: str
    """A curl line, where the document holds an example."""
    status: str
    answer: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one column."""

    name: str
    operations: tuple[Operation, ...]


def groups(document: Schema) -> list[Group]:
    """Sort the calls by column, in the order of the document."""
    sorted_calls: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            name = call.get("tags", ["other"])[0]
            one = _operation(document, path, method, call)
            sorted_calls.setdefault(name, []).append(one)
    return [Group(name, tuple(calls)) for name, calls in sorted_calls.items()]


def _operation(document: Schema, path: str, method: str, call: Schema) -> Operation:
    status = next((code for code in call["responses"] if code.startswith("2")), "")
    answer = call["responses"].get(status, {}).get("content", {}).get(_JSON, {}).get("schema", {})
    body = call.get("requestBody", {}).get("content", {}).get(_JSON, {})
    return Operation(
        id=call["operationId"],
        method=method,
        path=path,
        summary=call.get("summary", path),
        text=call.get("description", ""),
        parameters=tuple(_parameters(document, call)),
        body=tuple(_fields(document, body.get("schema", {}))),
        example=call.get("x-curl", ""),
        status=status,
        answer=tuple(_fields(document, answer)),
    )


def _parameters(document: Schema, call: Schema) -> Iterator[Row]:
    for one in call.get("parameters", ()):
        kind = kind_of(document, one["schema"])
        yield Row(one["name"], kind, one.get("required", False), one.get("description", ""))


def _fields(document: Schema, schema: Schema) -> Iterator[Row]:
    schema = _followed(document, schema)
    if schema.get("type") == "array":
        schema = _followed(document, schema["items"])
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        text = field.get("description") or _followed(document, field).get("description", "")
        yield Row(name, kind_of(document, field), name in required, text)


def kind_of(document: Schema, schema: Schema) -> str:
    """Say in a few words what a value is."""
    schema = _followed(document, schema)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            kinds = dict.fromkeys(kind_of(document, one) for one in schema[key])
            return " or ".join(kind for kind in kinds if kind != "null")
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    kind: str = schema.get("type", "any")
    if kind == "array":
        return f"list of {kind_of(document, schema.get('items', {}))}"
    return {"date-time": "time (RFC 3339)", "date": "day", "uri": "address"}.get(
        schema.get("format", ""), kind
    )


def _followed(document: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found
