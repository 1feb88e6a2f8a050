"""Refusals of a call: the words for each way in which it is not taken over."""

from __future__ import annotations

from typing import Final

from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.incoming import NO_ROOM
from sztafeta.service.rejection import Rejection
from sztafeta.service.remembering import KeyTrouble

MEGABYTE: Final = 1_000_000

KEY_TROUBLE: Final = {
    KeyTrouble.IN_PROGRESS: Refusal(
        code="idempotency_in_progress",
        http_status=409,
        text="The first call with this idempotency key is not finished",
        fix="Send the same call again in a moment: it gets the same answer.",
        retry_after=1,
    ),
    KeyTrouble.MISMATCH: Refusal(
        code="idempotency_mismatch",
        http_status=422,
        text="This idempotency key was used for another call within 24 hours",
        fix="Use a new key for a new call.",
    ),
}


def invalid(*faults: Fault) -> Refusal:
    """Refuse a call for its faults; they decide the code when all are of one kind that has a page."""
    if all(one.code == "from_not_allowed" for one in faults):
        return Refusal(
            code="from_not_allowed",
            http_status=403,
            text=faults[0].text,
            fix="Have the domain added to your sending domains, or send from one of them.",
            faults=faults,
        )
    first = faults[0].text[:1].upper() + faults[0].text[1:]
    others = f"; and {len(faults) - 1} more" if len(faults) > 1 else ""
    return Refusal(
        code="invalid",
        http_status=422,
        text=first + others,
        fix="Change what errors names and send the call again.",
        faults=faults,
    )


def refused(rejection: Rejection) -> Refusal:
    """Say in the words of a call what the other door would say."""
    if rejection is NO_ROOM:
        return Refusal(
            code="no_room",
            http_status=rejection.http_status,
            text=rejection.reply.text,
            fix=rejection.fix,
            retry_after=60,
        )
    is_sender = rejection.http_status == 403
    return Refusal(
        code="from_not_allowed" if is_sender else "invalid",
        http_status=rejection.http_status,
        text=rejection.reply.text,
        fix=rejection.fix,
        faults=(Fault(pointer="", code=rejection.code, text=rejection.reply.text),),
    )


def too_large(size: int, allowed: int, *, files: int = 0) -> Refusal:
    """Name both numbers, and why a file grows on its way into a message."""
    grown = f"; its attachments have {megabytes(files)} MB as files" if files else ""
    digits = next(some for some in range(1, 7) if _rounded(size, some) != _rounded(allowed, some))
    return Refusal(
        code="message_too_large",
        http_status=413,
        text=(
            f"The message has {_rounded(size, digits)} MB as e-mail, {_rounded(allowed, digits)} MB are"
            f" allowed{grown}. E-mail coding adds about 37 % to a file"
        ),
        fix="Send smaller files, or a link to them.",
    )


def megabytes(octets: int) -> str:
    """Write a size for people."""
    return _rounded(octets, 1)


def _rounded(octets: int, digits: int) -> str:
    return f"{octets / MEGABYTE:.{digits}f}"
