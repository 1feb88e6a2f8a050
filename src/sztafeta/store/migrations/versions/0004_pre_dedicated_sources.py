"""Where an SMTP account's mail leaves from.

Safe with the code before it: the new column has a default, and no old column changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lead the tables forward; there is no way back but the backup."""
    egress = sa.Column("egress", sa.Text(), server_default="shared", nullable=False)
    op.add_column("smtp_account", egress)
