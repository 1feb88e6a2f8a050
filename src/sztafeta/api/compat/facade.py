"""Façades: foreign dialects at the root of our host, each below a path of its own (ux §3.2).

Whatever goes wrong below that path is said in the dialect, what the application itself finds included.
"""

from __future__ import annotations

from typing import Protocol

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sztafeta.api.problem import Problem


class Facade(Protocol):
    """One dialect."""

    router: APIRouter

    def serves(self, path: str) -> bool:
        """Say whether a path is this dialect's."""

    def say(self, request: Request, problem: Problem) -> Response:
        """Write a problem in the dialect."""


def is_below(path: str, root: str) -> bool:
    """Say whether a path is a root or stands below it."""
    return path == root or path.startswith(f"{root}/")
