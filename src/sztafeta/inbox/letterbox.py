"""Where the catch-all keeps what arrived: one small SQLite file, newest first, oldest thrown away.

It is the far end of the demo, not part of the relay: nothing in the relay's promise rests on this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite

KEPT = 1000
"""Messages kept; older ones leave."""

_SCHEMA = """
create table if not exists arrived (
    id integer primary key autoincrement,
    at text not null,
    client text not null,
    tls text not null,
    reverse_path text not null,
    recipients text not null,
    author text not null,
    subject text not null,
    snippet text not null,
    attachments integer not null,
    content blob not null
)
"""
_SUMMARY = """id, at, client, tls, reverse_path, recipients, author, subject, snippet, attachments,
    length(content)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A delivered message as the list shows it."""

    number: int
    """Counts from 1 in the order of arrival; 0 before it is kept."""
    at: datetime
    client: str
    """The EHLO name of whoever brought it."""
    tls: str
    """TLS version and cipher, or empty."""
    reverse_path: str
    """MAIL FROM, or empty for the null sender."""
    recipients: tuple[str, ...]
    author: str
    subject: str
    snippet: str
    """The beginning of the text."""
    attachments: int
    size: int
    """Octets."""


class Letterbox:
    """All that arrived."""

    def __init__(self, path: Path | None) -> None:
        """Open or make the file; None keeps everything in memory."""
        self._database = sqlite.connect(":memory:" if path is None else str(path))
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = off")
        self._database.execute(_SCHEMA)
        self._database.commit()
        self.on_arrival: Callable[[Arrived], None] = lambda arrived: None
        """Told after each message."""

    def keep(self, arrived: Arrived, content: bytes) -> None:
        """Add a message and forget the oldest over the limit."""
        with self._database:
            cursor = self._database.execute(
                """insert into arrived (at, client, tls, reverse_path, recipients, author, subject, snippet,
                    attachments, content) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    arrived.at.isoformat(),
                    arrived.client,
                    arrived.tls,
                    arrived.reverse_path,
                    "\n".join(arrived.recipients),
                    arrived.author,
                    arrived.subject,
                    arrived.snippet,
                    arrived.attachments,
                    content,
                ),
            )
            self._database.execute("delete from arrived where id <= ?", (cursor.lastrowid - KEPT,))
        self.on_arrival(arrived)

    def list(self, *, search: str = "", before: int | None = None, limit: int) -> list[Arrived]:
        """Give messages, newest first, whose people, subject or text contain every word of the search."""
        words = search.split()[:10]
        where = " and ".join(
            ["id < ?"]
            + [
                "(author || char(10) || recipients || char(10) || subject || char(10) || snippet) like ?"
                " escape '\\'"
            ]
            * len(words)
        )
        rows = self._database.execute(
            f"select {_SUMMARY} from arrived where {where} order by id desc limit ?",  # noqa: S608 - ours
            (before or 1 << 62, *(f"%{_literally(word)}%" for word in words), limit),
        )
        return [_read(row) for row in rows]

    def find(self, number: int) -> tuple[Arrived, bytes] | None:
        """Give one message with its content."""
        if number >= 1 << 63:  # SQLite cannot count so far
            return None
        row = self._database.execute(
            f"select {_SUMMARY}, content from arrived where id = ?",  # noqa: S608 - ours
            (number,),
        ).fetchone()
        return None if row is None else (_read(row[:-1]), bytes(row[-1]))

    def count(self) -> int:
        """Say how many messages there are."""
        return int(self._database.execute("select count(*) from arrived").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _literally(word: str) -> str:
    """Take `%` and `_` as the letters they are."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _read(row: tuple[object, ...]) -> Arrived:
    (
        number,
        at,
        client,
        tls,
        reverse_path,
        recipients,
        author,
        subject,
        snippet,
        attachments,
        size,
    ) = row
    return Arrived(
        number=int(str(number)),
        at=datetime.fromisoformat(str(at)).astimezone(UTC),
        client=str(client),
        tls=str(tls),
        reverse_path=str(reverse_path),
        recipients=tuple(str(recipients).splitlines()),
        author=str(author),
        subject=str(subject),
        snippet=str(snippet),
        attachments=int(str(attachments)),
        size=int(str(size)),
    )
