"""Migrations: brings a database to the tables of this version, in one transaction (Alembic).

SQLite runs them on a connection of its own; PostgreSQL is given the script that Alembic writes, so that
the one driver we have (asyncpg) is enough. A migration is *pre* (safe with the old code) or *post*
(after the new code runs); how to add one stands in CONTRIBUTING.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pysqlite3 import dbapi2 as sqlite

from sztafeta.store.sqlite.connections import connect_writer

SCRIPTS: Final = Path(__file__).parent / "migrations"


class NewerSchema(Exception):
    """The database was migrated by a newer version of the program."""


def migrate_sqlite(path: Path) -> None:
    """Bring a file to the newest tables; all or nothing.

    Raises:
        NewerSchema: the file knows a migration that this version does not.
    """
    engine = sqlite_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            refuse_newer(MigrationContext.configure(connection).get_current_revision())
            command.upgrade(_config(connection=connection), "head")
    finally:
        engine.dispose()


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
    refuse_newer(current)
    if current == newest():
        return ""
    written = io.StringIO()
    config = _config(written=written)
    command.upgrade(config, f"{current or 'base'}:head", sql=True)
    return written.getvalue()


def newest() -> str | None:
    """Name the newest migration."""
    return _scripts().get_current_head()


def refuse_newer(current: str | None) -> None:
    """Raises: NewerSchema."""
    known = {script.revision for script in _scripts().walk_revisions()}
    if current is not None and current not in known:
        raise NewerSchema(
            f"the database is at migration {current}, which this version does not know: "
            "start the newer version again"
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config(**attributes: Any) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(SCRIPTS))
    return config
