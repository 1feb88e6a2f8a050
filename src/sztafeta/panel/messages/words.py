"""The words for mail: where it stands, what happened, what a rule means, what is wrong with a query."""

from __future__ import annotations

from typing import Final

from sztafeta.account.activity import Status
from sztafeta.account.activity_query import FaultKind
from sztafeta.delivery.verdict import Stage
from sztafeta.delivery.waiting import Reason
from sztafeta.event import EventKind
from sztafeta.panel.texts import N_

STATUS: Final = {
    Status.QUEUED: (N_("accepted"), "info"),
    Status.DEFERRED: (N_("deferred"), "wait"),
    Status.SENDING: (N_("being sent"), "info"),
    Status.HELD: (N_("on hold"), "wait"),
    Status.DELIVERED: (N_("delivered to the server"), "good"),
    Status.BOUNCED: (N_("bounced"), "bad"),
    Status.EXPIRED: (N_("given up"), "bad"),
    Status.SUPPRESSED: (N_("suppressed"), "off"),
    Status.CANCELED: (N_("canceled"), "off"),
}
"""Each status with its badge."""

EVENT: Final = {
    EventKind.QUEUED: N_("Accepted for sending"),
    EventKind.REJECTED: N_("Not sent: the address is suppressed"),
    EventKind.DEFERRED: N_("Deferred by the receiver"),
    EventKind.DELIVERED: N_("Accepted by the receiver's server"),
    EventKind.BOUNCED: N_("Refused for good"),
    EventKind.CANCELED: N_("Canceled"),
    EventKind.HELD: N_("Put on hold"),
    EventKind.RELEASED: N_("Released"),
}

STEP: Final = {
    Stage.ROUTE: N_("DNS"),
    Stage.CONNECT: N_("Connecting"),
    Stage.TLS: N_("TLS"),
    Stage.BANNER: N_("Greeting"),
    Stage.EHLO: N_("EHLO"),
    Stage.MAIL: N_("Sender and recipient"),
    Stage.RCPT: N_("Recipient"),
    Stage.DATA: N_("Content announced"),
    Stage.DOT: N_("Content and reply"),
}

RULE: Final = {
    "accepted": N_("The receiver's server took the message over."),
    "no-such-domain": N_("The recipient's domain does not exist."),
    "null-mx": N_("The recipient's domain says that it takes no mail."),
    "no-mail-host": N_("The recipient's domain has no mail server."),
    "loop": N_("The recipient's domain leads back to us, and we do not keep its mail."),
    "forbidden-address": N_("The recipient's domain leads to an address that is never dialled."),
    "no-such-hop": N_("The operator's route for this domain leads nowhere; we try again."),
    "dns-temporary": N_("DNS gave no answer for now; we ask again."),
    "too-big-for-hop": N_("The message is larger than the receiver takes."),
    "needs-smtputf8": N_("The receiver cannot take addresses with national letters."),
    "needs-8bitmime": N_(
        "The receiver cannot take 8-bit content, and a signed one is not converted."
    ),
    "outcome-unknown": N_(
        "The connection broke after the content was sent; a second copy is possible."
    ),
    "cannot-connect": N_("The receiver's servers cannot be reached; we try again."),
    "silent-before-mail": N_("The receiver's server went silent before it heard of the message."),
    "silent": N_("The receiver's server went silent in the middle; nothing was taken."),
    "tls-failed": N_("Encryption is required here and could not be had; we try again."),
    "protocol-failure": N_("The receiver's server said something that is not SMTP; we try again."),
    "too-many-recipients": N_("The receiver wants the other recipients in another transaction."),
    "closing": N_("The receiver's server is closing sessions for now; we come back more slowly."),
    "rate-limited": N_("The receiver says that we are too fast; we slow down and try again."),
    "not-now-greeting": N_(
        "The receiver's servers take no mail at the moment; no message is meant."
    ),
    "recipient-deferred": N_(
        "Temporary, for this recipient alone: grey-listing, a full mailbox or a limit. We try again."
    ),
    "message-deferred": N_(
        "Temporary, for this message: the receiver wants it later. We try again."
    ),
    "refused-greeting": N_("The receiver's servers refuse to talk to us at all."),
    "too-many-recipients-5xx": N_("The receiver takes fewer recipients at once; we go on at once."),
    "recipient-refused": N_("The receiver refused this recipient for good."),
    "sender-refused": N_("The receiver refused the sender of this message for good."),
    "content-refused": N_("The receiver refused the content of this message for good."),
    "out-of-place": N_("The receiver gave an answer that has no place here; we try again."),
    "unknown-outcome": N_("The node ended in the middle of this attempt; nobody saw how it went."),
}
"""What each row of the verdict table means for whoever sent the message."""

WAITING: Final = {
    Reason.HELD: N_("It is on hold until somebody releases or cancels it."),
    Reason.BEING_SENT: N_("An attempt is under way right now."),
    Reason.SCHEDULED: N_("Its sender wants it sent at %(time)s."),
    Reason.NEXT_TRY: N_(
        "The last attempt was answered with “not now”. The next one is at %(time)s."
    ),
    Reason.SITE_PAUSED: N_(
        "The receiver's servers had trouble with us, so we leave them alone until %(time)s."
    ),
    Reason.IN_LINE: N_(
        "It waits for its turn: %(ahead)s recipients of this domain are in line, and the receiver is given"
        " %(connections)s connections at once."
    ),
    Reason.ABOUT_TO_GO: N_("It is due and will be taken by the next free sender."),
}

FAULT: Final = {
    FaultKind.TOO_LONG: N_("The query is too long: keep it below 500 letters."),
    FaultKind.OPEN_QUOTE: N_("%(word)s: close the quotation mark."),
    FaultKind.UNKNOWN_KEY: N_(
        "%(word)s: there is no such key. Use to, from, subject, status, class, provider, tag, meta,"
        " domain, account, id, since or until, or put the words in quotation marks."
    ),
    FaultKind.EMPTY: N_("%(word)s: write something behind the colon."),
    FaultKind.TWICE: N_("%(word)s: this key is there already; keep one of them."),
    FaultKind.STATUS: N_(
        "%(word)s: a status is queued, deferred, sending, held, delivered, bounced, expired, suppressed or"
        " canceled; put a comma between several."
    ),
    FaultKind.TIME: N_("%(word)s: write a time as 30m, 2h, 3d, 2026-11-20 or 2026-11-20T14:00."),
    FaultKind.DOMAIN: N_("%(word)s: a domain looks like wp.pl."),
    FaultKind.METADATA: N_("%(word)s: name the field and its value, like meta:order=17."),
}
