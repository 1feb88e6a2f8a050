"""Prints the settings: the reference page, the sample file and what is in force (`config show`).

All three come from the definitions in `settings`, so that no document can say something else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from ipaddress import IPv4Network
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, PlainSerializer, SecretStr
from pydantic.fields import FieldInfo

from sztafeta.config.settings import Settings
from sztafeta.config.sources import Loaded

HIDDEN = "(hidden)"
_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "secret",
    timedelta: "duration",
    IPv4Network: "network",
}
_SPECIAL_DEFAULTS = {
    "hostname": "the system's",
    "listeners": "25, 587, 2525, 465",
    "routes": "none",
}
_REFERENCE_HEAD = """# Settings

<!-- Printed from src/sztafeta/config by `make docs`; do not edit. -->

One TOML file, named by `--config` or `SZTAFETA_CONFIG`, and the environment, which wins: `limits.idle` is
`SZTAFETA_LIMITS__IDLE` there, and lists are written as JSON. An unknown key is an error. A secret can come
from a file: `database_url_file = "/run/credentials/…"`, or `SZTAFETA_DATABASE_URL_FILE`.

`sztafeta config show` prints what is in force and where each value came from; `sztafeta config check` finds
faults. Durations are written `90s`, `5m`, `48h`, `7d`; sizes `64KiB`, `10MiB`. A sample with every setting is
in [etc/sztafeta.toml](../../etc/sztafeta.toml)."""
_SAMPLE_HEAD = """# Settings of Sztafeta: every one, with its default, commented out.
# Printed from src/sztafeta/config by `make docs`; docs/operate/settings.md has the same as a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting as the documents show it."""

    table: str
    """Dotted; with `[]` behind the name of a list of tables; empty at the top."""
    name: str
    kind: str
    """What value it takes, in words."""
    default: str | None
    """As it is written in the file; None when there is none."""
    sentence: str


def settings() -> Iterator[tuple[str, str, list[Setting]]]:
    """Give every table: its name, its sentence and its settings."""
    yield from _tables(Settings, "")


def reference() -> str:
    """Write docs/operate/settings.md."""
    lines = [_REFERENCE_HEAD]
    for table, sentence, rows in settings():
        title = f"`[[{table[:-2]}]]`" if table.endswith("[]") else f"`[{table}]`"
        lines += ["", f"## {title if table else 'At the top'}", "", sentence, ""]
        lines += ["| key | value | default | what |", "|---|---|---|---|"]
        for one in rows:
            default = "" if one.default is None else f"`{one.default}`"
            default = _SPECIAL_DEFAULTS.get(f"{table}{one.name}", default)
            lines.append(f"| `{one.name}` | {one.kind} | {default} | {one.sentence} |")
    return "\n".join(lines) + "\n"


def sample() -> str:
    """Write etc/sztafeta.toml: every setting with its default, commented out."""
    lines = [_SAMPLE_HEAD]
    for table, sentence, rows in settings():
        if table.endswith("[]"):
            lines += ["", f"# {sentence} Repeat the table for each.", f"#[[{table[:-2]}]]"]
        elif table:
            lines += ["", f"# {sentence}", f"[{table}]"]
        for one in rows:
            lines += [
                "",
                f"# {one.sentence} ({one.kind})",
                f"#{one.name} = {one.default or ''}".rstrip(),
            ]
    return "\n".join(lines) + "\n"


def effective(loaded: Loaded) -> list[tuple[str, Any, str]]:
    """Give key, value and origin of every setting in force, secrets hidden."""
    values = loaded.settings.model_dump(mode="json")
    return [
        (key, HIDDEN if value is not None and _is_secret(key) else value, loaded.origin(key))
        for key, value in _flatten(values)
    ]


def toml(value: Any) -> str:
    """Write a value as TOML does."""
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{key} = {toml(one)}" for key, one in value.items() if one is not None)
        return "{ " + ", ".join(pairs) + " }"
    return json.dumps(value, ensure_ascii=False)


def toml_file(tree: dict[str, Any]) -> str:
    """Write a settings file: plain values first, then tables and lists of tables."""
    lines = [f"{key} = {toml(value)}" for key, value in tree.items() if not _is_table(value)]
    for key, value in tree.items():
        if not _is_table(value):
            continue
        is_list = isinstance(value, list)
        for table in value if is_list else [value]:
            lines += ["", f"[[{key}]]" if is_list else f"[{key}]"]
            lines += [f"{name} = {toml(one)}" for name, one in table.items()]
    return "\n".join(lines) + "\n"


def _is_table(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict)


def _tables(model: type[BaseModel], table: str) -> Iterator[tuple[str, str, list[Setting]]]:
    defaults = model.model_construct().model_dump(mode="json", warnings=False)
    inner: list[tuple[str, type[BaseModel]]] = []
    rows: list[Setting] = []
    for name, field in model.model_fields.items():
        found = _table_in(field.annotation)
        if found is not None:
            suffix = "[]" if get_origin(field.annotation) is tuple else ""
            inner.append((f"{table}.{name}{suffix}".lstrip("."), found))
            continue
        value = defaults.get(name)
        rows.append(
            Setting(
                table=table,
                name=name,
                kind=_kind(field),
                default=None if value is None or field.default_factory else toml(value),
                sentence=(field.description or "").replace("|", "\\|"),
            )
        )
    yield table, (model.__doc__ or "").splitlines()[0], rows
    for name, found in inner:
        yield from _tables(found, name)


def _table_in(annotation: Any) -> type[BaseModel] | None:
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _kind(field: FieldInfo) -> str:
    """Say in words what a setting takes."""
    is_size = field.annotation is int and any(
        isinstance(m, PlainSerializer) for m in field.metadata
    )
    kind = "size" if is_size else _in_words(field.annotation)
    return f"{kind}, required" if field.is_required() else kind


def _in_words(annotation: Any) -> str:
    if annotation in _WORDS:
        return _WORDS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join(f"`{one.value}`" for one in annotation)
    inside = [one for one in get_args(annotation) if one not in (NoneType, Ellipsis)]
    if get_origin(annotation) is tuple:
        return f"list: {_in_words(inside[0])}"
    return _in_words(inside[0])


def _flatten(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _is_secret(key: str) -> bool:
    field = Settings.model_fields.get(key)
    return field is not None and SecretStr in (field.annotation, *get_args(field.annotation))
