"""Sentences for what the verbs of people refuse: what is wrong, why, and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sztafeta.account.password import PasswordFault
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.people.email_change import EmailFault
from sztafeta.service.people.log_in import LoginFault, LoginRefused
from sztafeta.service.people.passwords import PasswordRefusal
from sztafeta.service.people.people import PeopleFault

PASSWORD_FAULTS: Final = {
    PasswordFault.TOO_SHORT: N_(
        "Too short: use at least 12 characters. Four random words are easy to keep."
    ),
    PasswordFault.TOO_LONG: N_("Too long: use at most 256 characters."),
    PasswordFault.COMMON: N_(
        "This password is among the first that attackers try. Choose another one."
    ),
    PasswordFault.PATTERN: N_(
        "Rows of keys, counting and repeated letters are guessed at once. Choose another one."
    ),
    PasswordFault.ABOUT_YOU: N_(
        "The name of the firm, yours or the e-mail address is what attackers try. Choose another one."
    ),
    PasswordFault.SMTP_PASSWORD: N_(
        "This is the password of one of your SMTP accounts. That one stands in your shop's or program's"
        " configuration, and whoever reads it would come into the panel, too. These are two kinds of"
        " passwords: choose another one for the panel."
    ),
    PasswordFault.SAME: N_("This is the password you have now. Choose another one."),
}
PASSWORD_REFUSALS: Final = {
    PasswordRefusal.WRONG_OLD: N_("This is not your current password."),
    PasswordRefusal.WAIT: N_("Too many tries. Wait a quarter of an hour and try again."),
    PasswordRefusal.GONE: N_("This link has run out or was used. Ask for a new one."),
}
EMAIL_FAULTS: Final = {
    EmailFault.SAME: N_("This is the address you have now."),
    EmailFault.CLOSED: N_(
        "This service cannot write letters yet, so customer service changes the address."
    ),
    EmailFault.WAIT: N_("You asked for this five times within an hour. Try again in an hour."),
    EmailFault.GONE: N_(
        "The address was not changed: the link was used, or somebody else has the address now."
    ),
}
PEOPLE_FAULTS: Final = {
    PeopleFault.EXCEEDS: N_("You cannot give or take rights that you do not have yourself."),
    PeopleFault.LAST_ADMINISTRATOR: N_(
        "This is the last administrator: nobody else could run the account. Make somebody else an"
        " administrator first."
    ),
    PeopleFault.TAKEN: N_("Somebody with this e-mail address is among your people already."),
    PeopleFault.YOURSELF: N_("Nobody changes their own rights. Ask another administrator."),
    PeopleFault.NOT_THERE: N_("This person is not there any more."),
    PeopleFault.TOO_MANY: N_("There are 50 open invitations. Withdraw those that nobody needs."),
    PeopleFault.LOCKED_OUT: N_(
        "Your own address is not on this list: saving it would lock you out. Add your address."
    ),
    PeopleFault.NOT_WRITTEN: N_(
        "The letter was not sent: this address got three today, or the service cannot write letters yet."
        " Try again tomorrow, or ask customer service."
    ),
    PeopleFault.GONE: N_(
        "This invitation has run out, was withdrawn or was used. Ask for a new one."
    ),
}
REQUIRED_WHY: Final = N_(
    "Your firm has a verified domain, and whoever stole an administrator's password could send mail in its"
    " name: that is why administrators need a second step at login."
)
LAST_FACTOR: Final = N_(
    "This is your last second step, and administrators of a firm with a verified domain need one. Add"
    " another one first, then remove this one."
)
BUSY: Final = N_("Many people are logging in right now. Try again in a few seconds.")
_LOGIN_FAULTS: Final = {
    LoginFault.WRONG: N_("The account name, e-mail or password is wrong."),
    LoginFault.BUSY: BUSY,
    LoginFault.SWITCHED_OFF: N_(
        "This account is switched off. An administrator of your firm or customer service can tell you why."
    ),
    LoginFault.NOT_FROM_HERE: N_(
        "Your firm allows the panel from chosen IP addresses only, and yours, %(address)s, is not one of"
        " them. Log in from the office, or ask an administrator to add it."
    ),
    LoginFault.GONE: N_("The login took too long or too many tries. Begin again."),
}


def login_sentence(visit: Visit, refused: LoginRefused) -> str:
    """Say why somebody is not let in."""
    if refused.fault is LoginFault.WAIT:
        return _wait_sentence(visit, refused.wait)
    return visit.gettext(_LOGIN_FAULTS[refused.fault]).replace("%(address)s", visit.address)


def _wait_sentence(visit: Visit, wait: timedelta) -> str:
    """Say how long to wait, in whole seconds or minutes."""
    seconds = max(1, round(wait.total_seconds()))
    if seconds < 100:
        text = visit.ngettext(
            "There were many wrong passwords. Try again in %(num)s second.",
            "There were many wrong passwords. Try again in %(num)s seconds.",
            seconds,
        )
        return text % {"num": seconds}
    minutes = -(-seconds // 60)
    text = visit.ngettext(
        "There were many wrong passwords. Try again in %(num)s minute.",
        "There were many wrong passwords. Try again in %(num)s minutes.",
        minutes,
    )
    return text % {"num": visit.formats.number(minutes)}
