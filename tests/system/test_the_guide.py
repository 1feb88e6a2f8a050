"""The guides of the API, followed line by line: every curl in them is made, in their order (issue 3)."""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.system.api_client import ApiClient
from tests.system.conftest import Staged
from tests.system.curl import Request, read_curl

DOCS = Path(__file__).parents[2] / "docs" / "api"
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def curl_lines(markdown: str) -> list[list[str]]:
    """Give the words of each curl line, as a shell would part them."""
    lines: list[list[str]] = []
    for block in _BLOCK.findall(markdown):
        part = shlex.shlex(block, posix=True, punctuation_chars=";\n")
        part.whitespace, part.whitespace_split, part.commenters = " \t", True, "#"
        for word in part:
            if word == "curl":
                lines.append([])
            elif word.strip() and lines:
                lines[-1].append(word)
    return lines


class Reader:
    """Follows a guide, and puts the ids that it gets where the guide leaves them open."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._ids: dict[str, str] = {}

    async def follow(self, words: list[str]) -> tuple[Request, int, Any]:
        """Make the call of one line."""
        request = read_curl([self._filled(word) for word in words])
        parts = urlsplit(request.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        status, answer = await self._client(request.method, path, request.body, request.headers)
        for prefix, found in re.findall(r"\b(msg|evt|sub)_([0-9a-z]{13})\b", str(answer)):
            self._ids[prefix] = f"{prefix}_{found}"
        return request, status, answer

    def _filled(self, word: str) -> str:
        word = word.replace("$API", f"http://127.0.0.1:{self._client.port}")
        word = word.replace("$KEY", self._client.secret)
        return re.sub(r"\b(msg|evt|sub)_…", lambda found: self._ids[found[1]], word)


@pytest.mark.parametrize("guide", ["guide.md", "guide.pl.md"])
async def test_every_line_of_a_guide_works_when_it_is_pasted(stage: Staged, guide: str) -> None:
    scene = await stage()
    await asyncio.to_thread(
        scene.house.command, "domain", "add", "demo.example", "--customer", "shop"
    )
    reader = Reader(await ApiClient.of(scene.house, "--mode", "test"))
    lines = curl_lines((DOCS / guide).read_text(encoding="utf-8"))
    assert len(lines) >= 9
    for words in lines:
        request, status, answer = await reader.follow(words)
        assert status in (200, 201, 202), (request, answer)
        assert "Authorization" in request.headers
    assert {one for words in lines for one in words if one.startswith("$API/v1/templates")}
