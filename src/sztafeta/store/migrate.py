"""Migrations: brings a database to the tables of this version, in one transaction (Alembic).

SQLite runs them on a connection of its own; PostgreSQL is given the script that Alembic writes, so that
the one driver we have (asyncpg) is enough. Alembic is loaded only when there is something to do: it is a
tenth of the service's memory, and most starts find the newest tables. A migration is *pre* (safe with the
old code) or *post* (after the new code runs); how to add one stands in CONTRIBUTING.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from pysqlite3 import dbapi2 as sqlite

from sztafeta.store.sqlite.connections import connect_writer

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

SCRIPTS: Final = Path(__file__).parent / "migrations"


class NewerSchema(Exception):
    """The database was migrated by a newer version of the program."""


def migrate_sqlite(path: Path) -> None:
    """Bring a file to the newest tables; all or nothing.

    Raises:
        NewerSchema: the file knows a migration that this version does not.
    """
    if _revision(path) == newest():
        return
    from alembic import command
    from alembic.runtime.migration import MigrationContext

    engine = sqlite_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            refuse_newer(MigrationContext.configure(connection).get_current_revision())
            command.upgrade(_config(connection=connection), "head")
    finally:
        engine.dispose()


def _revision(path: Path) -> str | None:
    """Say at which migration a file is; None: at none, or it is no database of ours."""
    if not path.exists():
        return None
    database = sqlite.connect(f"file:{path}?mode=ro", uri=True)
    try:
        found = database.execute("SELECT version_num FROM alembic_version").fetchone()
        return found[0] if found else None
    except sqlite.DatabaseError:  # told, in words, by the way that writes
        return None
    finally:
        database.close()


def sqlite_engine(path: Path) -> sa.Engine:
    """Give an engine on a file that leaves BEGIN to us: DDL, too, belongs into the transaction."""
    return sa.create_engine(
        "sqlite://",
        creator=lambda: connect_writer(path),
        module=sqlite,
        poolclass=sa.NullPool,
    )


def upgrade_script(current: str | None) -> str:
    """Write the SQL that leads a PostgreSQL database from a revision to the newest; may be empty."""
    if current == newest():
        return ""
    from alembic import command

    refuse_newer(current)
    written = io.StringIO()
    config = _config(written=written)
    command.upgrade(config, f"{current or 'base'}:head", sql=True)
    return written.getvalue()


def newest() -> str:
    """Name the newest migration: the number that its file's name begins with."""
    return max(file.name[:4] for file in (SCRIPTS / "versions").glob("[0-9]*.py"))


def refuse_newer(current: str | None) -> None:
    """Raises: NewerSchema."""
    known = {script.revision for script in _scripts().walk_revisions()}
    if current is not None and current not in known:
        raise NewerSchema(
            f"the database is at migration {current}, which this version does not know: "
            "start the newer version again"
        )


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())


def _config(**attributes: Any) -> Config:
    from alembic.config import Config

    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(SCRIPTS))
    return config
