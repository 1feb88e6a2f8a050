"""How a visitor wants to see the panel: language and theme, kept in the browser, with or without a login."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from sztafeta.panel.door import LANGUAGE_COOKIE
from sztafeta.panel.needs import ANYBODY
from sztafeta.panel.pages import Pages
from sztafeta.panel.texts import LANGUAGES
from sztafeta.panel.visit import THEMES, Visit
from sztafeta.panel.ways import inside

pages = Pages("settings_of_view")

YEAR: Final = 365 * 24 * 3600


@pages.post("/view", needs=ANYBODY, works_before_password=True)
async def choose_view(visit: Visit) -> Response:
    """Keep the choice and go back to where it was made."""
    form = await visit.form()
    answer = visit.go(inside(str(form.get("back", ""))))
    language, theme = str(form.get("language", "")), form.get("theme")
    if language in LANGUAGES:
        _keep(answer, LANGUAGE_COOKIE, language)
    if theme is not None:
        _keep(answer, "theme", str(theme) if theme in THEMES else "")
    return answer


def _keep(answer: Response, name: str, value: str) -> None:
    answer.set_cookie(
        name, value, max_age=YEAR if value else 0, path="/", secure=True, samesite="lax"
    )
