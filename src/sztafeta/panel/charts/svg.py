"""SVG, written element by element; every text and attribute is escaped."""

from __future__ import annotations

from markupsafe import Markup, escape

Value = str | float | None


def tag(name: str, *children: str, **attributes: Value) -> Markup:
    """Write an element: `class_` is `class`, other underscores are hyphens, None is left out."""
    written = "".join(
        f' {_name(key)}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    content = "".join(escape(child) for child in children)
    element = f"<{name}{written}>{content}</{name}>" if children else f"<{name}{written}/>"
    return Markup(element)  # noqa: S704 - its parts were escaped above


def picture(label: str, width: float, height: float, *children: Markup, kind: str = "") -> Markup:
    """Write a whole picture that is read out as its label."""
    return tag(
        "svg",
        *children,
        class_=f"chart {kind}".rstrip(),
        viewBox=f"0 0 {_text(width)} {_text(height)}",
        role="img",
        aria_label=label,
    )


def text(content: str, x: float, y: float, *, kind: str = "", anchor: str = "start") -> Markup:
    """Write a text at a place."""
    return tag("text", content, x=x, y=y, class_=kind or None, text_anchor=anchor)


def boxes(places: list[tuple[float, float, float, float]]) -> str:
    """Give the path of many boxes `(x, y, width, height)`: one element however many there are."""
    return "".join(
        f"M{_text(x)} {_text(y)}h{_text(width)}v{_text(height)}h{_text(-width)}z"
        for x, y, width, height in places
        if width > 0 and height > 0
    )


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-") if key != "viewBox" else key


def _text(value: Value) -> str:
    """Write a number as short as a screen needs it."""
    if isinstance(value, str) or value is None:
        return value or ""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"
