"""What the panel keeps: members and their sessions, and what each column added to its own tables.

Safe with the code before it: new columns have defaults, and no old column changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Lead the tables forward; there is no way back but the backup."""
    _members()
    _smtp_accounts()
    _domains()
    _suppressions()
    _messages()
    _templates()
    _statistics()


def _members() -> None:
    """People, their sessions, second factors, invitations, and the audit log."""
    _firm()
    _people()
    _second_factors()
    _logins()
    _audit()


def _firm() -> None:
    """What a customer says of itself."""
    for name in ("company", "nip", "street", "postcode", "city", "sends", "panel_networks"):
        op.add_column("customer", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("customer", sa.Column("terms_accepted_at", sa.BigInteger(), nullable=True))
    op.add_column(
        "customer", sa.Column("audited", sa.BigInteger(), server_default="0", nullable=False)
    )


def _people() -> None:
    op.create_table(
        "member",
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.SmallInteger(), nullable=False),
        sa.Column("password_set_at", sa.BigInteger(), nullable=False),
        sa.Column("is_administrator", sa.SmallInteger(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("smtp_accounts", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("enabled", sa.SmallInteger(), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member_id"),
        sa.UniqueConstraint("account_name"),
        sa.UniqueConstraint("email"),
    )
    op.create_index(op.f("ix_member_customer_id"), "member", ["customer_id"], unique=False)


def _second_factors() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "code_sha256"),
    )
    op.create_table(
        "passkey",
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("credential_id"),
    )
    op.create_index(op.f("ix_passkey_member_id"), "passkey", ["member_id"], unique=False)


def _logins() -> None:
    """Sessions, the links and half logins on the way to one, and how often each was tried."""
    op.create_table(
        "session",
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_table(
        "ticket",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_table(
        "tally",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject"),
    )
    for table, column in (
        ("session", "member_id"),
        ("session", "created_at"),
        ("ticket", "customer_id"),
        ("ticket", "member_id"),
        ("ticket", "expires_at"),
        ("tally", "last_at"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("by_customer_service", sa.SmallInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "number"),
    )


def _smtp_accounts() -> None:
    """What a customer sets for an SMTP account, its former password, and who logged in or tried to."""
    for name in ("display_name", "allowed_networks"):
        op.add_column("smtp_account", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("smtp_account", sa.Column("former_sha256", sa.LargeBinary(), nullable=True))
    for name in ("former_until", "former_replaced_at"):
        op.add_column("smtp_account", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("smtp_account", sa.Column("former_replaced_by", sa.Text(), nullable=True))
    op.create_table(
        "smtp_login",
        sa.Column("account_id", KEY, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("tls", sa.Text(), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "login_failure",
        sa.Column("failure_id", KEY, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("tls", sa.Text(), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("failure_id"),
    )
    op.create_index("ix_login_failure_at", "login_failure", ["at"])
    op.create_index("ix_login_failure_of_account", "login_failure", ["account_id", "failure_id"])


def _domains() -> None:
    """What was seen of a sending domain's records, and when."""
    for column in (
        sa.Column("needs_proof", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("zone", sa.Text, nullable=False, server_default=""),
        sa.Column("name_servers", sa.Text, nullable=False, server_default="[]"),
        sa.Column("looked_at", sa.BigInteger),
        sa.Column("look_at", sa.BigInteger, nullable=False, server_default="0"),
    ):
        op.add_column("sending_domain", column)
    op.create_index("ix_sending_domain_look_at", "sending_domain", ["look_at"])
    op.create_table(
        "record_check",
        sa.Column("domain_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("mistake", sa.Text, nullable=False),
        sa.Column("found", sa.Text, nullable=False),
        sa.Column("ttl", sa.Integer, nullable=False),
        sa.Column("right_at", sa.BigInteger),
        sa.Column("wrong_since", sa.BigInteger),
    )


def _suppressions() -> None:
    """What caused a suppression, and what lists them newest first."""
    op.add_column("suppression", sa.Column("message_id", sa.BigInteger))
    op.add_column("suppression", sa.Column("reply", sa.Text, nullable=False, server_default=""))
    op.create_index(
        "ix_suppression_newest", "suppression", ["customer_id", "created_at", "address"]
    )


def _messages() -> None:
    """What finds a message by its recipient; how long each step of an attempt took."""
    op.create_index("ix_recipient_address", "recipient", ["queue_id", "local_part"])
    op.add_column("attempt", sa.Column("steps", sa.Text, nullable=False, server_default=""))


def _templates() -> None:
    """Test data of templates."""
    op.create_table(
        "template_sample",
        sa.Column("template_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("template_id", "name"),
    )


def _statistics() -> None:
    """Counts by hour and day."""
    op.create_table(
        "tallied",
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "step", "at", "account_id", "provider", "what"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tallied_at", "tallied", ["step", "at"], unique=False)
    op.create_table(
        "rolled",
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dismissed_checklist",
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member_id"),
        sqlite_with_rowid=False,
    )
