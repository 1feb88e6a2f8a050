"""What the panel says about records: what they are for, how they stand, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sztafeta.account.dns_records import Purpose
from sztafeta.account.record_check import CheckState, Mistake
from sztafeta.panel.texts import N_


@dataclass(frozen=True, slots=True)
class Said:
    """A short word and a sentence; both are msgids."""

    word: str
    sentence: str = ""


PURPOSES: Final = {
    Purpose.DKIM: Said(
        N_("DKIM key"),
        N_("Proves that the domain is yours; mail is signed with it."),
    ),
    Purpose.SPF: Said(N_("SPF"), N_("Tells receivers that our servers may send for this domain.")),
    Purpose.DMARC: Said(
        N_("DMARC"), N_("Tells receivers what to do with mail that only pretends to be yours.")
    ),
    Purpose.RETURN_PATH: Said(N_("Return path"), N_("Brings bounces back to us, under your name.")),
    Purpose.TRACKING: Said(N_("Tracking"), N_("Lets links in your mail begin with your name.")),
}

STATES: Final = {
    CheckState.OK: (N_("In order"), "good"),
    CheckState.AT_ZONE: (N_("Seen at your name servers"), "info"),
    CheckState.NOT_FOUND: (N_("Not found"), "wait"),
    CheckState.DIFFERENT: (N_("Found, but different"), "bad"),
    CheckState.GONE: (N_("Was in order, now gone"), "bad"),
    CheckState.NO_ANSWER: (N_("No answer"), "off"),
}
"""Each with the badge that shows it."""

NO_ANSWER: Final = N_("The name servers of this zone did not answer. We try again by ourselves.")
GONE: Final = N_("It is not in DNS any more. Publish it again.")
NOT_FOUND: Final = N_("Publish it as shown here. It usually takes minutes until it can be seen.")

MISTAKES: Final = {
    Mistake.DMARC_ALIAS: N_(
        "A CNAME stands at this name. A DMARC policy must be your own TXT record: remove the CNAME."
    ),
    Mistake.TWO_SPF: N_(
        "There are two SPF records, so receivers ignore both. Join them into one, and delete the other."
    ),
    Mistake.TOO_MANY_LOOK_UPS: N_(
        "Reading this SPF record takes more than 10 look-ups, so receivers ignore it. Remove an include:"
        " that you no longer need."
    ),
    Mistake.WITHOUT_US: N_(
        "Your SPF record does not name our servers. Put the value shown here in its place: it keeps all"
        " that you have."
    ),
    Mistake.QUOTED: N_("The quotation marks became a part of the value. Enter it without them."),
    Mistake.CUT: N_(
        "The value was cut off: one piece of text holds at most 255 characters. Split it as in the zone"
        " file, or use CNAME if it is offered."
    ),
    Mistake.WRONG_SELECTOR: N_(
        "This is the key of another selector: two records were mixed up. Check name and value of both."
    ),
    Mistake.WILDCARD: N_(
        "A wildcard record (*) answers for this name; the record itself is not there yet. Publish it."
    ),
    Mistake.KEY_NOT_AT_OURS: N_(
        "Your CNAME is right. The key at its end is not published yet: that is up to us. If this stays so"
        " for a day, tell customer service."
    ),
    Mistake.ALIASED: N_(
        "A CNAME stands at this name and leads elsewhere. Remove it, then publish the record shown here."
    ),
    Mistake.SEVERAL: N_("There are several TXT records at this name. Leave the right one alone."),
    Mistake.NOT_DKIM: N_("There is another text at this name. Replace it as a whole."),
    Mistake.OTHER_VALUE: N_("There is another value at this name. Replace it as a whole."),
    Mistake.PROXIED: N_(
        "A proxy answers in the place of the CNAME. Switch it off for this record (Cloudflare: the grey"
        " cloud, “DNS only”)."
    ),
    Mistake.DOMAIN_TWICE: N_(
        "The domain was appended twice: your editor adds it by itself. Enter the short name."
    ),
    Mistake.NO_UNDERSCORE: N_(
        "The underscore (_) at the beginning is missing in the published name. Put it in."
    ),
}
