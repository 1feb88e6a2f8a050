"""Sending domains: domains a customer has proved to own, for which we sign."""

from __future__ import annotations

from dataclasses import dataclass

from sztafeta.mail.dkim_key import DkimKey, KeyAlgorithm

__all__ = ["DkimKey", "KeyAlgorithm", "SendingDomain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingDomain:
    """A domain with its keys; every key signs (RSA and Ed25519 together)."""

    domain: str
    customer_id: int
    keys: tuple[DkimKey, ...] = ()
