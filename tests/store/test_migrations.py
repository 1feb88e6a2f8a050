"""The migrations lead exactly to the tables of `store/schema.py`."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from sztafeta.store.migrate import migrate_sqlite, sqlite_engine
from sztafeta.store.schema import metadata


def test_a_migrated_file_has_the_tables_of_the_schema(tmp_path: Path) -> None:
    """Run twice, they change nothing."""
    file = tmp_path / "sztafeta.sqlite"
    migrate_sqlite(file)
    migrate_sqlite(file)
    engine = sqlite_engine(file)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
