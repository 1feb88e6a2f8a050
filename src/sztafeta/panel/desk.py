"""The desk: the verbs and plain values that every page finds at its side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sztafeta.account.domain_connect import Registration
from sztafeta.panel.entrance import Entrance
from sztafeta.panel.mail_desk import MailVerbs
from sztafeta.panel.people.desk import PeopleVerbs
from sztafeta.service.api_keys import ApiKeys
from sztafeta.service.domain_records import DomainRecords
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.sessions import Sessions
from sztafeta.service.ports import AccountAdministration, AccountStore, Clock
from sztafeta.service.sandbox import Sandbox
from sztafeta.service.sending.send import SendVerb
from sztafeta.service.sending_domains import SendingDomains
from sztafeta.service.shared_records import SharedRecords
from sztafeta.service.smtp_accounts import SmtpAccounts
from sztafeta.service.smtp_logins import SmtpLogins
from sztafeta.service.statistics.reading import Statistics
from sztafeta.service.suppression_list import SuppressionList
from sztafeta.service.template_preview import Previews
from sztafeta.service.template_uses import TemplateUses
from sztafeta.service.templates import Templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Handed to the application once."""

    sessions: Sessions
    people: PeopleVerbs
    mail: MailVerbs
    audit: AuditLog
    """Call `note` when a change is done."""
    keys: ApiKeys
    smtp_accounts: SmtpAccounts
    smtp_logins: SmtpLogins
    templates: Templates
    previews: Previews
    template_uses: TemplateUses
    sandbox: Sandbox
    sending: SendVerb
    entrance: Entrance
    """Where programs send to."""
    accounts: AccountStore
    account_administration: AccountAdministration
    statistics: Statistics
    domains: SendingDomains
    domain_records: DomainRecords
    shared_records: SharedRecords
    suppressions: SuppressionList
    clock: Clock
    base_url: str
    """Where the panel is reached, without a slash at the end; links in mail begin with it (W-34)."""
    hostname: str
    domain_connect: Sequence[Registration] = ()
    """DNS hosts that publish records at a click."""
    is_demo: bool = False
    """Nothing leaves this machine; every page says so."""
