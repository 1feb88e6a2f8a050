"""Rejections: the customer's errors, as values with the SMTP reply and the HTTP problem side by side."""

from __future__ import annotations

from dataclasses import dataclass

from sztafeta.smtp.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why a verb refuses, in the words of both faces."""

    reply: Reply
    http_status: int
    code: str
    """A stable word for programs, for example `sender-domain-not-yours`."""
    fix: str
    """One sentence: what to change."""
