"""What the header fields of a message are for, in words; a field without words here is shown as it is."""

from __future__ import annotations

from typing import Final

from sztafeta.panel.texts import N_

PURPOSE: Final = {
    "received": N_("Who took the message over from whom, and when; the newest is on top."),
    "from": N_("The author whom the recipient sees. DMARC asks whether its domain is proved."),
    "sender": N_("Who sent it for the author."),
    "reply-to": N_("Where answers go."),
    "to": N_("Recipients as they are shown; who gets the message stands in the envelope."),
    "cc": N_("Further recipients, seen by all."),
    "subject": N_("The subject."),
    "date": N_("When it was written, by the sender's clock."),
    "message-id": N_("Its name in the world. Receivers know duplicates by it."),
    "in-reply-to": N_("The message that this one answers."),
    "references": N_("The conversation it belongs to."),
    "dkim-signature": N_(
        "The signature: with the key in DNS, receivers see that nothing was changed."
    ),
    "mime-version": N_("It has parts, or more than plain ASCII text."),
    "content-type": N_("What it is made of: text, HTML, attachments."),
    "content-transfer-encoding": N_(
        "How its octets are written so that every server can carry them."
    ),
    "list-unsubscribe": N_(
        "How the recipient gets off the list; mail programs show a button for it."
    ),
    "list-unsubscribe-post": N_("One click is enough to get off the list (RFC 8058)."),
    "auto-submitted": N_("A program wrote it, so programs do not answer it."),
    "precedence": N_("Bulk mail, so programs do not answer it."),
    "feedback-id": N_("Groups complaints in Gmail's Postmaster Tools."),
    "x-priority": N_("How urgent the sender finds it."),
}
"""By the field's name in lower case."""
