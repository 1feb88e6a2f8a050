"""Migrations lead to the tables of the code, on both databases, whole or not at all (R-15)."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine
from sqlalchemy.schema import CreateIndex, CreateTable
from tests.store.bystander import Bystander, bystander

from sztafeta.service.ports import StoreBusy
from sztafeta.store.migrate import (
    SCRIPTS,
    NewerSchema,
    migrate_sqlite,
    newest,
    sqlite_engine,
    upgrade_script,
)
from sztafeta.store.open import migrate, open_store
from sztafeta.store.schema import metadata

Tables = dict[str, Any]
_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default IS NULL
      FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
"""
_INDEXES = (
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 2"
)
_OURS = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"


# -- SQLite ---------------------------------------------------------------------------------------


def test_the_migrations_lead_to_the_tables_of_the_code_on_sqlite(tmp_path: Path) -> None:
    migrate_sqlite(tmp_path / "migrated")
    engine = sqlite_engine(tmp_path / "created")
    metadata.create_all(engine)
    engine.dispose()
    assert sqlite_tables(tmp_path / "migrated") == sqlite_tables(tmp_path / "created")


def sqlite_tables(file: Path) -> Tables:
    """Describe every table, index and column, as SQLite understood it."""
    database = sqlite3.connect(file)
    found: Tables = {}
    names = database.execute("select type, name from sqlite_schema where name != 'alembic_version'")
    for kind, name in names.fetchall():
        pragma = "table_info" if kind == "table" else "index_xinfo"
        found[name] = database.execute(f"pragma {pragma}({name})").fetchall()
    for row in database.execute("pragma table_list").fetchall():
        if row[1] in found:
            found[row[1]].append(("without rowid", row[4]))
    found["partial"] = database.execute(
        "select name from sqlite_schema where sql like '%WHERE state < 10%'"
    ).fetchall()
    database.close()
    found.pop("sqlite_autoindex_alembic_version_1", None)
    return found


def test_the_newest_migration_is_the_one_that_alembic_would_end_at() -> None:
    """The number in a file's name is its revision: most starts ask no more than that."""
    scripts = ScriptDirectory(str(SCRIPTS))
    assert newest() == scripts.get_current_head()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    migrate_sqlite(tmp_path / "a")
    before = sqlite_tables(tmp_path / "a")
    migrate_sqlite(tmp_path / "a")
    assert sqlite_tables(tmp_path / "a") == before


def test_a_process_killed_at_any_statement_of_a_migration_leaves_no_half_schema(
    tmp_path: Path,
) -> None:
    """R-15: after each kill the file is as it was, and the next start completes."""
    whole = tmp_path / "whole"
    migrate_sqlite(whole)
    statements = 0
    while True:
        file = tmp_path / f"killed{statements}"
        if not dies(lambda file=file: migrate_sqlite(file), at_statement=statements):
            break
        assert not [name for name in sqlite_tables(file) if name != "partial"]
        migrate_sqlite(file)
        assert sqlite_tables(file) == sqlite_tables(whole)
        statements += 1
    assert statements > len(metadata.tables)


def dies(work: Callable[[], None], *, at_statement: int) -> bool:
    """Do some work in a process of its own, killed before its n-th statement; say whether it was."""
    child = os.fork()
    if child == 0:
        left = at_statement

        def count(*_: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sa.event.listen(Engine, "before_cursor_execute", count)
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    """R-15: the old version says what to do and harms nothing."""
    file = tmp_path / "sztafeta.sqlite"
    migrate_sqlite(file)
    with sqlite3.connect(file) as database:
        database.execute("update alembic_version set version_num = '9999'")
        database.execute("create table of_the_future (x)")
    with pytest.raises(NewerSchema, match=r"9999.*start the newer version"):
        await open_store(None, tmp_path, i_know=True)
    assert "of_the_future" in sqlite_tables(file)


async def test_an_empty_file_is_brought_forward_by_the_code_that_opens_it(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "sztafeta.sqlite").close()
    store = await open_store(None, tmp_path, i_know=True)
    await store.close()
    assert set(metadata.tables) <= set(sqlite_tables(tmp_path / "sztafeta.sqlite"))


# -- PostgreSQL -----------------------------------------------------------------------------------


async def test_the_migrations_lead_to_the_tables_of_the_code_on_postgresql(
    database: str, tmp_path: Path
) -> None:
    await migrate(database, tmp_path)
    async with bystander(database) as beside:
        migrated = await postgresql_tables(beside)
        await beside.connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await beside.connection.execute(written_from_the_code())
        assert await postgresql_tables(beside) == migrated


def written_from_the_code() -> str:
    dialect = sa.create_mock_engine("postgresql+asyncpg://", lambda: None).dialect
    made: list[Any] = [CreateTable(table) for table in metadata.sorted_tables]
    made += [CreateIndex(index) for table in metadata.sorted_tables for index in table.indexes]
    return ";".join(str(one.compile(dialect=dialect)) for one in made)


async def postgresql_tables(beside: Bystander) -> Tables:
    """Describe every column and index, as PostgreSQL understood it."""
    columns = await beside.connection.fetch(_COLUMNS)
    indexes = await beside.connection.fetch(_INDEXES)
    return {
        "columns": [tuple(row) for row in columns if row[0] != "alembic_version"],
        "indexes": [tuple(row) for row in indexes if row[0] != "alembic_version"],
    }


async def test_migrating_a_postgresql_database_twice_changes_nothing(
    database: str, tmp_path: Path
) -> None:
    await migrate(database, tmp_path)
    await migrate(database, tmp_path)
    async with bystander(database) as beside:
        assert await beside.ask("SELECT version_num FROM alembic_version") == newest()


async def test_a_migration_cut_off_between_two_statements_leaves_no_half_schema(
    database: str, tmp_path: Path
) -> None:
    """R-15: it is ended while it waits for the name of a table in its middle."""
    async with bystander(database) as beside:
        transaction = beside.connection.transaction()
        await transaction.start()
        await beside.connection.execute("CREATE TABLE recipient (x int)")
        migrating = asyncio.ensure_future(migrate(database, tmp_path))
        await beside.until_somebody_waits(migrating)
        await beside.end_all_others()
        with pytest.raises(StoreBusy):
            await migrating
        await transaction.rollback()
        assert await beside.ask(_OURS) == 0
    await migrate(database, tmp_path)


async def test_a_statement_that_fails_leaves_no_half_schema(database: str, tmp_path: Path) -> None:
    async with bystander(database) as beside:
        await beside.connection.execute("CREATE TABLE event (x int)")
        with pytest.raises(asyncpg.DuplicateTableError):
            await migrate(database, tmp_path)
        assert await beside.ask(_OURS) == 1


async def test_a_postgresql_database_of_a_newer_version_is_refused_and_left_alone(
    database: str, tmp_path: Path
) -> None:
    await migrate(database, tmp_path)
    async with bystander(database) as beside:
        await beside.connection.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(NewerSchema, match="9999"):
            await open_store(database, tmp_path, i_know=True)
        assert await beside.ask("SELECT version_num FROM alembic_version") == "9999"


def test_there_is_nothing_to_do_for_the_newest_tables() -> None:
    assert upgrade_script(newest()) == ""
    assert "CREATE TABLE recipient" in upgrade_script(None)
