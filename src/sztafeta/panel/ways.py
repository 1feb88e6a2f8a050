"""Ways: where somebody wanted to go when a login or a second step stood before it, and back there."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.requests import Request

START: Final = "/panel"


def inside(path: str) -> str:
    """Let a way back lead nowhere but into the panel."""
    is_ours = path == START or path.startswith((f"{START}/", f"{START}?"))
    return path if is_ours and "\\" not in path else START


def by_way_of(path: str, request: Request) -> str:
    """Lead to a page, and from there on to the one that was asked for."""
    if request.method != "GET" or request.url.path == START:
        return path
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{path}?next={quote(wanted, safe='')}"


def wanted(request: Request) -> str:
    """Say where somebody wanted to go before this page stood in the way."""
    return inside(request.query_params.get("next", ""))
