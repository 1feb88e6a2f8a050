"""W-12 through the preview: a hostile template gains nothing but a sentence with its line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.doubles.panel_house import Browser, PanelHouse
from tests.panel.test_templates import fields, made

from sztafeta.renderer.processes import Renderer

BLANK = (
    "{{ ''.__class__.__mro__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ name|attr('__class__') }}",
)
REFUSED = (
    "{% for a in range(10**9) %}x{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include '/etc/passwd' %}",
    "{{ a | nosuch }}",
    "{% if %}",
)


@pytest_asyncio.fixture
async def alice(panel_template: Path, tmp_path: Path) -> AsyncIterator[Browser]:
    """Give Alice's browser on a panel that renders in processes, as the service does."""
    async with Renderer(processes=1) as renderer:
        folder = tmp_path / "data"
        async with PanelHouse(panel_template, folder, renderer=renderer) as house:
            yield await house.browser(house.alice)


@pytest.mark.parametrize("code", BLANK + REFUSED)
async def test_what_reaches_for_more_is_not_rendered(alice: Browser, code: str) -> None:
    path = await made(alice)
    form = fields(await alice.get(path)) | {"code": f"<p>\n{code}</p>"}
    page = await alice.post(f"{path}/check", form)
    assert page.status == 200
    assert ("It cannot be rendered" in page.words) == (code not in BLANK)
    framed = await alice.post(f"{path}/frame", form)
    for secret in ("<class", "__globals__'", "root:"):
        assert secret not in framed.text


async def test_a_value_is_never_a_template_and_is_escaped_in_html(alice: Browser) -> None:
    path = await made(alice)
    form = fields(await alice.get(path)) | {
        "code": "<p>{{ name }}</p>",
        "data": '{"name": "<b>{{ 7*7 }}</b>"}',
    }
    framed = await alice.post(f"{path}/frame", form)
    assert "&lt;b&gt;{{ 7*7 }}" in framed.text


async def test_a_fault_of_the_real_engine_has_its_line_and_column(alice: Browser) -> None:
    path = await made(alice)
    form = fields(await alice.get(path)) | {"code": "<style>p{}</style>\n<p>ąść {{ name | }}</p>"}
    page = await alice.post(path, form)
    assert "Line 2, column 18: syntax error" in page.words


async def test_both_starters_render_without_a_finding(alice: Browser) -> None:
    for kind in ("html", "mjml"):
        path = await made(alice, kind=kind, external_id=kind)
        page = await alice.get(path)
        assert "Hello Anna" in (await alice.get(f"{path}/frame")).text
        assert page.words.count("nothing found") == 1, page.words
        assert "has no value" not in page.words
