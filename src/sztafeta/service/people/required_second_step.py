"""The second step that is REQUIRED: of administrators whose customer has a verified sending domain (W-17).

Whoever has such an administrator's password can send mail in the name of that domain, so a password alone
must not be enough. It is asked of people in the panel; SMTP accounts and API keys know nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sztafeta.account.member import Member

TIME_TO_FINISH: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RequiredSecondStep:
    """Says of whom a second step is required, and who still has to set it up."""

    is_on: bool
    """The operator may switch the requirement off."""

    def binds(self, member: Member) -> bool:
        """Say whether a member may not be without a second factor."""
        return self.is_on and member.is_administrator and member.verified_domain_since is not None

    def is_missing(self, member: Member) -> bool:
        """Say whether a member must set one up before anything else."""
        return self.binds(member) and not member.has_second_factor

    def may_finish(self, member: Member, *, logged_in_at: datetime, now: datetime) -> bool:
        """Say whether a form may still be sent by somebody who must set one up.

        Whoever was logged in when the domain was verified may have been in the middle of a long form, and
        would lose it: such a session may send forms for an hour, while every page it opens is the set-up
        already. A session that was opened later may not: else a thief with the password would send forms
        without ever looking at a page.
        """
        since = member.verified_domain_since
        return since is not None and logged_in_at < since and now - since < TIME_TO_FINISH
