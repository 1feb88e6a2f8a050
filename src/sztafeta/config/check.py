"""What the settings promise and the machine may not keep: files, folders, names, ports."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from sztafeta.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing to change or to know."""

    key: str | None
    text: str
    is_fault: bool = True
    """False: it works, but think about it."""


def advice(settings: Settings) -> list[Advice]:
    """Look at the settings and at what they point to; changes nothing."""
    return [
        *_data_directory(settings.data_directory),
        *_certificate(settings),
        *_listeners(settings),
        *_names(settings),
        *_sources(settings),
    ]


def _data_directory(path: Path) -> Iterator[Advice]:
    there = path if path.exists() else next(one for one in path.parents if one.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield Advice(key="data_directory", text=f"{there} is not writable for this user")
    elif path.exists() and not path.is_dir():
        yield Advice(key="data_directory", text=f"{path} is not a folder")


def _certificate(settings: Settings) -> Iterator[Advice]:
    for key, path in (("tls.certificate", settings.tls.certificate), ("tls.key", settings.tls.key)):
        if path is not None and not os.access(path, os.R_OK):
            yield Advice(key=key, text=f"{path} cannot be read by this user")
    if settings.tls.certificate is None:
        text = "not set: a self-signed certificate is made, which clients may refuse"
        yield Advice(key="tls.certificate", text=text, is_fault=False)


def _listeners(settings: Settings) -> Iterator[Advice]:
    if not settings.listeners:
        yield Advice(key="listeners", text="none: no mail can come in")
    used: dict[tuple[str, int], str] = {}
    for one in settings.listeners:
        key = (one.address, one.port)
        if one.port and key in used:
            yield Advice(
                key="listeners",
                text=f"{used[key]} and {one.name} share {one.address} port {one.port}",
            )
        used[key] = one.name


def _names(settings: Settings) -> Iterator[Advice]:
    if "." not in settings.hostname:
        text = f"{settings.hostname} is not a full name; receivers may refuse our EHLO (RFC 5321 §2.3.5)"
        yield Advice(key="hostname", text=text, is_fault=False)
    if not ip_address(settings.http.address).is_loopback:
        text = "not loopback: whoever can reach it sees health and metrics"
        yield Advice(key="http.address", text=text, is_fault=False)


def _sources(settings: Settings) -> Iterator[Advice]:
    for one in settings.dedicated_sources:
        for address in filter(None, (one.ipv4, one.ipv6)):
            if not _is_ours(address):
                text = f'{address} of "{one.name}" is no address of this machine: mail would wait'
                yield Advice(key="dedicated_sources", text=text)


def _is_ours(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as one:
            one.bind((address, 0))
    except OSError:
        return False
    return True
