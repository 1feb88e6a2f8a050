"""Which domains an API key may send from, which program used it last, and its calls a day by outcome.

Safe with the code before it: the new columns have defaults, and nobody else writes the new table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lead the tables forward; there is no way back but the backup."""
    for name in ("allowed_domains", "last_used_by"):
        op.add_column("api_key", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.create_table(
        "api_key_calls",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "day", "cause"),
    )
