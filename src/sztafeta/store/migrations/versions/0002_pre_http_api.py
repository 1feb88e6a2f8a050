"""What the HTTP API keeps: keys, templates, suppressions, answers, shared content, usage, the feed.

Safe with the code before it: new columns have defaults, and no old column changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Lead the tables forward; there is no way back but the backup."""
    _columns()
    _accounts()
    _templates()
    _accepts()
    _domains()


def _columns() -> None:
    """What messages and events now say of themselves, and what finds them."""
    op.add_column("message", sa.Column("submission_id", sa.BigInteger(), nullable=True))
    for name, default in (("mode", "live"), ("tags", "[]"), ("metadata", "{}")):
        op.add_column("message", sa.Column(name, sa.Text(), server_default=default, nullable=False))
    op.add_column("message", sa.Column("tail_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_message_of_customer", "message", ["customer_id", "mode", "message_id"])
    for name in ("submission_id", "tail_id"):
        op.create_index(
            f"ix_message_{name}",
            "message",
            [name],
            sqlite_where=sa.text(f"{name} IS NOT NULL"),
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.add_column(
        "event", sa.Column("customer_id", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("event", sa.Column("mode", sa.Text(), server_default="live", nullable=False))
    op.create_index("ix_event_feed", "event", ["customer_id", "mode", "event_id"])


def _accounts() -> None:
    """Who may call, and whom nobody writes to."""
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("allowed_networks", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_from", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.create_index(op.f("ix_api_key_customer_id"), "api_key", ["customer_id"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "address"),
        sqlite_with_rowid=False,
    )


def _templates() -> None:
    """What mail is made from."""
    op.create_table(
        "template",
        sa.Column("template_id", KEY, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=True),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("template_id"),
        sa.UniqueConstraint("customer_id", "external_id"),
    )
    op.create_table(
        "template_version",
        sa.Column("template_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("mjml", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_html", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("template_id", "number"),
    )


def _accepts() -> None:
    """What is kept beside the messages of a call."""
    op.create_table(
        "shared_content",
        sa.Column("tail_id", KEY, autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("in_file", sa.SmallInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tail_id"),
    )
    op.create_table(
        "remembered",
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("http_status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "endpoint", "key"),
    )
    op.create_index(op.f("ix_remembered_until"), "remembered", ["until"], unique=False)
    op.create_table(
        "usage",
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("recipients", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "day", "account_id", "mode"),
        sqlite_with_rowid=False,
    )


def _domains() -> None:
    """Who has proved a domain to be his, and which keys wait; what was there, the operator added."""
    op.add_column("sending_domain", sa.Column("verified_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE sending_domain SET verified_at = created_at")
    active = sa.Column("active", sa.SmallInteger(), server_default="1", nullable=False)
    op.add_column("dkim_key", active)
