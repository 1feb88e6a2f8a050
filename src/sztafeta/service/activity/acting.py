"""ACT: mail sent again, canceled or released by a member, one recipient or many.

What is changed is named recipient by recipient and checked against the member's reach first. The moves are
those of the operator's own hand in the queue, so that a sender at work and a cancel never both win.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sztafeta.account.activity import ActivityQuery
from sztafeta.account.api_key import Mode
from sztafeta.account.member import Member
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.activity.searching import Searching
from sztafeta.service.fault import Refusal
from sztafeta.service.messages import Messages
from sztafeta.service.ports import (
    AccountAdministration,
    ActivityRow,
    Clock,
    QueueAdministration,
    Selection,
)
from sztafeta.service.sending.call import Caller

AT_MOST: Final = 1_000
"""Recipients that one bulk action reaches; the page says so, and it may be repeated."""
SLICE: Final = 250
ANY: Final = ActivityQuery()


@dataclass(frozen=True, slots=True)
class SentAgain:
    """How a second sending went."""

    sent: int
    refused: tuple[Refusal, ...]


class Acting:
    """What a member may do to mail."""

    def __init__(
        self,
        *,
        searching: Searching,
        messages: Messages,
        administration: QueueAdministration,
        accounts: AccountAdministration,
        clock: Clock,
    ) -> None:
        self._searching = searching
        self._messages = messages
        self._administration = administration
        self._accounts = accounts
        self._clock = clock

    async def cancel(self, member: Member, recipient_ids: Collection[int]) -> int:
        """Take back what still waits; give how many that were."""
        changed = 0
        for part in await self._reached(member, recipient_ids):
            changed += await self._administration.cancel(
                part, now=self._clock.now(), reason="canceled in the panel"
            )
        return changed

    async def release(self, member: Member, recipient_ids: Collection[int]) -> int:
        """Let go what was held; give how many that were."""
        changed = 0
        for part in await self._reached(member, recipient_ids):
            changed += await self._administration.release(part, now=self._clock.now())
        return changed

    async def resend(
        self, member: Member, rows: Sequence[ActivityRow], *, address: str
    ) -> SentAgain:
        """Send to recipients once more, each message as a new one."""
        accounts = await self._callers(member, address)
        by_message: dict[int, list[ActivityRow]] = {}
        for row in rows:
            by_message.setdefault(row.message_id, []).append(row)
        sent, refused = 0, []
        for message_id, those in by_message.items():
            caller = accounts.get(those[0].account_id)
            if caller is None:
                continue
            only = frozenset(row.recipient_id for row in those)
            outcome = await self._messages.resend(caller, message_id, only=only)
            if isinstance(outcome, Refusal):
                refused.append(outcome)
            else:
                sent += len(only)
        return SentAgain(sent, tuple(refused))

    async def _reached(self, member: Member, recipient_ids: Collection[int]) -> list[Selection]:
        """Cut what the member reaches into slices."""
        ours = sorted(await self._searching.which(member, ANY, recipient_ids))
        return [
            Selection(
                customer_id=member.customer_id,
                recipient_ids=frozenset(ours[start : start + SLICE]),
            )
            for start in range(0, len(ours), SLICE)
        ]

    async def _callers(self, member: Member, address: str) -> dict[int, Caller]:
        """Give whom a second sending goes out for: the account that sent the first."""
        accounts = await self._accounts.smtp_accounts(member.customer_name)
        return {
            one.account_id: _caller(one, member, address)
            for one in accounts
            if one.customer_id == member.customer_id and member.reaches(one.account_id)
        }


def _caller(account: SmtpAccount, member: Member, address: str) -> Caller:
    return Caller(
        account=account,
        mode=Mode.LIVE,
        key_id="",
        address=address,
        client=f"member {member.member_id}",
        door="panel",
    )
