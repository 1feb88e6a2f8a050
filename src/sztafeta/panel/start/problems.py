"""Problems, grouped by their cause, each with what can be done about it and the way there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from sztafeta.account.login_cause import LoginCause
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.account.statistics.counts import What
from sztafeta.account.statistics.report import Bounces, Period
from sztafeta.panel.smtp_accounts import CAUSES
from sztafeta.panel.statistics import links
from sztafeta.panel.statistics.words import Words, cause_of
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit

MOST: Final = 5
"""Causes that are shown; the rest is in the statistics."""
MOST_ACCOUNTS: Final = 20
"""SMTP accounts whose failed logins are looked at."""
LOOKED_BACK: Final = timedelta(hours=24)
_BADGES: Final = {
    What.BOUNCED: (N_("Bounced"), "bad"),
    What.EXPIRED: (N_("Given up"), "bad"),
    What.DEFERRED: (N_("Put off"), "wait"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A cause with what to do."""

    badge: str
    kind: str
    title: str
    where: str
    advice: str
    href: str
    action: str


def mail_problem(words: Words, one: Bounces) -> Problem:
    """Tell of mail that met the same trouble."""
    cause = cause_of(one.what, one.detail)
    badge, kind = _BADGES[one.what]
    count = words.attempts if one.what is What.DEFERRED else words.recipients
    where = count(one.number)
    if one.share > 0.5:
        mostly = words.gettext(N_("mostly %(provider)s"))
        where += ", " + mostly % {"provider": words.provider(one.provider)}
    return Problem(
        badge=words.gettext(badge),
        kind=kind,
        title=words.gettext(cause.title),
        where=where,
        advice=words.gettext(cause.advice),
        href=links.messages(one.what, bounce_class=one.detail, period=Period.DAY),
        action=words.gettext(N_("See the messages")),
    )


async def login_problems(
    visit: Visit, words: Words, accounts: Sequence[SmtpAccount]
) -> Sequence[Problem]:
    """Tell of programs that could not log in, by account and cause."""
    found: Counter[tuple[str, LoginCause]] = Counter()
    for account in accounts[:MOST_ACCOUNTS]:
        for one in await visit.desk.smtp_logins.failures_of(account):
            if one.cause is not None and visit.now - one.at < LOOKED_BACK:
                found[account.login, one.cause] += 1
    return [
        Problem(
            badge=words.gettext(N_("Login failed")),
            kind="bad",
            title=words.gettext(N_("A program cannot log in as %(login)s")) % {"login": login},
            where=words.attempts(number),
            advice=words.gettext(CAUSES[cause]),
            href=f"/panel/smtp-accounts/{quote(login)}#failures",
            action=words.gettext(N_("See the logins")),
        )
        for (login, cause), number in found.most_common(MOST)
    ]
