"""The verbs of people, side by side: how they come in, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from sztafeta.service.people.beside import Beside
from sztafeta.service.people.email_change import EmailChange
from sztafeta.service.people.invitations import Invitations
from sztafeta.service.people.log_in import LogIn
from sztafeta.service.people.passkeys import Passkeys
from sztafeta.service.people.passwords import Passwords
from sztafeta.service.people.people import People
from sztafeta.service.people.required_second_step import RequiredSecondStep
from sztafeta.service.people.second_factors import SecondFactors
from sztafeta.service.people.second_step import SecondStep
from sztafeta.service.people.sign_up import SignUp


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleVerbs:
    """A drawer of the desk."""

    sign_up: SignUp
    log_in: LogIn
    second_step: SecondStep
    required_second_step: RequiredSecondStep
    passwords: Passwords
    email_change: EmailChange
    second_factors: SecondFactors
    passkeys: Passkeys
    people: People
    invitations: Invitations
    beside: Beside
    """What is still being written beside answers that were given."""
    service_name: str
    terms_url: str
    """Empty: there are none to link to."""
