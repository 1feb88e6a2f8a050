"""What the service writes to the people of its customers, in both languages, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Letter(Enum):
    """What is written about."""

    CONFIRM = "confirm"
    ALREADY_THERE = "already-there"
    RESET = "reset"
    INVITATION = "invitation"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a letter's name
    SECOND_FACTOR_CHANGED = "second-factor-changed"
    GUESSED_AT = "guessed-at"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterText:
    """One letter in one language; `{name}` and the like are filled in."""

    subject: str
    before: tuple[str, ...]
    """Paragraphs above the button."""
    button: str = ""
    after: tuple[str, ...] = ()


_NOT_YOU_PL: Final = "Jeśli to nie Ty, ustaw nowe hasło i sprawdź listę sesji: {link}"
_NOT_YOU_EN: Final = "If this was not you, set a new password and look at your sessions: {link}"

TEXTS: Final[dict[tuple[Letter, str], LetterText]] = {
    (Letter.CONFIRM, "pl"): LetterText(
        subject="Potwierdź adres e-mail",
        before=(
            "Dzień dobry,",
            "ten adres podano przy zakładaniu konta firmy {company} w {service}. Potwierdź go, a hasło do"
            " panelu przyjdzie SMS-em na numer {phone}.",
        ),
        button="Potwierdź adres",
        after=(
            "Link działa 24 godziny.",
            "To nie Ty zakładasz konto? Nic nie rób: bez potwierdzenia konto nie powstanie.",
        ),
    ),
    (Letter.CONFIRM, "en"): LetterText(
        subject="Confirm your e-mail address",
        before=(
            "Hello,",
            "this address was given to open an account for {company} at {service}. Confirm it, and the"
            " panel password comes by SMS to {phone}.",
        ),
        button="Confirm the address",
        after=(
            "The link works for 24 hours.",
            "You are not opening an account? Do nothing: without your confirmation there will be none.",
        ),
    ),
    (Letter.ALREADY_THERE, "pl"): LetterText(
        subject="Masz już konto",
        before=(
            "Dzień dobry,",
            "ktoś chciał założyć w {service} konto na ten adres. Konto z tym adresem już istnieje: zaloguj"
            " się, a jeśli nie pamiętasz hasła, ustaw nowe na stronie logowania.",
        ),
        button="Zaloguj się",
        after=("To nie Ty? Nic nie rób: nic się nie zmieniło.",),
    ),
    (Letter.ALREADY_THERE, "en"): LetterText(
        subject="You have an account already",
        before=(
            "Hello,",
            "somebody wanted to open an account at {service} with this address. There is one already: log"
            " in, and if you do not remember the password, set a new one on the login page.",
        ),
        button="Log in",
        after=("This was not you? Do nothing: nothing has changed.",),
    ),
    (Letter.RESET, "pl"): LetterText(
        subject="Nowe hasło do panelu",
        before=(
            "Dzień dobry,",
            "poproszono o nowe hasło do panelu {service} dla konta {account}. Ustaw je tutaj:",
        ),
        button="Ustaw nowe hasło",
        after=(
            "Link działa 30 minut i tylko raz. Hasła kont SMTP się nie zmieniają, a weryfikacja"
            " dwuetapowa pozostaje włączona.",
            "To nie Ty? Nic nie rób: dotychczasowe hasło nadal działa.",
        ),
    ),
    (Letter.RESET, "en"): LetterText(
        subject="A new panel password",
        before=(
            "Hello,",
            "a new password for the panel of {service} was asked for, for the account {account}. Set it"
            " here:",
        ),
        button="Set a new password",
        after=(
            "The link works for 30 minutes and once. Passwords of SMTP accounts do not change, and the"
            " second step at login stays switched on.",
            "This was not you? Do nothing: the old password still works.",
        ),
    ),
    (Letter.INVITATION, "pl"): LetterText(
        subject="Zaproszenie do panelu firmy {company}",
        before=(
            "Dzień dobry,",
            "{inviter} zaprasza Cię do panelu {service}, z którego wysyła pocztę {company}.",
        ),
        button="Przyjmij zaproszenie",
        after=("Link działa 7 dni.", "Nie znasz tej firmy? Nic nie rób."),
    ),
    (Letter.INVITATION, "en"): LetterText(
        subject="An invitation to the panel of {company}",
        before=(
            "Hello,",
            "{inviter} invites you to the panel of {service}, by which {company} sends its mail.",
        ),
        button="Accept the invitation",
        after=("The link works for 7 days.", "You do not know this firm? Do nothing."),
    ),
    (Letter.PASSWORD_CHANGED, "pl"): LetterText(
        subject="Zmieniono hasło do panelu",
        before=(
            "Dzień dobry,",
            "hasło do panelu dla {who} zmieniono {when}, z adresu {address}. Pozostałe sesje zakończono.",
            _NOT_YOU_PL,
        ),
    ),
    (Letter.PASSWORD_CHANGED, "en"): LetterText(
        subject="The panel password was changed",
        before=(
            "Hello,",
            "the panel password of {who} was changed {when}, from {address}. All other sessions have ended.",
            _NOT_YOU_EN,
        ),
    ),
    (Letter.SECOND_FACTOR_CHANGED, "pl"): LetterText(
        subject="Zmieniono weryfikację dwuetapową",
        before=(
            "Dzień dobry,",
            "weryfikację dwuetapową dla {who} zmieniono {when}, z adresu {address}. Pozostałe sesje"
            " zakończono.",
            _NOT_YOU_PL,
        ),
    ),
    (Letter.SECOND_FACTOR_CHANGED, "en"): LetterText(
        subject="The second step of your login was changed",
        before=(
            "Hello,",
            "the second step at the login of {who} was changed {when}, from {address}. All other sessions"
            " have ended.",
            _NOT_YOU_EN,
        ),
    ),
    (Letter.GUESSED_AT, "pl"): LetterText(
        subject="Ktoś zgaduje hasło do panelu",
        before=(
            "Dzień dobry,",
            "na konto {who} próbowano się zalogować 10 razy złym hasłem, ostatnio {when} z adresu {address}."
            " Kolejne próby czekają coraz dłużej; Ty logujesz się jak zwykle.",
            "Włącz weryfikację dwuetapową, żeby samo hasło nie wystarczało: {link}",
        ),
    ),
    (Letter.GUESSED_AT, "en"): LetterText(
        subject="Somebody is guessing your panel password",
        before=(
            "Hello,",
            "a login as {who} was tried ten times with a wrong password, last {when} from {address}. Further"
            " tries wait longer and longer; you log in as usual.",
            "Switch the second step on, so that a password alone is not enough: {link}",
        ),
    ),
}
