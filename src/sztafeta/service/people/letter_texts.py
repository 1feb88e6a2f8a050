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
    EMAIL_CONFIRM = "email-confirm"
    EMAIL_TAKEN = "email-taken"
    EMAIL_ASKED = "email-asked"
    EMAIL_CHANGED = "email-changed"
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
    (Letter.EMAIL_CONFIRM, "pl"): LetterText(
        subject="Potwierdź nowy adres e-mail",
        before=(
            "Dzień dobry,",
            "ten adres podano w panelu {service} jako nowy adres e-mail. Otwórz link, zaloguj się jak dotąd i"
            " potwierdź zmianę:",
        ),
        button="Potwierdź nowy adres",
        after=(
            "Link działa 30 minut i tylko raz.",
            "To nie Ty zmieniasz adres? Nic nie rób: bez potwierdzenia nic się nie zmieni.",
        ),
    ),
    (Letter.EMAIL_CONFIRM, "en"): LetterText(
        subject="Confirm your new e-mail address",
        before=(
            "Hello,",
            "this address was given in the panel of {service} as a new e-mail address. Open the link, log in"
            " as before and confirm the change:",
        ),
        button="Confirm the new address",
        after=(
            "The link works for 30 minutes and once.",
            "You are not changing your address? Do nothing: without a confirmation nothing changes.",
        ),
    ),
    (Letter.EMAIL_TAKEN, "pl"): LetterText(
        subject="Ten adres ma już konto",
        before=(
            "Dzień dobry,",
            "ten adres podano w panelu {service} jako nowy adres e-mail, ale należy już do innego konta. Nic"
            " się nie zmieniło. Jeśli to Twoje drugie konto, zaloguj się na nie tym adresem.",
        ),
        button="Zaloguj się",
        after=("To nie Ty? Nic nie rób.",),
    ),
    (Letter.EMAIL_TAKEN, "en"): LetterText(
        subject="This address has an account already",
        before=(
            "Hello,",
            "this address was given in the panel of {service} as a new e-mail address, but it belongs to"
            " another account already. Nothing has changed. If that is your other account, log in to it with"
            " this address.",
        ),
        button="Log in",
        after=("This was not you? Do nothing.",),
    ),
    (Letter.EMAIL_ASKED, "pl"): LetterText(
        subject="Prośba o zmianę adresu e-mail",
        before=(
            "Dzień dobry,",
            "dla {who} poproszono o zmianę adresu e-mail na {new} ({when}, z adresu IP {address})."
            " Dotychczasowy adres działa, dopóki nowy nie zostanie potwierdzony.",
            _NOT_YOU_PL,
        ),
    ),
    (Letter.EMAIL_ASKED, "en"): LetterText(
        subject="A change of your e-mail address was asked for",
        before=(
            "Hello,",
            "a change of the e-mail address of {who} to {new} was asked for {when}, from the IP address"
            " {address}. The present address works until the new one is confirmed.",
            _NOT_YOU_EN,
        ),
    ),
    (Letter.EMAIL_CHANGED, "pl"): LetterText(
        subject="Zmieniono adres e-mail",
        before=(
            "Dzień dobry,",
            "adres e-mail dla {who} zmieniono na {new} ({when}, z adresu IP {address}). Pozostałe sesje"
            " zakończono, a na dotychczasowy adres nie przyjdzie już nic z panelu.",
            "Jeśli to nie Ty, od razu powiedz o tym administratorowi firmy albo napisz do BOK.",
        ),
    ),
    (Letter.EMAIL_CHANGED, "en"): LetterText(
        subject="Your e-mail address was changed",
        before=(
            "Hello,",
            "the e-mail address of {who} was changed to {new} {when}, from the IP address {address}. All"
            " other sessions have ended, and nothing more comes from the panel to the former address.",
            "If this was not you, tell an administrator of your firm or customer service at once.",
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
