"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Lead the tables forward; there is no way back but the backup."""
    _accounts()
    _nodes()
    _mail()
    _history()


def _accounts() -> None:
    """Who may send."""
    op.create_table(
        "customer",
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "smtp_account",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("password_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.SmallInteger(), nullable=False),
        sa.Column("cleartext_auth", sa.SmallInteger(), nullable=False),
        sa.Column("sender_rule", sa.Text(), nullable=False),
        sa.Column("may_send_bounces", sa.SmallInteger(), nullable=False),
        sa.Column("failure_notices", sa.SmallInteger(), nullable=False),
        sa.Column("max_connections", sa.Integer(), nullable=False),
        sa.Column("ttl", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("login"),
    )
    op.create_index(
        op.f("ix_smtp_account_customer_id"), "smtp_account", ["customer_id"], unique=False
    )
    op.create_table(
        "sending_domain",
        sa.Column("domain_id", KEY, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain_id"),
        sa.UniqueConstraint("domain"),
    )
    op.create_index(
        op.f("ix_sending_domain_customer_id"), "sending_domain", ["customer_id"], unique=False
    )
    op.create_table(
        "dkim_key",
        sa.Column("key_id", KEY, nullable=False),
        sa.Column("domain_id", sa.BigInteger(), nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
        sa.UniqueConstraint("domain_id", "selector"),
    )


def _nodes() -> None:
    """Who works on which queue."""
    op.create_table(
        "node",
        sa.Column("node_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node_id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ready_queue",
        sa.Column("queue_id", KEY, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("node_id", sa.SmallInteger(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("next_due", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("queue_id"),
        sa.UniqueConstraint("customer_id", "domain", "pool"),
    )
    op.create_index(op.f("ix_ready_queue_next_due"), "ready_queue", ["next_due"], unique=False)
    op.create_index(op.f("ix_ready_queue_node_id"), "ready_queue", ["node_id"], unique=False)


def _mail() -> None:
    """Messages and their recipients."""
    op.create_table(
        "message",
        sa.Column("message_id", KEY, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("reverse_local", sa.Text(), nullable=False),
        sa.Column("reverse_domain", sa.Text(), nullable=False),
        sa.Column("smtputf8", sa.SmallInteger(), nullable=False),
        sa.Column("eight_bit", sa.SmallInteger(), nullable=False),
        sa.Column("returns", sa.Text(), nullable=False),
        sa.Column("envelope_id", sa.Text(), nullable=True),
        sa.Column("header_message_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("signing_domain", sa.Text(), nullable=True),
        sa.Column("failure_notices", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("in_file", sa.SmallInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_table(
        "body",
        sa.Column("message_id", KEY, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_table(
        "recipient",
        sa.Column("recipient_id", KEY, autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("local_part", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("notify", sa.SmallInteger(), nullable=True),
        sa.Column("original", sa.Text(), nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("final_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("recipient_id"),
    )
    op.create_index(
        "ix_recipient_live",
        "recipient",
        ["queue_id", "state", "due_at", "recipient_id"],
        unique=False,
        sqlite_where=sa.text("state < 10"),
        postgresql_where=sa.text("state < 10"),
    )
    op.create_index(op.f("ix_recipient_message_id"), "recipient", ["message_id"], unique=False)


def _history() -> None:
    """What happened."""
    op.create_table(
        "attempt",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("hop", sa.Text(), nullable=False),
        sa.Column("reply_code", sa.SmallInteger(), nullable=False),
        sa.Column("reply_status", sa.Text(), nullable=False),
        sa.Column("reply_text", sa.Text(), nullable=False),
        sa.Column("tls", sa.Text(), nullable=False),
        sa.Column("transcript", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "recipient_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "event_id"),
        sqlite_with_rowid=False,
    )
