"""The sender rule: which domains an SMTP account may put into the reverse-path and the author's fields.

One rule for every face and every field (acceptance S-40): the domain itself must be one of the customer's;
a sub-domain is another domain.
"""

from __future__ import annotations

from collections.abc import Iterable

from sztafeta.account.smtp_account import SenderRule, SmtpAccount
from sztafeta.mail.address import Mailbox
from sztafeta.service.rejection import Rejection
from sztafeta.smtp.reply import reply

FIX_DOMAIN = "Have the domain added to your sending domains, or send from one of them."
FIX_KEY = "Let the key have the domain, or use a key that may send from it."
FIX_NULL_SENDER = "Send from an address of yours; the null sender is for bounces."

NULL_SENDER_NOT_YOURS = Rejection(
    reply=reply(550, "5.7.1", "The null sender <> is for bounces; your account may not use it"),
    http_status=403,
    code="null-sender-not-allowed",
    fix=FIX_NULL_SENDER,
)


def refuse_reverse_path(account: SmtpAccount, reverse_path: Mailbox | None) -> Rejection | None:
    """Say why the account may not use this reverse-path, or None (RFC 6409 §6.1)."""
    if reverse_path is None:
        return None if account.may_send_bounces else NULL_SENDER_NOT_YOURS
    return refuse_domains(account, (reverse_path.domain,))


def refuse_domains(account: SmtpAccount, domains: Iterable[str]) -> Rejection | None:
    """Say why the account may not send as these domains, naming the first that is not its own."""
    if account.sender_rule is SenderRule.ANY:
        return None
    for domain in domains:
        if domain not in account.sending_domains:
            return _not_yours(account, domain)
    return None


def _not_yours(account: SmtpAccount, domain: str) -> Rejection:
    text = f"{domain} is not one of your sending domains; have it added, or send from one that is"
    if account.narrowed_by:
        text = f"{domain} is not one of the domains that the API key may send from"
    return Rejection(
        reply=reply(550, "5.7.1", text),
        http_status=403,
        code="sender-domain-not-yours",
        fix=FIX_KEY if account.narrowed_by else FIX_DOMAIN,
    )
