"""What Alembic runs: on a connection that was handed in, or into a script for PostgreSQL."""

from __future__ import annotations

from alembic import context

from sztafeta.store.schema import metadata

_connection = context.config.attributes.get("connection")
_written = context.config.attributes.get("written")

if _connection is not None:
    context.configure(connection=_connection, target_metadata=metadata)
    context.run_migrations()
else:
    context.configure(
        dialect_name="postgresql",
        target_metadata=metadata,
        output_buffer=_written,
        literal_binds=True,
        transactional_ddl=False,  # whoever runs the script opens the transaction
    )
    context.run_migrations()
