"""What the audit log writes down of a thing, before a change and after it; whoever changes it."""

from __future__ import annotations

from typing import Any

from sztafeta.account.api_key import ApiKey
from sztafeta.account.smtp_account import SmtpAccount


def account_values(account: SmtpAccount) -> dict[str, Any]:
    """Give the settings of an SMTP account."""
    return {
        "name": account.display_name,
        "enabled": account.enabled,
        "tls_required": not account.cleartext_auth,
        "networks": " ".join(map(str, account.allowed_networks)),
        "egress": account.egress,
        "senders": account.sender_rule.value,
        "null_sender": account.may_send_bounces,
        "failure_notices": account.failure_notices,
        "connections": account.max_connections,
        "ttl": str(account.ttl),
    }


def key_values(key: ApiKey) -> dict[str, Any]:
    """Give what an API key may do, and until when."""
    return {
        "name": key.name,
        "mode": key.mode.value,
        "scopes": " ".join(sorted(scope.value for scope in key.scopes)),
        "account": key.account.login,
        "networks": " ".join(map(str, key.allowed_networks)),
        "domains": " ".join(sorted(key.allowed_domains)),
        "expires": None if key.expires_at is None else key.expires_at.isoformat(),
    }


def key_subject(key: ApiKey) -> str:
    """Name an API key, as people call it and by its id."""
    return f"{key.name} (key_{key.key_id})"
