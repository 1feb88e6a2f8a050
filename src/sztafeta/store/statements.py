"""Statements: compiled from Core once, asked as values, so that a transaction is a generator.

A transaction is written as `Steps`: it yields a `Query` and is sent the rows. Whoever drives it (a
thread with SQLite, a coroutine with PostgreSQL) does the I/O, so that each transaction exists once for
both databases.

On the mail path many rows go into one statement. SQLite gives up Python's interpreter lock at every
step and has to win it back, so a batch must take few steps: `ManyRows` is compiled for a handful of
sizes and a batch is cut into those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine.interfaces import Dialect as SqlDialect

from sztafeta.value import value

Row = Sequence[Any]
Rows = Sequence[Row]


@value(frozen=True, slots=True)
class Query:
    """One statement with its parameters in their order."""

    text: str
    parameters: Sequence[object]
    counts: bool = False
    """The answer is one row with the number of rows changed."""


T = TypeVar("T")
Steps = Generator[Query, Rows, T]
Builder = Callable[["Dialect"], sa.Executable]

SIZES: Final = (64, 48, 32, 24, 16, 12, 8, 7, 6, 5, 4, 3, 2, 1)
"""Rows in one insert: up to 16 rows take at most two statements, 64 at most three."""
PADDED_SIZES: Final = (1, 2, 4, 8, 16, 32, 64)
"""Rows in one update: filled up with rows that match nothing."""


class ManyRows:
    """A statement over a list of rows: compiled from Core with one row, written out for any number."""

    def __init__(self, build: Builder, *, width: int) -> None:
        self.build = build
        self.width = width
        """Parameters a row; the statement has no others."""


def number(name: str, type_: Any = sa.BigInteger) -> sa.BindParameter[Any]:
    """Name a parameter of a statement that is compiled once."""
    return sa.bindparam(name, type_=type_)


def inserting(table: sa.Table) -> ManyRows:
    """Insert rows, given as parameters in the order of the table's columns."""
    columns = _given_columns(table)

    def build(dialect: Dialect) -> sa.Executable:
        return sa.insert(table).values([dict.fromkeys(columns)])

    return ManyRows(build, width=len(columns))


def inserting_if_new(table: sa.Table) -> ManyRows:
    """Insert rows like `inserting`, and leave alone what is there already."""
    columns = _given_columns(table)

    def build(dialect: Dialect) -> sa.Executable:
        insert: sa.Insert = dialect.insert_if_new(table)
        return insert.values([dict.fromkeys(columns)])

    return ManyRows(build, width=len(columns))


def _given_columns(table: sa.Table) -> list[str]:
    """Name the columns whose values are ours to give: all but one that the database counts."""
    return [column.name for column in table.columns if column is not table.autoincrement_column]


def listed(name: str, *columns: sa.ColumnClause[Any]) -> sa.CTE:
    """Make a table of parameters, one row for each thing that a `ManyRows` statement is about."""
    return sa.values(*columns, name=name).data([(0,) * len(columns)]).cte(name)


@value(frozen=True, slots=True)
class _Template:
    """A compiled statement: its text and, in their order, names of parameters and constants."""

    text: str
    names: tuple[str, ...]
    constants: dict[str, Any]


class Dialect:
    """Turns Core statements into queries of one database; remembers what it compiled."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._sql = _sql_dialect(name)
        self._templates: dict[object, _Template] = {}
        self._texts: dict[tuple[ManyRows, int], str] = {}

    @property
    def has_many_writers(self) -> bool:
        """Say whether rows must be locked against other writers."""
        return self.name == "postgresql"

    def query(self, statement: sa.Executable, **values: object) -> Query:
        """Ask a statement that is a constant of its module; compiled at its first use."""
        template = self._templates.get(statement)
        if template is None:
            template = self._templates[statement] = self._compile(statement)
        return _fill(template, values)

    def once(self, statement: sa.Executable) -> Query:
        """Ask a statement that was put together for this occasion."""
        return _fill(self._compile(statement), {})

    def counting(self, statement: sa.Executable, **values: object) -> Query:
        """Ask a constant statement how many rows it changed."""
        query = self.query(statement, **values)
        return Query(query.text, query.parameters, counts=True)

    def many(self, statement: ManyRows, rows: Sequence[Sequence[object]]) -> Steps[None]:
        """Cut rows into statements of the sizes we keep; nothing is added."""
        start, left = 0, len(rows)
        for size in SIZES:
            while left >= size:
                parameters: list[object] = []
                for row in rows[start : start + size]:
                    parameters.extend(row)
                yield Query(self._sized(statement, size), parameters)
                start, left = start + size, left - size

    def padded(
        self, statement: ManyRows, rows: Sequence[Sequence[object]]
    ) -> Iterator[tuple[Query, int]]:
        """Cut rows into statements filled up with zeros; give each with its number of real rows."""
        for start in range(0, len(rows), PADDED_SIZES[-1]):
            part = rows[start : start + PADDED_SIZES[-1]]
            size = next(size for size in PADDED_SIZES if size >= len(part))
            parameters: list[object] = []
            for row in part:
                parameters.extend(row)
            parameters.extend((0,) * (statement.width * (size - len(part))))
            yield Query(self._sized(statement, size), parameters), len(part)

    def each(self, statement: ManyRows, rows: Sequence[Sequence[object]]) -> Steps[None]:
        """Ask a padded statement whose answer nobody needs."""
        for query, _ in self.padded(statement, rows):
            yield query

    def insert_if_new(self, table: sa.Table) -> Any:
        """Begin an insert that leaves alone what is there already."""
        return self.insert(table).on_conflict_do_nothing()

    def insert(self, table: sa.Table) -> Any:
        """Begin an insert that can say what to do about what is there already."""
        return postgresql_insert(table) if self.has_many_writers else sqlite_insert(table)

    def _sized(self, statement: ManyRows, size: int) -> str:
        text = self._texts.get((statement, size))
        if text is None:
            template = self._compile(statement.build(self))
            if len(template.names) != statement.width:
                raise TypeError(f"a statement of many rows has other parameters: {template.text}")
            text = self._texts[statement, size] = _repeated(template.text, statement.width, size)
        return text

    def _compile(self, statement: sa.Executable) -> _Template:
        compiled = statement.compile(  # type: ignore[attr-defined]
            dialect=self._sql, compile_kwargs={"render_postcompile": True}
        )
        return _Template(str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params))


_NUMBER: Final = re.compile(r"\$(\d+)")
"""A parameter as PostgreSQL writes it; SQLite writes a question mark."""


def _sql_dialect(name: str) -> SqlDialect:
    if name == "sqlite":
        return pysqlite.dialect(paramstyle="qmark")
    dialect: SqlDialect = asyncpg.dialect()  # type: ignore[no-untyped-call]
    return dialect


def _repeated(text: str, width: int, size: int) -> str:
    """Write the one row after VALUES as many times as there are rows, its parameters numbered on."""
    start = text.index("VALUES (") + len("VALUES ")
    end = text.index(")", start) + 1
    rows = [_renumbered(text[start:end], by=width * place) for place in range(size)]
    return text[:start] + ", ".join(rows) + text[end:]


def _renumbered(row: str, *, by: int) -> str:
    return _NUMBER.sub(lambda found: f"${int(found[1]) + by}", row)


def _fill(template: _Template, values: dict[str, object]) -> Query:
    constants = template.constants
    unknown = values.keys() - constants.keys()
    if unknown:
        raise TypeError(f"the statement has no parameter {sorted(unknown)}")
    return Query(
        template.text,
        [values[name] if name in values else constants[name] for name in template.names],
    )
