"""The checklist: steps that tick themselves from facts; what is not there yet says so and leads nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sztafeta.account.member import Area, Member, Right
from sztafeta.panel.texts import N_
from sztafeta.service.ports.statistics import Beginnings


class Stage(Enum):
    """How far a step is."""

    DONE = "done"
    OPEN = "open"
    SOON = "soon"
    """The service cannot do it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line of the checklist."""

    title: str
    text: str
    stage: Stage
    href: str = ""
    """Empty: there is nothing to do here for this member."""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """All steps in the order in which one takes them."""

    steps: Sequence[Step]

    @property
    def open(self) -> int:
        """How many steps are still to be taken."""
        return sum(step.stage is Stage.OPEN for step in self.steps)

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(step.stage is Stage.DONE for step in self.steps)

    @property
    def possible(self) -> int:
        """How many can be done today."""
        return self.done + self.open


def checklist(facts: Beginnings, member: Member) -> Checklist:
    """Tick the steps, with the ways that are open to this member."""
    return Checklist(
        [
            _step(
                N_("Send a first test mail"),
                N_("With a test key, nothing leaves the test inbox: try as much as you like."),
                done=facts.has_test_mail,
                way=_way(member, Area.MESSAGES, Right.READ, "/panel/test-inbox"),
                action=N_("Open the test inbox"),
            ),
            _step(
                N_("Prove your sending domain"),
                N_("Some records in DNS show receivers that your mail is really yours."),
                done=facts.has_verified_domain,
                way=_way(member, Area.DOMAINS, Right.READ, "/panel/domains"),
                action=N_("Set the domain up"),
            ),
            _step(
                N_("Send the first real mail"),
                N_("Copy the ready settings of an SMTP account into your shop or application."),
                done=facts.has_real_mail,
                way=_way(member, Area.SMTP_ACCOUNTS, Right.READ, "/panel/smtp-accounts"),
                action=N_("Copy the settings"),
            ),
            _step(
                N_("Secure the account"),
                N_("Invite a second person, or add a second factor to your own login."),
                done=facts.members > 1 or member.has_second_factor,
                way="/panel/profile",
                action=N_("Add a second factor"),
            ),
            _soon(N_("Get told by webhook"), N_("Your application hears of every delivery.")),
            _soon(
                N_("Sign the data processing agreement"),
                N_("Here, with a code, as soon as this page can do it. Until then, ask support."),
            ),
            _soon(
                N_("Set up settlements"),
                N_("Packages and invoices will be here. Nothing is charged before that."),
            ),
        ]
    )


def _step(title: str, text: str, *, done: bool, way: str, action: str) -> Step:
    stage = Stage.DONE if done else Stage.OPEN
    return Step(title=title, text=text, stage=stage, href="" if done else way, action=action)


def _soon(title: str, text: str) -> Step:
    return Step(title=title, text=text, stage=Stage.SOON)


def _way(member: Member, area: Area, right: Right, path: str) -> str:
    return path if member.may(area, right) else ""
