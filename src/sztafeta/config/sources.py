"""Reads settings from where they come: one TOML file, then `SZTAFETA_…` in the environment, which wins.

A secret may come from a file that the key with `_file` behind it names (`…_FILE` in the environment).
Every effective value remembers its origin; every fault names the key, its place and what to change.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource, SettingsError, TomlConfigSettingsSource

from sztafeta.config.settings import Settings

PREFIX = "SZTAFETA_"
CONFIG_VARIABLE = "SZTAFETA_CONFIG"
"""Names the settings file when the command line does not."""
SECRET_FILE = "_file"  # noqa: S105 - the ending of a key, not a secret

Tree = dict[str, Any]


class SettingsFault(Exception):
    """The settings cannot be used; the text says which key is meant and what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings and where each of them came from."""

    settings: Settings
    origins: Mapping[str, str]
    """Dotted key → `/etc/sztafeta.toml` or `SZTAFETA_…`; all others are defaults."""
    path: Path | None

    def origin(self, key: str) -> str:
        """Say where the value of a dotted key came from."""
        return self.origins.get(key, "default")


def load(path: Path | None) -> Loaded:
    """Read the file and the environment, merge and validate them.

    Raises:
        SettingsFault: the file cannot be read, a key is unknown, or a value is wrong.
    """
    from_file = _read_file(path) if path else {}
    from_environment = _read_environment()
    origins = {key: str(path) for key in _leaves(from_file)}
    origins |= {key: variable(key) for key in _leaves(from_environment)}
    tree = _merge(_open_secrets(from_file, path), _open_secrets(from_environment, None))
    try:
        settings = Settings(**tree)
    except ValidationError as invalid:
        faults = "\n".join(_explain(fault, origins) for fault in invalid.errors())
        raise SettingsFault(faults) from None
    return Loaded(settings=settings, origins=origins, path=path)


def variable(key: str) -> str:
    """Give the environment name of a dotted key."""
    return PREFIX + key.replace(".", "__").upper()


# -- reading ---------------------------------------------------------------------------------------


def _read_file(path: Path) -> Tree:
    try:
        if path.is_dir():
            raise SettingsFault(f"{path}: this is a folder, not a settings file")
        if not path.exists():
            raise SettingsFault(f"{path}: there is no such settings file")
        return TomlConfigSettingsSource(Settings, toml_file=path)()
    except tomllib.TOMLDecodeError as fault:
        raise SettingsFault(f"{path}: this is not TOML: {fault}") from None
    except OSError as fault:
        raise SettingsFault(f"{path}: cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError as fault:
        raise SettingsFault(f"{path}: this is not TOML, which is UTF-8: {fault}") from None


def _read_environment() -> Tree:
    """Read `SZTAFETA_LIMITS__IDLE=60s` and the like; lists are written as JSON."""
    _refuse_unknown_variables()
    try:
        tree: Tree = EnvSettingsSource(Settings)()
    except SettingsError as fault:
        raise SettingsFault(f"environment: {fault}; write lists as JSON") from None
    for name, value in os.environ.items():
        key = name.removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and key in _secret_files():
            tree[key] = value
    return tree


def _refuse_unknown_variables() -> None:
    for name in os.environ:
        if not name.startswith(PREFIX) or name == CONFIG_VARIABLE:
            continue
        key = name.removeprefix(PREFIX).lower().replace("__", ".")
        if key not in known_keys():
            raise SettingsFault(
                f"environment: {name} is not a setting{_nearest(name, variables())}"
            )


def _open_secrets(tree: Tree, path: Path | None) -> Tree:
    """Replace `x_file = "name"` by the content of the file, without the line end."""
    for key in _secret_files() & tree.keys():
        name = Path(tree.pop(key))
        secret = key.removesuffix(SECRET_FILE)
        if secret in tree:
            raise SettingsFault(
                f"{key} and {secret} are both set in {path or 'the environment'}: keep one"
            )
        try:
            tree[secret] = name.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as fault:
            raise SettingsFault(f"{key}: the file {name} cannot be read: {fault}") from None
    return tree


def _merge(below: Tree, above: Tree) -> Tree:
    merged = dict(below)
    for key, value in above.items():
        former = merged.get(key)
        if isinstance(former, dict) and isinstance(value, dict):
            merged[key] = _merge(former, value)
        else:
            merged[key] = value
    return merged


def _leaves(tree: Tree, prefix: str = "") -> Iterator[str]:
    """Give the dotted keys of a tree; a list is one leaf."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key.removesuffix(SECRET_FILE) if key in _secret_files() else key}"


# -- what keys there are ---------------------------------------------------------------------------


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> dict[str, type[BaseModel]]:
    """Give every dotted key, sections too, with the model that holds it."""
    keys: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        keys[prefix + name] = model
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys |= known_keys(field.annotation, f"{prefix}{name}.")
    return keys | (dict.fromkeys(_secret_files(), model) if not prefix else {})


def variables() -> list[str]:
    """Give the environment name of every key."""
    return [variable(key) for key in known_keys()]


def _secret_files() -> frozenset[str]:
    return frozenset(
        name + SECRET_FILE
        for name, field in Settings.model_fields.items()
        if SecretStr in getattr(field.annotation, "__args__", (field.annotation,))
    )


# -- saying what is wrong --------------------------------------------------------------------------


def _explain(fault: ErrorDetails, origins: Mapping[str, str]) -> str:
    """Say in one line where the fault is and what to change."""
    place = _place(fault["loc"])
    origin = next((where for key, where in origins.items() if place.startswith(key)), "settings")
    if fault["type"] == "extra_forbidden":
        near = _nearest(str(fault["loc"][-1]), _siblings(fault["loc"]))
        return f"{origin}: {place} is not a setting{near}"
    text = fault["msg"].removeprefix("Value error, ")
    return f"{origin}: {place}: {text}" if place else f"{origin}: {text}"


def _place(location: tuple[int | str, ...]) -> str:
    """Write `('listeners', 0, 'port')` as `listeners[0].port`."""
    place = ""
    for part in location:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else part
    return place


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    """Give the keys that could stand at a place."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        if isinstance(part, str) and (inner := _model_in(model, part)) is not None:
            model = inner
    return list(model.model_fields)


def _model_in(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    field = model.model_fields.get(name)
    annotation = field.annotation if field else None
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _nearest(written: str, known: list[str]) -> str:
    near = get_close_matches(written, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known))}"
