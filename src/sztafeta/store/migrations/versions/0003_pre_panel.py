"""What the panel keeps: members and their sessions, and what each column added to its own tables.

Safe with the code before it: new columns have defaults, and no old column changes.
"""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


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


def _smtp_accounts() -> None:
    """What a customer sets for an SMTP account, and when it was last used."""


def _domains() -> None:
    """What was seen of a sending domain's records, and when."""


def _suppressions() -> None:
    """What caused a suppression."""


def _messages() -> None:
    """What finds a message by its recipient."""


def _templates() -> None:
    """Test data of templates."""


def _statistics() -> None:
    """Counts by hour."""
