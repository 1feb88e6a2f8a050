"""The words of statistics: providers, outcomes, and causes of failures with what can be done about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sztafeta.account.statistics.counts import What
from sztafeta.account.statistics.report import Period
from sztafeta.delivery.classify import BounceClass
from sztafeta.delivery.provider import Provider
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit

_PROVIDERS: Final = {
    Provider.GMAIL: "Gmail",
    Provider.MICROSOFT: "Microsoft",
    Provider.WP: "WP",
    Provider.ONET: "Onet",
    Provider.INTERIA: "Interia",
    Provider.O2: "o2",
    Provider.YAHOO: "Yahoo",
    Provider.HOME_PL: "home.pl",
}
OUTCOMES: Final = {
    What.DELIVERED: N_("Accepted by the recipient's server"),
    What.BOUNCED: N_("Bounced for good"),
    What.EXPIRED: N_("Given up after too many tries"),
    What.CANCELED: N_("Canceled before leaving"),
    What.SUPPRESSED: N_("Not sent: suppressed address"),
}
UNDER_WAY: Final = N_("Still under way")


@dataclass(frozen=True, slots=True)
class Cause:
    """What went wrong, and what one can do about it."""

    title: str
    advice: str


CAUSES: Final = {
    BounceClass.BAD_MAILBOX: Cause(
        N_("No such mailbox"),
        N_("The addresses do not exist. Remove them, and look where they came from."),
    ),
    BounceClass.BAD_DOMAIN: Cause(
        N_("The domain takes no mail"),
        N_("Look for typing errors after the @ in your forms."),
    ),
    BounceClass.INACTIVE: Cause(
        N_("The mailbox is switched off"),
        N_("Its owner has left it. Stop writing there."),
    ),
    BounceClass.FULL: Cause(
        N_("The mailbox is full"),
        N_("Only its owner can make room. Reach important ones another way."),
    ),
    BounceClass.SIZE: Cause(
        N_("The message is too big for the receiver"),
        N_("Send a link instead of the attachment."),
    ),
    BounceClass.RATE: Cause(
        N_("The receiver wants it slower"),
        N_("We slow down by ourselves. Spread big sendings over hours."),
    ),
    BounceClass.REPUTATION: Cause(
        N_("The receiver distrusts the sender"),
        N_("Check who gets your mail and whether they asked for it; write to support."),
    ),
    BounceClass.SENDER_CONFIGURATION: Cause(
        N_("SPF, DKIM or DMARC do not fit"),
        N_("Check the records of your sending domains."),
    ),
    BounceClass.POLICY: Cause(
        N_("The receiver's rules forbid it"),
        N_("Read the reply: it mostly names the rule."),
    ),
    BounceClass.CONTENT: Cause(
        N_("The content looks like spam"),
        N_("Look at links, attachments and wording of the template."),
    ),
    BounceClass.GREYLISTED: Cause(
        N_("The receiver asks to come again (greylisting)"),
        N_("Nothing to do: the next try mostly gets through."),
    ),
    BounceClass.DNS: Cause(
        N_("The receiver's DNS does not answer"),
        N_("Nothing to do: we try again. Check the domain if it lasts."),
    ),
    BounceClass.CONNECTION: Cause(
        N_("The receiver's server cannot be reached"),
        N_("Nothing to do: we try again until the time limit."),
    ),
    BounceClass.TLS: Cause(
        N_("No encrypted connection came about"),
        N_("The receiver's certificate or TLS is at fault; it has to mend it."),
    ),
    BounceClass.PROTOCOL: Cause(
        N_("The receiver broke the dialogue off"),
        N_("Read the reply; write to support if it repeats."),
    ),
}
_OTHER: Final = Cause(N_("Another reason"), N_("Read the receivers' replies in the list."))
_EXPIRED: Final = Cause(
    N_("Given up: the time limit ran out"),
    N_("The receivers did not take the mail for too long. Their replies say why."),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Bounce classes as people read them in a picture."""

    kind: str
    """The looks."""
    key: str
    """For programs."""
    name: str
    classes: tuple[str, ...] = ()
    """Empty: all that no other group names."""


GROUPS: Final = (
    Group(
        "b1",
        "no such recipient",
        N_("No such recipient"),
        ("bad-mailbox", "bad-domain", "inactive-mailbox"),
    ),
    Group("b2", "full", N_("Mailbox full"), ("mailbox-full", "too-big")),
    Group("b3", "policy", N_("Rules of the receiver"), ("policy", "sender-configuration")),
    Group("b4", "reputation", N_("Reputation"), ("reputation", "rate")),
    Group("b5", "connection", N_("DNS and connection"), ("dns", "connection", "tls", "protocol")),
    Group("b6", "content", N_("Content"), ("content",)),
    Group("b7", "other", N_("Other reasons")),
)
PERIODS: Final = {
    Period.DAY: N_("24 hours"),
    Period.WEEK: N_("7 days"),
    Period.MONTH: N_("30 days"),
    Period.QUARTER: N_("90 days"),
}


def cause_of(what: What, detail: str) -> Cause:
    """Say what stands behind a count."""
    if what is What.EXPIRED:
        return _EXPIRED
    known = detail in _CLASSES
    return CAUSES.get(BounceClass(detail), _OTHER) if known else _OTHER


_CLASSES: Final = {one.value for one in BounceClass}


class Words:
    """Writes in the visitor's language."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self.formats = visit.formats
        self.gettext = visit.gettext

    def provider(self, provider: Provider) -> str:
        """Name a provider."""
        return _PROVIDERS.get(provider) or self.gettext(N_("Others"))

    def count(self, number: float) -> str:
        """Write a number of recipients."""
        return self.formats.number(round(number))

    def slot(self, start: datetime, period: Period) -> str:
        """Name a slot."""
        day = self.formats.day(start)
        if period in (Period.DAY, Period.WEEK):
            return f"{day}, {self.formats.hour(start)}"
        return day

    def recipients(self, number: int) -> str:
        """Write how many recipients."""
        text = self._visit.ngettext("%(num)s recipient", "%(num)s recipients", number)
        return text % {"num": self.count(number)}

    def attempts(self, number: int) -> str:
        """Write how many attempts."""
        text = self._visit.ngettext("%(num)s attempt", "%(num)s attempts", number)
        return text % {"num": self.count(number)}

    def wait(self, wait: timedelta, *, is_open: bool = False) -> str:
        """Write a wait; an open one is only known to be longer."""
        return ("> " if is_open else "") + self.formats.seconds(wait)
