"""What is made of HTML before it is mailed: MJML turned into it, CSS written into it, text made from it.

The libraries are large and are loaded when they are first wanted. Nothing is fetched: no remote style sheet,
no include.
"""

from __future__ import annotations

import re
from typing import Final

from sztafeta.mail.template_source import TemplateFault

TEXT_WIDTH: Final = 78


def html_from_mjml(mjml: str) -> str:
    """Turn MJML into HTML.

    Raises:
        TemplateFault: it is not MJML.
    """
    import mrml

    try:
        output = mrml.to_html(
            mjml, parser_options=mrml.ParserOptions(include_loader=mrml.noop_loader())
        )
    except OSError as error:
        raise TemplateFault(f"the MJML cannot be read: {error}", part="mjml") from error
    return str(output.content)


def with_inlined_css(html: str) -> str:
    """Write the rules of style elements onto the elements they mean; what cannot be inlined stays.

    The template's own tags are hidden meanwhile: a parser of HTML would move a `{% for %}` that stands
    between the rows of a table to before it, and read a quote inside `{{ }}` as the end of an attribute.

    Raises:
        TemplateFault: the style cannot be read.
    """
    import css_inline

    if "<style" not in html.lower():
        return html
    inliner = css_inline.CSSInliner(
        keep_style_tags=True, keep_link_tags=True, load_remote_stylesheets=False
    )
    hidden, tags = _hide_tags(html)
    try:
        inlined: str = inliner.inline(hidden)
    except css_inline.InlineError as error:
        raise TemplateFault(f"the CSS cannot be inlined: {error}", part="html") from error
    shown = _HIDDEN.sub(lambda found: tags[int(found[1] or found[2])], inlined)
    return (
        shown if _TBODY.search(html) else _TBODY.sub("", shown)
    )  # the parser adds what was left out


_HIDDEN = re.compile(r'<!--szt-tag-(\d+)-->|szt-tag-(\d+)-end(?:="")?')
_TBODY = re.compile(r"</?tbody>", re.IGNORECASE)
_TAG: Final = r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"
_RAW: Final = r"<(?P<kind>style|title|textarea)\b.*?</(?P=kind)|<!--.*?-->"
"""What may hold no comment: what looks like markup in it is text."""
_TAG_OR_MARKUP = re.compile(
    rf"(?P<raw>{_RAW})|(?P<tag>{_TAG})|(?P<open></?[a-z])|(?P<close>>)", re.DOTALL | re.IGNORECASE
)
_ONLY_TAG = re.compile(_TAG, re.DOTALL)


def _hide_tags(html: str) -> tuple[str, list[str]]:
    """Put a comment in the place of each template tag, or a word where a comment cannot stand."""
    tags: list[str] = []
    is_inside = False

    def word(found: re.Match[str]) -> str:
        tags.append(found[0])
        return f"szt-tag-{len(tags) - 1}-end"

    def hide(found: re.Match[str]) -> str:
        nonlocal is_inside
        if found["raw"]:
            return _ONLY_TAG.sub(word, found[0])
        if not found["tag"]:
            is_inside = found["open"] is not None
            return found[0]
        mark = word(found)
        return mark if is_inside else f"<!--{mark.removesuffix('-end')}-->"

    return _TAG_OR_MARKUP.sub(hide, html), tags


def text_from_html(html: str) -> str:
    """Give HTML as text: links named, lists and tables laid out, no markup."""
    from inscriptis import get_text
    from inscriptis.model.config import ParserConfig

    if not html.strip():
        return ""
    lines = get_text(html, ParserConfig(display_links=True)).split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return f"{text}\n" if text else ""
