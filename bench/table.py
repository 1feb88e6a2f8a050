"""The table of results: rows with a target and an honest verdict, printed and written as Markdown."""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = ("what", "Sztafeta", "peer", "peer's number", "ratio", "target", "met")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison, or one number with a limit."""

    what: str
    ours: float
    unit: str
    peer: str = ""
    theirs: float | None = None
    least_ratio: float | None = None
    """Ours must be at least this many times theirs."""
    most: float | None = None
    """Ours must be at most this."""
    least: float | None = None
    """Ours must be at least this."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours through theirs."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None when there is none."""
        if self.least_ratio is not None and self.ratio is not None:
            return self.ratio >= self.least_ratio
        if self.least is not None:
            return self.ours >= self.least
        return self.ours <= self.most if self.most is not None else None

    @property
    def target(self) -> str:
        """The target in words."""
        if self.least_ratio is not None:
            return f"≥ {self.least_ratio:g}×"
        if self.least is not None:
            return f"≥ {self.least:,.0f} {self.unit}"
        return f"≤ {self.most:g} {self.unit}" if self.most is not None else "–"

    def cells(self) -> tuple[str, ...]:
        """Give the row's texts, one a column."""
        theirs = f"{_number(self.theirs)} {self.unit}" if self.theirs is not None else "–"
        ratio = f"{self.ratio:.2f}×" if self.ratio else "–"
        met = {True: "yes", False: "**no**", None: "–"}[self.is_met]
        ours = f"{_number(self.ours)} {self.unit}"
        return (self.what, ours, self.peer or "–", theirs, ratio, self.target, met)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def as_markdown(rows: list[Row]) -> str:
    """Write the table."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *(row.cells() for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def as_text(rows: list[Row]) -> str:
    """Write the table for a terminal."""
    cells = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )
