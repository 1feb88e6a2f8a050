"""All failure judgement in one table: what a reply or a failure means, and how far it reaches.

Unknown is temporary. The scope says who else is meant: the recipient, the message, the session (this
connection) or the site (the receivers behind one set of MX hosts). Rows are read from the top, the first
that fits counts; each has a name, which the history shows, and a sentence that says why. Postfix keeps such
a file (smtp_trouble.c); it is the best idea in it.
"""

from __future__ import annotations

from enum import Enum

from sztafeta.delivery.classify import BounceClass, classify
from sztafeta.smtp.reply import EnhancedStatus, Reply
from sztafeta.value import value


class Outcome(Enum):
    """What an attempt means for one recipient."""

    __hash__ = object.__hash__  # there is one of each: Enum's own hashes the name each time

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    EXPIRED = "expired"


class Scope(Enum):
    """How far a verdict reaches."""

    __hash__ = object.__hash__  # there is one of each: Enum's own hashes the name each time

    RECIPIENT = "recipient"
    MESSAGE = "message"
    SESSION = "session"
    SITE = "site"


class Stage(Enum):
    """Where in the dialogue an attempt stood when it ended."""

    __hash__ = object.__hash__  # there is one of each: Enum's own hashes the name each time

    ROUTE = "route"
    CONNECT = "connect"
    TLS = "tls"
    BANNER = "banner"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


class FailureKind(Enum):
    """How the other side failed without a usable reply."""

    DNS_TEMPORARY = "dns-temporary"
    NO_SUCH_DOMAIN = "no-such-domain"
    NO_MAIL_HOST = "no-mail-host"
    NULL_MX = "null-mx"
    LOOP = "loop"
    FORBIDDEN_ADDRESS = "forbidden-address"
    NO_SUCH_HOP = "no-such-hop"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    TLS = "tls"
    PROTOCOL = "protocol"
    SIZE = "size"
    NEEDS_SMTPUTF8 = "needs-smtputf8"
    NEEDS_8BITMIME = "needs-8bitmime"


@value(frozen=True, slots=True)
class Failure:
    """A failure of the other side that is not a reply: a timeout, a refusal, a bad certificate."""

    kind: FailureKind
    text: str
    """One line for the history; nothing internal."""


@value(frozen=True, slots=True)
class Answer:
    """What one recipient got, and where in the dialogue."""

    stage: Stage
    said: Reply | Failure


@value(frozen=True, slots=True)
class Verdict:
    """What an answer means."""

    outcome: Outcome
    scope: Scope
    rule: str
    """The name of the row that judged."""
    bounce_class: BounceClass
    site_trouble: bool = False
    """The site should be left alone for a while."""
    at_once: bool = False
    """Not a failure: try again in a new transaction, without waiting."""


@value(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. What is empty fits everything."""

    rule: str
    outcome: Outcome
    scope: Scope
    why: str
    stages: frozenset[Stage] = frozenset()
    kinds: frozenset[FailureKind] = frozenset()
    """Failures that it fits; empty: it fits replies."""
    codes: tuple[int, int] = (0, 999)
    """Reply codes that it fits, first and last."""
    subject_detail: frozenset[tuple[int, int]] = frozenset()
    """Enhanced statuses that it fits, without the class."""
    classes: frozenset[BounceClass] = frozenset()
    site_trouble: bool = False
    at_once: bool = False
    status: EnhancedStatus | None = None
    """What a notice says when the other side gave no enhanced status."""

    def fits(self, answer: Answer, bounce_class: BounceClass) -> bool:
        """Say whether this row judges the answer."""
        if self.stages and answer.stage not in self.stages:
            return False
        if isinstance(answer.said, Failure):
            return answer.said.kind in self.kinds
        return not self.kinds and self._fits_reply(answer.said, bounce_class)

    def _fits_reply(self, said: Reply, bounce_class: BounceClass) -> bool:
        if not self.codes[0] <= said.code <= self.codes[1]:
            return False
        if self.classes and bounce_class not in self.classes:
            return False
        if not self.subject_detail:
            return True
        status = said.status
        return status is not None and (status.subject, status.detail) in self.subject_detail


def _status(text: str) -> EnhancedStatus:
    klass, subject, detail = (int(part) for part in text.split("."))
    return EnhancedStatus(klass, subject, detail)


_CONNECTING = frozenset({Stage.CONNECT, Stage.TLS, Stage.BANNER, Stage.EHLO})
_TALKING = frozenset({Stage.BANNER, Stage.EHLO})
_CONTENT = frozenset({Stage.DATA, Stage.DOT})
_SILENCE = frozenset({FailureKind.TIMEOUT, FailureKind.CLOSED})

TABLE: tuple[Row, ...] = (
    # -- good news ---------------------------------------------------------------------------------
    Row(
        rule="accepted",
        stages=frozenset({Stage.DOT}),
        codes=(200, 299),
        outcome=Outcome.DELIVERED,
        scope=Scope.RECIPIENT,
        why="2xx to the final dot: the next hop took responsibility (RFC 5321 §4.2.5).",
        status=_status("2.0.0"),
    ),
    # -- what DNS says -----------------------------------------------------------------------------
    Row(
        rule="no-such-domain",
        kinds=frozenset({FailureKind.NO_SUCH_DOMAIN}),
        outcome=Outcome.BOUNCED,
        scope=Scope.RECIPIENT,
        why="The domain does not exist: waiting does not make it.",
        status=_status("5.1.2"),
    ),
    Row(
        rule="null-mx",
        kinds=frozenset({FailureKind.NULL_MX}),
        outcome=Outcome.BOUNCED,
        scope=Scope.RECIPIENT,
        why="The domain says that it takes no mail (RFC 7505 §3).",
        status=_status("5.1.10"),
    ),
    Row(
        rule="no-mail-host",
        kinds=frozenset({FailureKind.NO_MAIL_HOST}),
        outcome=Outcome.BOUNCED,
        scope=Scope.RECIPIENT,
        why="The domain has neither MX nor address (RFC 5321 §5.1).",
        status=_status("5.4.4"),
    ),
    Row(
        rule="loop",
        kinds=frozenset({FailureKind.LOOP}),
        outcome=Outcome.BOUNCED,
        scope=Scope.RECIPIENT,
        why="The domain's best MX is ourselves, and we do not keep its mail (RFC 5321 §5.1).",
        status=_status("5.4.6"),
    ),
    Row(
        rule="forbidden-address",
        kinds=frozenset({FailureKind.FORBIDDEN_ADDRESS}),
        outcome=Outcome.BOUNCED,
        scope=Scope.RECIPIENT,
        why="DNS leads to private, loopback or own addresses, which are never dialled.",
        status=_status("5.4.4"),
    ),
    Row(
        rule="no-such-hop",
        kinds=frozenset({FailureKind.NO_SUCH_HOP}),
        outcome=Outcome.DEFERRED,
        scope=Scope.SITE,
        why="A configured route leads to a host without address: our mistake, which somebody will mend.",
        site_trouble=True,
        status=_status("4.3.5"),  # RFC 3463 §3.4: system incorrectly configured
    ),
    Row(
        rule="dns-temporary",
        kinds=frozenset({FailureKind.DNS_TEMPORARY}),
        outcome=Outcome.DEFERRED,
        scope=Scope.SITE,
        why="DNS gave no answer for now; the domain's other mail need not ask again at once.",
        site_trouble=True,
        status=_status("4.4.3"),
    ),
    # -- what our own message lacks ------------------------------------------------------------------
    Row(
        rule="too-big-for-hop",
        kinds=frozenset({FailureKind.SIZE}),
        outcome=Outcome.BOUNCED,
        scope=Scope.MESSAGE,
        why="The hop's SIZE is smaller than the message (RFC 1870 §6.1).",
        status=_status("5.3.4"),
    ),
    Row(
        rule="needs-smtputf8",
        kinds=frozenset({FailureKind.NEEDS_SMTPUTF8}),
        outcome=Outcome.BOUNCED,
        scope=Scope.MESSAGE,
        why="No hop offers SMTPUTF8, and the address cannot be said otherwise (RFC 6531 §3.5).",
        status=_status("5.6.7"),
    ),
    Row(
        rule="needs-8bitmime",
        kinds=frozenset({FailureKind.NEEDS_8BITMIME}),
        outcome=Outcome.BOUNCED,
        scope=Scope.MESSAGE,
        why="The hop lacks 8BITMIME, and we do not convert signed content (RFC 6152 §3).",
        status=_status("5.6.3"),
    ),
    # -- silence -----------------------------------------------------------------------------------
    Row(
        rule="outcome-unknown",
        stages=frozenset({Stage.DOT}),
        kinds=_SILENCE | {FailureKind.PROTOCOL},
        outcome=Outcome.DEFERRED,
        scope=Scope.SESSION,
        why="Contact broke after the final dot: they may have it, so a copy may follow (RFC 1047).",
        site_trouble=True,
        status=_status("4.4.2"),
    ),
    Row(
        rule="cannot-connect",
        kinds=frozenset({FailureKind.REFUSED, FailureKind.UNREACHABLE}),
        outcome=Outcome.DEFERRED,
        scope=Scope.SITE,
        why="No hop can be reached: nobody else's mail will get through either.",
        site_trouble=True,
        status=_status("4.4.1"),
    ),
    Row(
        rule="silent-before-mail",
        stages=_CONNECTING,
        kinds=_SILENCE,
        outcome=Outcome.DEFERRED,
        scope=Scope.SITE,
        why="The hop went silent before it heard of any message.",
        site_trouble=True,
        status=_status("4.4.2"),
    ),
    Row(
        rule="silent",
        kinds=_SILENCE,
        outcome=Outcome.DEFERRED,
        scope=Scope.SESSION,
        why="The hop went silent in the middle of the transaction; nothing was taken.",
        site_trouble=True,
        status=_status("4.4.2"),
    ),
    Row(
        rule="tls-failed",
        kinds=frozenset({FailureKind.TLS}),
        outcome=Outcome.DEFERRED,
        scope=Scope.SESSION,
        why="Encryption is required and could not be had; certificates are mended, so we wait.",
        site_trouble=True,
        status=_status("4.7.5"),
    ),
    Row(
        rule="protocol-failure",
        kinds=frozenset({FailureKind.PROTOCOL}),
        outcome=Outcome.DEFERRED,
        scope=Scope.SESSION,
        why="The hop said something that is not SMTP: unknown is temporary.",
        status=_status("4.5.0"),
    ),
    # -- 4xx ---------------------------------------------------------------------------------------
    Row(
        rule="too-many-recipients",
        stages=frozenset({Stage.RCPT}),
        codes=(452, 452),
        subject_detail=frozenset({(5, 3)}),
        outcome=Outcome.DEFERRED,
        scope=Scope.RECIPIENT,
        why="The hop wants the other recipients in another transaction (RFC 5321 §4.5.3.1.10).",
        at_once=True,
        status=_status("4.5.3"),
    ),
    Row(
        rule="closing",
        codes=(421, 421),
        outcome=Outcome.DEFERRED,
        scope=Scope.SESSION,
        why="421 closes the session wherever it stands (RFC 5321 §3.8); come back later, and slower.",
        site_trouble=True,
        status=_status("4.3.2"),
    ),
    Row(
        rule="rate-limited",
        codes=(400, 499),
        classes=frozenset({BounceClass.RATE}),
        outcome=Outcome.DEFERRED,
        scope=Scope.SESSION,
        why="The receiver says that we are too fast.",
        site_trouble=True,
        status=_status("4.7.0"),
    ),
    Row(
        rule="not-now-greeting",
        stages=_TALKING,
        codes=(400, 499),
        outcome=Outcome.DEFERRED,
        scope=Scope.SITE,
        why="Every hop greets us with 4xx: no message is meant.",
        site_trouble=True,
        status=_status("4.3.2"),
    ),
    Row(
        rule="recipient-deferred",
        stages=frozenset({Stage.RCPT}),
        codes=(400, 499),
        outcome=Outcome.DEFERRED,
        scope=Scope.RECIPIENT,
        why="4xx to RCPT means this recipient alone (RFC 5321 §4.2.1).",
        status=_status("4.2.0"),
    ),
    Row(
        rule="message-deferred",
        codes=(400, 499),
        outcome=Outcome.DEFERRED,
        scope=Scope.MESSAGE,
        why="4xx to MAIL, DATA or the final dot means this message.",
        status=_status("4.0.0"),
    ),
    # -- 5xx ---------------------------------------------------------------------------------------
    Row(
        rule="refused-greeting",
        stages=_TALKING,
        codes=(500, 599),
        outcome=Outcome.BOUNCED,
        scope=Scope.SITE,
        why="Every hop refuses to talk to us at all (RFC 7504 §4, RFC 5321 §3.1).",
        status=_status("5.3.2"),
    ),
    Row(
        rule="too-many-recipients-5xx",
        stages=frozenset({Stage.RCPT}),
        codes=(552, 552),
        subject_detail=frozenset({(5, 3)}),
        outcome=Outcome.DEFERRED,
        scope=Scope.RECIPIENT,
        why="552 once meant 452 here, and some receivers still say it (RFC 5321 §4.5.3.1.10).",
        at_once=True,
        status=_status("4.5.3"),
    ),
    Row(
        rule="recipient-refused",
        stages=frozenset({Stage.RCPT}),
        codes=(500, 599),
        outcome=Outcome.BOUNCED,
        scope=Scope.RECIPIENT,
        why="5xx to RCPT means this recipient alone (RFC 5321 §4.2.1).",
        status=_status("5.1.0"),
    ),
    Row(
        rule="sender-refused",
        stages=frozenset({Stage.MAIL}),
        codes=(500, 599),
        outcome=Outcome.BOUNCED,
        scope=Scope.MESSAGE,
        why="5xx to MAIL means this message; nothing is remembered against the hop.",
        status=_status("5.0.0"),
    ),
    Row(
        rule="content-refused",
        stages=_CONTENT,
        codes=(500, 599),
        outcome=Outcome.BOUNCED,
        scope=Scope.MESSAGE,
        why="5xx to DATA or the final dot means all recipients of this transaction.",
        status=_status("5.6.0"),
    ),
    # -- the rest ----------------------------------------------------------------------------------
    Row(
        rule="out-of-place",
        outcome=Outcome.DEFERRED,
        scope=Scope.SESSION,
        why="A reply that has no place here (1xx, 3xx, 2xx too early): unknown is temporary.",
        status=_status("4.5.0"),
    ),
)

_ACCEPTED = Verdict(Outcome.DELIVERED, Scope.RECIPIENT, "accepted", BounceClass.NONE)


def judge(answer: Answer) -> Verdict:
    """Say what an answer means."""
    said = answer.said
    if answer.stage is Stage.DOT and isinstance(said, Reply) and said.is_positive:
        return _ACCEPTED  # the common case, by the table's first row
    bounce_class = _classify(said)
    row = _row(answer, bounce_class)
    return Verdict(row.outcome, row.scope, row.rule, bounce_class, row.site_trouble, row.at_once)


def _row(answer: Answer, bounce_class: BounceClass) -> Row:
    return next(row for row in TABLE if row.fits(answer, bounce_class))


def _classify(said: Reply | Failure) -> BounceClass:
    if isinstance(said, Reply):
        return classify(said)
    return CLASS_OF_FAILURE.get(said.kind, BounceClass.OTHER)


CLASS_OF_FAILURE = {
    FailureKind.DNS_TEMPORARY: BounceClass.DNS,
    FailureKind.NO_SUCH_DOMAIN: BounceClass.BAD_DOMAIN,
    FailureKind.NO_MAIL_HOST: BounceClass.BAD_DOMAIN,
    FailureKind.NULL_MX: BounceClass.BAD_DOMAIN,
    FailureKind.LOOP: BounceClass.DNS,
    FailureKind.FORBIDDEN_ADDRESS: BounceClass.DNS,
    FailureKind.NO_SUCH_HOP: BounceClass.DNS,
    FailureKind.REFUSED: BounceClass.CONNECTION,
    FailureKind.UNREACHABLE: BounceClass.CONNECTION,
    FailureKind.TIMEOUT: BounceClass.CONNECTION,
    FailureKind.CLOSED: BounceClass.CONNECTION,
    FailureKind.TLS: BounceClass.TLS,
    FailureKind.PROTOCOL: BounceClass.PROTOCOL,
    FailureKind.SIZE: BounceClass.SIZE,
    FailureKind.NEEDS_SMTPUTF8: BounceClass.CONTENT,
    FailureKind.NEEDS_8BITMIME: BounceClass.CONTENT,
}


def status_of(answer: Answer, outcome: Outcome) -> EnhancedStatus:
    """Give the enhanced status for a notice: theirs if they gave one of the right class, else the row's."""
    said = answer.said
    klass = 2 if outcome is Outcome.DELIVERED else 4 if outcome is Outcome.DEFERRED else 5
    if isinstance(said, Reply) and said.status is not None and said.status.klass == klass:
        return said.status
    if outcome is Outcome.EXPIRED:
        return _status("5.4.7")  # RFC 3463 §3.5: delivery time expired
    row = _row(answer, _classify(said))
    return row.status if row.status is not None else EnhancedStatus(klass, 0, 0)


def table_rows() -> list[tuple[str, str, str, str]]:
    """Give the table for print: rule, outcome, scope, why."""
    return [(row.rule, row.outcome.value, row.scope.value, row.why) for row in TABLE]
