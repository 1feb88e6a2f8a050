"""What people did, in words; an action without words here is shown by its name."""

from __future__ import annotations

from typing import Any, Final

from sztafeta.account.member import Area
from sztafeta.panel.people.forms import AREAS as AREA_NAMES
from sztafeta.panel.texts import N_

ACTIONS: Final = {
    "account.opened": N_("Account opened"),
    "account.company-changed": N_("Firm's data changed"),
    "account.suspended": N_("Sending stopped by customer service"),
    "account.resumed": N_("Sending allowed again by customer service"),
    "login.done": N_("Logged in"),
    "login.failed": N_("Wrong password at login"),
    "password.changed": N_("Panel password changed"),
    "password.reset": N_("Panel password set by an e-mail link"),
    "profile.changed": N_("Profile changed"),
    "profile.email-changed": N_("E-mail address changed"),
    "session.ended": N_("Session ended"),
    "second-factor.app-added": N_("Authenticator app added"),
    "second-factor.app-removed": N_("Authenticator app removed"),
    "second-factor.codes-made": N_("New recovery codes"),
    "second-factor.passkey-added": N_("Passkey added"),
    "second-factor.passkey-removed": N_("Passkey removed"),
    "member.invited": N_("Person invited"),
    "member.invitation-withdrawn": N_("Invitation withdrawn"),
    "member.joined": N_("Invitation accepted"),
    "member.added-by-operator": N_("Person added by customer service"),
    "password.reset-by-operator": N_("First password given anew by customer service"),
    "member.changed": N_("Person's rights changed"),
    "member.removed": N_("Person removed"),
    "panel.networks-changed": N_("Addresses for the panel changed"),
    "smtp-account.made": N_("SMTP account made"),
    "smtp-account.changed": N_("SMTP account changed"),
    "smtp-account.password-changed": N_("Password of an SMTP account changed"),
    "smtp-account.former-password-ended": N_("Former password of an SMTP account ended"),
    "smtp-account.deleted": N_("SMTP account deleted"),
    "key.made": N_("API key made"),
    "key.changed": N_("API key changed"),
    "key.replaced": N_("API key replaced"),
    "key.revoked": N_("API key revoked"),
    "domain.added": N_("Sending domain added"),
    "domain.keys-rotated": N_("DKIM keys of a domain renewed"),
    "domain.records-shared": N_("Link to a domain's records made"),
    "domain.links-ended": N_("Links to a domain's records ended"),
    "domain.removed": N_("Sending domain removed"),
    "template.made": N_("Template made"),
    "template.changed": N_("Template's settings changed"),
    "template.saved": N_("Template's draft saved"),
    "template.published": N_("Template published"),
    "template.tried": N_("Template sent as a test"),
    "template.deleted": N_("Template deleted"),
    "suppression.added": N_("Address suppressed"),
    "suppression.removed": N_("Address unblocked"),
    "suppression.imported": N_("Suppressed addresses read in"),
    "suppression.exported": N_("Suppressed addresses downloaded"),
    "messages.resend": N_("Messages sent again"),
    "messages.cancel": N_("Messages canceled"),
    "messages.release": N_("Messages released"),
    "messages.reschedule": N_("Another time given to a message"),
    "messages.content-read": N_("Content of a message read"),
    "messages.certificate-downloaded": N_("Delivery certificate downloaded"),
    "messages.exported": N_("List of messages downloaded"),
    "test-inbox.released": N_("Message released from the test inbox"),
    "test-inbox.deleted": N_("Test message deleted"),
    "test-inbox.emptied": N_("Test inbox emptied"),
    "audit.exported": N_("Audit log downloaded"),
}
AREAS: Final = {
    "login.": N_("Logins"),
    "password.": N_("Panel passwords"),
    "second-factor.": N_("Second step"),
    "member.": N_("People"),
    "smtp-account.": N_("SMTP accounts"),
    "key.": N_("API keys"),
    "domain.": N_("Sending domains"),
    "template.": N_("Templates"),
    "suppression.": N_("Suppressed addresses"),
    "messages.": N_("Messages"),
    "test-inbox.": N_("Test inbox"),
}
"""What the list can be narrowed to."""

NAMES: Final[dict[str, str]] = {
    **{area.value: AREA_NAMES[area] for area in Area},
    "administrator": N_("Administrator"),
    "enabled": N_("May log in"),
    "accounts": N_("SMTP accounts"),
    "name": N_("Name"),
    "street": N_("Street and number"),
    "postcode": N_("Postcode"),
    "city": N_("Town"),
    "sends": N_("What do you send?"),
    "phone": N_("Mobile phone"),
    "email": "E-mail",
    "language": N_("Language"),
    "networks": N_("Addresses and networks"),
    "egress": N_("Outgoing address"),
    "tls_required": N_("TLS is required"),
    "senders": N_("Senders"),
    "null_sender": N_("May send bounces"),
    "failure_notices": N_("Failure notices"),
    "connections": N_("Connections at once"),
    "ttl": N_("A message is tried for"),
    "mode": N_("Mode"),
    "scopes": N_("Scopes of a key"),
    "account": N_("SMTP account"),
    "expires": N_("Expiry"),
    "reason": N_("Reason"),
    "comment": N_("Comment"),
    "version": N_("Version"),
    "expires_at": N_("Expiry"),
    "recipients": N_("Recipients"),
    "send_at": N_("Time of sending"),
}
"""Values that are called by a name of ours; others are shown by their own."""
VALUES: Final = {
    "read": N_("Read"),
    "write": N_("Write"),
    "all": N_("all of them"),
}
YES_NO: Final = {True: N_("yes"), False: N_("no")}


def value_text(value: Any) -> str:
    """Give the msgid of a value, or the value as it is."""
    if isinstance(value, bool):
        return YES_NO[value]
    return VALUES.get(str(value), str(value))
