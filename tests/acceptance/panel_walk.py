"""A browser that walks the panel: logs in, finds every page by its links, and says what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Browser, Page, async_playwright
from tests.acceptance.demo import CHROMIUM, FLAGS
from tests.acceptance.programs import NODE_MODULES

from sztafeta.panel.columns import routes

AXE: Final = NODE_MODULES / "axe-core" / "axe.min.js"
SAMPLES: Final = 2
"""Pages of one route that are looked at; each tab of a route with ids counts as a route."""
FILES: Final = (".csv", ".eml")
"""Endings of what is stored, not shown; a domain and a login have dots, too."""
WCAG: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
JUDGE: Final = """tags => axe.run(
  document, {runOnly: tags, iframes: false, preload: false, resultTypes: ["violations"]}
)"""
"""Only what is wrong is told in full; no rule of these needs style sheets to be fetched again."""
LOUD: Final = frozenset({"error", "warning"})


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def log_in(page: Page, panel: str, login: str, password: str) -> None:
    """Log in at the panel's door."""
    await page.goto(f"{panel}/login")
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", password)
    await page.click("main form:has(input[name=password]) button.primary")
    await page.wait_for_selector("[data-menu]")


def listen(page: Page) -> list[str]:
    """Write down what a page complains of: console errors, broken policies, dialogs that opened."""
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type in LOUD else None)
    page.on("pageerror", lambda one: said.append(str(one)))

    async def refuse(dialog: Any) -> None:
        said.append(f"a dialog opened: {dialog.message}")
        await dialog.dismiss()

    page.on("dialog", refuse)
    return said


def pattern_of(path: str) -> str:
    """Name the route that a path leads to."""
    for route in routes():
        pattern = re.sub(r"\\{(\w+):int\\}", r"\\d+", re.escape("/panel" + route.path))
        pattern = re.sub(r"\\{(\w+)(?::path)?\\}", r"[^/]+", pattern)
        if route.method == "GET" and re.fullmatch(pattern, path):
            return route.path or "/"
    return ""


async def found_pages(page: Page, start: str, *, samples: int = SAMPLES) -> list[str]:
    """Follow every link from a page, a few of each route; give the addresses."""
    home = urlsplit(start)
    seen: dict[str, list[str]] = {}
    waiting, found = [start], []
    while waiting:
        address = waiting.pop(0)
        parts = urlsplit(address)
        pattern = pattern_of(parts.path)
        if parts.netloc != home.netloc or not pattern or parts.path.endswith(FILES):
            continue
        asked = parse_qs(parts.query)
        if "pictures" in asked:  # a reader's wish to fetch them from elsewhere
            continue
        tab = "".join(asked.get("tab", ()))
        known = seen.setdefault(f"{pattern} {tab}", [])
        key = address.partition("#")[0]
        if key in known or len(known) >= samples:
            continue
        known.append(key)
        answer = await page.goto(key)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        found.append(key)
        links = "main a[href], [data-menu] a[href], .me a[href]"
        waiting += await page.eval_on_selector_all(
            links, "all => all.filter(a => !a.hasAttribute('download')).map(a => a.href)"
        )
    return found


async def faults_of(page: Page, address: str) -> list[str]:
    """Say what is wrong with a page as it is shown now."""
    await page.goto(address)
    found = []
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        found.append(f"scrolls sideways by {wide} px")
    await page.evaluate(AXE.read_text())
    judged: dict[str, Any] = await page.evaluate(JUDGE, WCAG)
    for violation in judged["violations"]:
        where = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
        found.append(f"{violation['id']}: {violation['help']} at {where}")
    return found
