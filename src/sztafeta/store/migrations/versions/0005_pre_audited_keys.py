"""Which API key and which request an entry of the audit log is about.

Safe with the code before it: the new columns have defaults, and the hash of an entry covers them only where
they hold something.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lead the tables forward; there is no way back but the backup."""
    for name in ("key_id", "request_id"):
        column = sa.Column(name, sa.Text(), server_default="", nullable=False)
        op.add_column("audit_entry", column)
