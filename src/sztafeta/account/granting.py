"""Granting: nobody gives a right that they do not have themselves (W-03)."""

from __future__ import annotations

from sztafeta.account.member import Member


def may_give(giver: Member, wanted: Member) -> bool:
    """Say whether a member may give somebody what `wanted` has, or take it from them."""
    if giver.is_administrator:
        return True
    return not wanted.is_administrator and _is_within(giver, wanted)


def _is_within(giver: Member, wanted: Member) -> bool:
    rights = all(giver.may(area, right) for area, right in wanted.rights.items())
    if giver.smtp_accounts is None:
        return rights
    return (
        rights and wanted.smtp_accounts is not None and wanted.smtp_accounts <= giver.smtp_accounts
    )
