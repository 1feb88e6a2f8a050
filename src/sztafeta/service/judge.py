"""JUDGE: what each answer of a transaction means for its recipient, and when it is tried again.

The meaning of an answer is the table's (`delivery/verdict`), the waits are the ladder's (`delivery/retry`);
here they meet the recipients of one transaction, who share its chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sztafeta.delivery.retry import RetryPlan, next_due
from sztafeta.delivery.verdict import Answer, Outcome, Stage, Verdict, judge
from sztafeta.mail.envelope import Notify
from sztafeta.service.ports import DueRecipient
from sztafeta.value import value

DELAY_AFTER: Final = timedelta(hours=4)
"""When an author who asked for it is told of a delay (C-086)."""
_AFTER_RCPT: Final = frozenset({Stage.DATA, Stage.DOT})


@value(frozen=True, slots=True, kw_only=True)
class Judged:
    """One recipient's outcome, before it is written."""

    due: DueRecipient
    answer: Answer
    verdict: Verdict
    outcome: Outcome
    due_at: datetime | None
    """When it is tried again."""


def judge_all(
    recipients: Sequence[DueRecipient],
    answers: Sequence[Answer],
    *,
    now: datetime,
    plan: RetryPlan,
    draw: float,
) -> list[Judged]:
    """Judge the answers of one transaction.

    One draw for all: who was deferred together is tried together again (R-56). Another transaction at once
    is only for a hop that took some of the recipients; one that takes none would be asked for ever.
    """
    takes_some = any(answer.stage in _AFTER_RCPT for answer in answers)
    judged = []
    for due, answer in zip(recipients, answers, strict=True):
        verdict = judge(answer)
        outcome, due_at = verdict.outcome, None
        if outcome is Outcome.DEFERRED:
            at_once = verdict.at_once and takes_some
            due_at = now if at_once else _next_due(due, now, plan, draw)
            outcome = Outcome.EXPIRED if due_at is None else outcome
        judged.append(
            Judged(due=due, answer=answer, verdict=verdict, outcome=outcome, due_at=due_at)
        )
    return judged


def _next_due(due: DueRecipient, now: datetime, plan: RetryPlan, draw: float) -> datetime | None:
    """Climb the ladder; where the author wants to hear of a delay, a try is made at that moment."""
    due_at = next_due(
        attempt=due.attempt + 1,
        accepted_at=due.accepted_at,
        now=now,
        expires_at=due.expires_at,
        plan=plan,
        draw=draw,
    )
    notify, moment = due.forward_path.notify, due.accepted_at + DELAY_AFTER
    if due_at is None or notify is None or Notify.DELAY not in notify:
        return due_at
    return moment if now < moment < due_at else due_at


def is_delayed(due: DueRecipient) -> bool:
    """Say whether this is the try at the moment of the delay: there is one in a lifetime."""
    return due.due_at == due.accepted_at + DELAY_AFTER
