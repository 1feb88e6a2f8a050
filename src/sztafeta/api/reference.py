"""The reference page, read off the OpenAPI document: what a person wants to see of each call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]
_JSON: Final = "application/json"
PERSON: Final = "PersonShape"
ADDRESS: Final = "address"
"""Whichever way it is written."""
TITLES: Final = {"smtp-accounts": "SMTP accounts"}
"""Of columns whose name is not written like a word."""


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
    title: str
    operations: tuple[Operation, ...]


def groups(document: Schema, base_url: str) -> list[Group]:
    """Sort the calls by column, in the order of the document."""
    sorted_calls: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            name = call.get("tags", ["other"])[0]
            one = _operation(document, path, method, call, base_url)
            sorted_calls.setdefault(name, []).append(one)
    return [
        Group(name, TITLES.get(name, name.capitalize()), tuple(calls))
        for name, calls in sorted_calls.items()
    ]


def _operation(document: Schema, path: str, method: str, call: Schema, base_url: str) -> Operation:
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
        example=_curl(base_url + path, body.get("example")),
        status=status,
        answer=tuple(_fields(document, answer)),
    )


def _parameters(document: Schema, call: Schema) -> Iterator[Row]:
    for one in call.get("parameters", ()):
        kind = kind_of(document, one["schema"])
        yield Row(one["name"], kind, one.get("required", False), one.get("description", ""))


def _curl(address: str, example: Any) -> str:
    """Write an example as a line that can be pasted."""
    if example is None:
        return ""
    body = json.dumps(example, ensure_ascii=False, indent=2)
    return (
        "curl -H 'Authorization: Bearer szt_live_…' -H 'Content-Type: application/json' \\\n"
        f"  {address} -d '{body}'"
    )


def _fields(document: Schema, schema: Schema) -> Iterator[Row]:
    """Give the fields of an object, or of each object of a list, and those inside them once."""
    yield from _rows(document, _object(document, schema), "", {PERSON})


def _rows(document: Schema, schema: Schema, prefix: str, shown: set[str]) -> Iterator[Row]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        kind = kind_of(document, field)
        text = field.get("description") or _followed(document, field).get("description", "")
        yield Row(prefix + name, kind, name in required, text)
        inner = _object(document, field)
        title = inner.get("title", "")
        if inner.get("properties") and title not in shown:
            mark = "[]." if "list" in kind else "."
            yield from _rows(document, inner, prefix + name + mark, shown | {title})


def _object(document: Schema, schema: Schema) -> Schema:
    """Find the object that a schema is, or a list of, or one of."""
    schema = _followed(document, schema)
    if schema.get("type") == "array":
        return _object(document, schema.get("items", {}))
    for one in schema.get("anyOf", ()):
        if (found := _object(document, one)).get("properties"):
            return found
    return schema


def kind_of(document: Schema, schema: Schema) -> str:
    """Say in a few words what a value is."""
    schema = _followed(document, schema)
    if schema.get("title") == PERSON:
        return ADDRESS
    for key in ("anyOf", "oneOf"):
        if key in schema:
            kinds = dict.fromkeys(kind_of(document, one) for one in schema[key])
            unsaid = {"null", "string"} if ADDRESS in kinds else {"null"}
            return " or ".join(kind for kind in kinds if kind not in unsaid)
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
