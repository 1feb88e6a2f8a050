"""The tables, once for both databases (SQLAlchemy Core); a test proves that the migrations lead here.

Ids are those of `delivery.queue_id`; times are milliseconds since 1970 in UTC. Nothing on the mail path
has a foreign key: the rows of one accept are written by one statement a table in one transaction, and a
check a row would cost more than the row. Each index costs every message, so there are as few as the
questions need.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

metadata: Final = sa.MetaData()

_Id = sa.BigInteger
_Millis = sa.BigInteger
_Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite: only INTEGER is the rowid itself (64 bits), so that rows lie in the order of their ids."""

# -- who may send ---------------------------------------------------------------------------------

customer: Final = sa.Table(
    "customer",
    metadata,
    sa.Column("customer_id", _Key, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("enabled", sa.SmallInteger, nullable=False),
    sa.Column("created_at", _Millis, nullable=False),
    sa.Column("company", sa.Text, nullable=False, server_default=""),
    sa.Column("nip", sa.Text, nullable=False, server_default=""),
    sa.Column("street", sa.Text, nullable=False, server_default=""),
    sa.Column("postcode", sa.Text, nullable=False, server_default=""),
    sa.Column("city", sa.Text, nullable=False, server_default=""),
    sa.Column("sends", sa.Text, nullable=False, server_default=""),  # what, in its own words
    sa.Column("panel_networks", sa.Text, nullable=False, server_default=""),  # empty: anywhere
    sa.Column("terms_accepted_at", _Millis),
    sa.Column("audited", _Id, nullable=False, server_default="0"),  # entries of its audit log
)

smtp_account: Final = sa.Table(
    "smtp_account",
    metadata,
    sa.Column("account_id", _Key, primary_key=True),
    sa.Column("customer_id", _Id, nullable=False, index=True),
    sa.Column("login", sa.Text, nullable=False, unique=True),
    sa.Column("password_sha256", sa.LargeBinary, nullable=False),
    sa.Column("enabled", sa.SmallInteger, nullable=False),
    sa.Column("cleartext_auth", sa.SmallInteger, nullable=False),
    sa.Column("sender_rule", sa.Text, nullable=False),
    sa.Column("may_send_bounces", sa.SmallInteger, nullable=False),
    sa.Column("failure_notices", sa.SmallInteger, nullable=False),
    sa.Column("max_connections", sa.Integer, nullable=False),
    sa.Column("ttl", _Millis, nullable=False),
    sa.Column("created_at", _Millis, nullable=False),
    sa.Column("display_name", sa.Text, nullable=False, server_default=""),
    sa.Column("allowed_networks", sa.Text, nullable=False, server_default=""),  # words
    sa.Column("former_sha256", sa.LargeBinary),  # NULL: never changed
    sa.Column("former_until", _Millis),
    sa.Column("former_replaced_at", _Millis),
    sa.Column("former_replaced_by", sa.Text),
    sa.Column("egress", sa.Text, nullable=False, server_default="shared"),
)

smtp_login: Final = sa.Table(
    "smtp_login",
    metadata,
    sa.Column("account_id", _Key, primary_key=True, autoincrement=False),
    sa.Column("at", _Millis, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("tls", sa.Text, nullable=False),  # version and cipher; empty: in the clear
    sa.Column("client_name", sa.Text, nullable=False),  # what EHLO said
)
"""The last login of each SMTP account."""

login_failure: Final = sa.Table(
    "login_failure",
    metadata,
    sa.Column("failure_id", _Key, primary_key=True),
    sa.Column("account_id", _Id, nullable=False),
    sa.Column("at", _Millis, nullable=False, index=True),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("tls", sa.Text, nullable=False),
    sa.Column("client_name", sa.Text, nullable=False),
)
"""Failed logins with a known login, for its owner; the password that was tried is nowhere."""

sa.Index("ix_login_failure_of_account", login_failure.c.account_id, login_failure.c.failure_id)

sending_domain: Final = sa.Table(
    "sending_domain",
    metadata,
    sa.Column("domain_id", _Key, primary_key=True),
    sa.Column("customer_id", _Id, nullable=False, index=True),
    sa.Column("domain", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", _Millis, nullable=False),
    sa.Column("verified_at", _Millis),
    sa.Column("needs_proof", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("zone", sa.Text, nullable=False, server_default=""),
    sa.Column("name_servers", sa.Text, nullable=False, server_default="[]"),  # words
    sa.Column("looked_at", _Millis),  # NULL: its records were not looked for yet
    sa.Column("look_at", _Millis, nullable=False, server_default="0", index=True),
)

record_check: Final = sa.Table(
    "record_check",
    metadata,
    sa.Column("domain_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("mistake", sa.Text, nullable=False),  # empty: none has a name
    sa.Column("found", sa.Text, nullable=False),  # a JSON list
    sa.Column("ttl", sa.Integer, nullable=False),
    sa.Column("right_at", _Millis),  # NULL: it never was
    sa.Column("wrong_since", _Millis),  # NULL: it is right, or never was
)
"""What was found in the place of a domain's records when they were looked for last."""

dkim_key: Final = sa.Table(
    "dkim_key",
    metadata,
    sa.Column("key_id", _Key, primary_key=True),
    sa.Column("domain_id", _Id, nullable=False),
    sa.Column("selector", sa.Text, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("sealed_private_key", sa.LargeBinary, nullable=False),
    sa.Column("active", sa.SmallInteger, nullable=False, server_default="1"),
    sa.UniqueConstraint("domain_id", "selector"),
)

api_key: Final = sa.Table(
    "api_key",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("customer_id", _Id, nullable=False, index=True),
    sa.Column("account_id", _Id, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),  # words
    sa.Column("secret_sha256", sa.LargeBinary, nullable=False),
    sa.Column("allowed_networks", sa.Text, nullable=False),  # words; empty: from anywhere
    sa.Column("created_at", _Millis, nullable=False),
    sa.Column("expires_at", _Millis),
    sa.Column("revoked_at", _Millis),
    sa.Column("last_used_at", _Millis),
    sa.Column("last_used_from", sa.Text, nullable=False),
    sa.Column("allowed_domains", sa.Text, nullable=False, server_default=""),  # words; empty: all
    sa.Column("last_used_by", sa.Text, nullable=False, server_default=""),
)

api_key_calls: Final = sa.Table(
    "api_key_calls",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),  # of the common era, in UTC
    sa.Column("cause", sa.Text, primary_key=True),  # why it was refused; empty: it was not
    sa.Column("calls", sa.Integer, nullable=False),
)

# -- the people of a customer ---------------------------------------------------------------------

member: Final = sa.Table(
    "member",
    metadata,
    sa.Column("member_id", _Key, primary_key=True),
    sa.Column("customer_id", _Id, nullable=False, index=True),
    sa.Column("account_name", sa.Text, unique=True),  # NULL: logs in by e-mail alone
    sa.Column("email", sa.Text, nullable=False, unique=True),  # lower case
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("phone", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),  # argon2id; empty: none yet
    sa.Column("must_change_password", sa.SmallInteger, nullable=False),
    sa.Column("password_set_at", _Millis, nullable=False),
    sa.Column("is_administrator", sa.SmallInteger, nullable=False),
    sa.Column("rights", sa.Text, nullable=False),  # JSON: area to right
    sa.Column("smtp_accounts", sa.Text),  # words; NULL: all
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("enabled", sa.SmallInteger, nullable=False),
    sa.Column("totp_sealed", sa.LargeBinary),  # NULL: no TOTP
    sa.Column("totp_last_step", _Id, nullable=False),  # each code works once
    sa.Column("created_at", _Millis, nullable=False),
)

recovery_code: Final = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("member_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("code_sha256", sa.LargeBinary, primary_key=True),
)

passkey: Final = sa.Table(
    "passkey",
    metadata,
    sa.Column("credential_id", sa.LargeBinary, primary_key=True),
    sa.Column("member_id", _Id, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", _Id, nullable=False),
    sa.Column("created_at", _Millis, nullable=False),
    sa.Column("last_used_at", _Millis),
)

session: Final = sa.Table(
    "session",
    metadata,
    sa.Column("session_id", _Key, primary_key=True),
    sa.Column("token_sha256", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("member_id", _Id, nullable=False, index=True),
    sa.Column("created_at", _Millis, nullable=False, index=True),
    sa.Column("last_seen_at", _Millis, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    sa.Column("notice", sa.Text, nullable=False),  # shown once
)

ticket: Final = sa.Table(
    "ticket",
    metadata,
    sa.Column("token_sha256", sa.LargeBinary, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("customer_id", _Id, index=True),
    sa.Column("member_id", _Id, index=True),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("created_at", _Millis, nullable=False),
    sa.Column("expires_at", _Millis, nullable=False, index=True),
)
"""What a link in a letter, or a half-finished login, stands for."""

tally: Final = sa.Table(
    "tally",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("since", _Millis, nullable=False),
    sa.Column("last_at", _Millis, nullable=False, index=True),
)
"""How often something was tried, on all nodes together."""

audit_entry: Final = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("customer_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("number", _Id, primary_key=True, autoincrement=False),
    sa.Column("at", _Millis, nullable=False),
    sa.Column("member_id", _Id),  # NULL: nobody who was logged in
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("by_customer_service", sa.SmallInteger, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),  # of the row before and of this one
    sa.Column("key_id", sa.Text, nullable=False, server_default=""),
    sa.Column("request_id", sa.Text, nullable=False, server_default=""),
)

# -- what is sent, and to whom not ------------------------------------------------------------------

template: Final = sa.Table(
    "template",
    metadata,
    sa.Column("template_id", _Key, primary_key=True, autoincrement=False),
    sa.Column("customer_id", _Id, nullable=False),
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("missing", sa.Text, nullable=False),
    sa.Column("live", sa.Integer),  # NULL: none was published
    sa.Column("newest", sa.Integer, nullable=False),
    sa.Column("created_at", _Millis, nullable=False),
    sa.Column("changed_at", _Millis, nullable=False),
    sa.UniqueConstraint("customer_id", "external_id"),
)

template_version: Final = sa.Table(
    "template_version",
    metadata,
    sa.Column("template_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("mjml", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("published_html", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("created_at", _Millis, nullable=False),
    sa.Column("published_at", _Millis),
)

template_sample: Final = sa.Table(
    "template_sample",
    metadata,
    sa.Column("template_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("data", sa.Text, nullable=False),  # JSON, as its author wrote it
)

template_use: Final = sa.Table(
    "template_use",
    metadata,
    sa.Column("template_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("key_id", sa.Text, primary_key=True),  # empty: over SMTP
    sa.Column("door", sa.Text, primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),  # as in api_key_calls
    sa.Column("messages", _Id, nullable=False),
    sa.Column("last_at", _Millis, nullable=False),
)

template_last_data: Final = sa.Table(
    "template_last_data",
    metadata,
    sa.Column("template_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("data", sa.Text, nullable=False),  # JSON, masked
    sa.Column("at", _Millis, nullable=False),
)

suppression: Final = sa.Table(
    "suppression",
    metadata,
    sa.Column("customer_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("created_at", _Millis, nullable=False),
    sa.Column("message_id", _Id),  # NULL: no message caused it, or we do not know which
    sa.Column("reply", sa.Text, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

sa.Index(
    "ix_suppression_newest",
    suppression.c.customer_id,
    suppression.c.created_at,
    suppression.c.address,
)
"""A customer's list, newest first."""

# -- who works ------------------------------------------------------------------------------------

node: Final = sa.Table(
    "node",
    metadata,
    sa.Column("node_id", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("lease_until", _Millis, nullable=False),
)

ready_queue: Final = sa.Table(
    "ready_queue",
    metadata,
    sa.Column("queue_id", _Key, primary_key=True),
    sa.Column("customer_id", _Id, nullable=False),
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("node_id", sa.SmallInteger, index=True),
    sa.Column("epoch", _Id, nullable=False),
    sa.Column("next_due", _Millis, index=True),
    sa.UniqueConstraint("customer_id", "domain", "pool"),
)

# -- mail -----------------------------------------------------------------------------------------

message: Final = sa.Table(
    "message",
    metadata,
    sa.Column("message_id", _Key, primary_key=True, autoincrement=False),
    sa.Column("customer_id", _Id, nullable=False),
    sa.Column("account_id", _Id, nullable=False),
    sa.Column("reverse_local", sa.Text, nullable=False),
    sa.Column("reverse_domain", sa.Text, nullable=False),  # empty: the null sender
    sa.Column("smtputf8", sa.SmallInteger, nullable=False),
    sa.Column("eight_bit", sa.SmallInteger, nullable=False),
    sa.Column("returns", sa.Text, nullable=False),  # empty: not said
    sa.Column("envelope_id", sa.Text),
    sa.Column("header_message_id", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("signing_domain", sa.Text),
    sa.Column("failure_notices", sa.SmallInteger, nullable=False),
    sa.Column("size", _Id, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("in_file", sa.SmallInteger, nullable=False),
    sa.Column("accepted_at", _Millis, nullable=False),
    sa.Column("expires_at", _Millis, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("submission_id", _Id),  # NULL: it came alone, over SMTP
    sa.Column("mode", sa.Text, nullable=False, server_default="live"),
    sa.Column("tags", sa.Text, nullable=False, server_default="[]"),
    sa.Column("metadata", sa.Text, nullable=False, server_default="{}"),
    sa.Column("tail_id", _Id),  # NULL: all of its content is its own
)

sa.Index("ix_message_of_customer", message.c.customer_id, message.c.mode, message.c.message_id)
"""A customer's list, newest first; all that a query narrows besides is read from these rows."""

sa.Index(
    "ix_message_submission_id",
    message.c.submission_id,
    sqlite_where=message.c.submission_id.is_not(None),
    postgresql_where=message.c.submission_id.is_not(None),
)
"""The messages of a call; costs mail of the API alone."""

sa.Index(
    "ix_message_tail_id",
    message.c.tail_id,
    sqlite_where=message.c.tail_id.is_not(None),
    postgresql_where=message.c.tail_id.is_not(None),
)
"""Whether a shared tail is still named; costs messages with one alone."""

body: Final = sa.Table(
    "body",
    metadata,
    sa.Column("message_id", _Key, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

shared_content: Final = sa.Table(
    "shared_content",
    metadata,
    sa.Column("tail_id", _Key, primary_key=True, autoincrement=False),
    sa.Column("size", _Id, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("in_file", sa.SmallInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # empty when in a file
)
"""What the messages of a call have in common; their own heads are their `body`."""

recipient: Final = sa.Table(
    "recipient",
    metadata,
    sa.Column("recipient_id", _Key, primary_key=True, autoincrement=False),
    sa.Column("message_id", _Id, nullable=False, index=True),
    sa.Column("queue_id", _Id, nullable=False),
    sa.Column("local_part", sa.Text, nullable=False),
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("notify", sa.SmallInteger),  # NULL: not said
    sa.Column("original", sa.Text),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("due_at", _Millis, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("epoch", _Id, nullable=False),
    sa.Column("accepted_at", _Millis, nullable=False),
    sa.Column("expires_at", _Millis, nullable=False),
    sa.Column("final_at", _Millis),
)

IS_LIVE: Final = recipient.c.state < sa.literal_column("10")
"""Not final. Written into every question about live rows: SQLite uses the index only if it reads this."""

sa.Index(
    "ix_recipient_live",
    recipient.c.queue_id,
    recipient.c.state,
    recipient.c.due_at,
    recipient.c.recipient_id,
    sqlite_where=IS_LIVE,
    postgresql_where=IS_LIVE,
)

sa.Index("ix_recipient_address", recipient.c.queue_id, recipient.c.local_part)
"""Whom a customer wrote to: a queue is of one customer, domain and mode (decision 0014)."""

# -- what happened: clustered by message, which is how it is read and how it leaves ------------------

attempt: Final = sa.Table(
    "attempt",
    metadata,
    sa.Column("message_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("recipient_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("started_at", _Millis, nullable=False),
    sa.Column("ended_at", _Millis, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("hop", sa.Text, nullable=False),
    sa.Column("reply_code", sa.SmallInteger, nullable=False),  # 0: there was no reply
    sa.Column("reply_status", sa.Text, nullable=False),
    sa.Column("reply_text", sa.Text, nullable=False),
    sa.Column("tls", sa.Text, nullable=False),
    sa.Column("transcript", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("steps", sa.Text, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

event: Final = sa.Table(
    "event",
    metadata,
    sa.Column("message_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("event_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("recipient_id", _Id, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", _Millis, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("customer_id", _Id, nullable=False, server_default="0"),
    sa.Column("mode", sa.Text, nullable=False, server_default="live"),
    sqlite_with_rowid=False,
)

sa.Index("ix_event_feed", event.c.customer_id, event.c.mode, event.c.event_id)
"""A customer's events in the order of their ids, whichever message they are of."""

# -- what is kept of accepts ------------------------------------------------------------------------

remembered: Final = sa.Table(
    "remembered",
    metadata,
    sa.Column("customer_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request_sha256", sa.LargeBinary, nullable=False),
    sa.Column("http_status", sa.SmallInteger, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("until", _Millis, nullable=False, index=True),
)

usage: Final = sa.Table(
    "usage",
    metadata,
    sa.Column("customer_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),  # since 1970, in UTC
    sa.Column("account_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("mode", sa.Text, primary_key=True),
    sa.Column("recipients", _Id, nullable=False),
    sa.Column("octets", _Id, nullable=False),
    sqlite_with_rowid=False,
)

# -- statistics -------------------------------------------------------------------------------------

tallied: Final = sa.Table(
    "tallied",
    metadata,
    sa.Column("customer_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("step", sa.Text, primary_key=True),  # hour, quarter of a day, day
    sa.Column("at", _Millis, primary_key=True, autoincrement=False),  # where it begins
    sa.Column("account_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("what", sa.Text, primary_key=True),
    sa.Column("number", _Id, nullable=False),
    sqlite_with_rowid=False,
)
"""Events by hour and day; clustered by customer and time, which is how it is read."""

sa.Index("ix_tallied_at", tallied.c.step, tallied.c.at)
"""What grew too old; the mail path does not write here."""

rolled: Final = sa.Table(
    "rolled",
    metadata,
    sa.Column("customer_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("event_id", _Id, nullable=False),  # the last that is in `tallied`
    sqlite_with_rowid=False,
)

dismissed_checklist: Final = sa.Table(
    "dismissed_checklist",
    metadata,
    sa.Column("member_id", _Id, primary_key=True, autoincrement=False),
    sa.Column("at", _Millis, nullable=False),
    sqlite_with_rowid=False,
)
