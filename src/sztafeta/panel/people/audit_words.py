"""What people did, in words; an action without words here is shown by its name."""

from __future__ import annotations

from typing import Final

from sztafeta.panel.texts import N_

ACTIONS: Final = {
    "account.opened": N_("Account opened"),
    "login.done": N_("Logged in"),
    "login.failed": N_("Wrong password at login"),
    "password.changed": N_("Panel password changed"),
    "password.reset": N_("Panel password set by an e-mail link"),
    "profile.changed": N_("Profile changed"),
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
    "message.": N_("Messages"),
}
"""What the list can be narrowed to."""
