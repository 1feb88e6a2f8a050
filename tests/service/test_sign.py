"""SIGN: every key of the domain signs; keys are loaded once a minute and kept within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.letters import Writer
from tests.doubles.manual_clock import ManualClock

from sztafeta.account.sending_domain import DkimKey, KeyAlgorithm, SendingDomain
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.mail.dkim_key import make_key
from sztafeta.service.fresh_messages import as_queued
from sztafeta.service.ports import QueuedMessage
from sztafeta.service.sign import KEYS_KEPT, Sign
from sztafeta.workers.signers import Signers

KEY = make_key("s1", KeyAlgorithm.ED25519)


class Domains:
    """The accounts' side that SIGN asks, with its questions counted."""

    def __init__(self, *keys: DkimKey) -> None:
        self.keys = keys
        self.asked: list[str] = []

    async def smtp_account(self, login: str) -> SmtpAccount | None:
        return None

    async def sending_domain(self, domain: str) -> SendingDomain | None:
        self.asked.append(domain)
        if domain == "unknown.test":
            return None
        return SendingDomain(domain=domain, customer_id=1, keys=self.keys)


@pytest.fixture
async def hands() -> AsyncIterator[Signers]:
    signers = Signers(1)
    yield signers
    signers.stop()


def message(domain: str | None = "example.com") -> QueuedMessage:
    letter = as_queued(Writer().letter())
    return QueuedMessage(
        **{name: getattr(letter, name) for name in letter.__slots__} | {"signing_domain": domain}
    )


async def test_the_signature_is_a_header_field(hands: Signers) -> None:
    sign = Sign(accounts=Domains(KEY), hands=hands, clock=ManualClock())
    for _ in range(2):
        field = await sign.begin(message())
        assert field.startswith(b"DKIM-Signature: ")
        assert b"d=example.com" in field
        assert field.endswith(b"\r\n")


async def test_every_key_signs(hands: Signers) -> None:
    domains = Domains(KEY, make_key("s2", KeyAlgorithm.ED25519))
    sign = Sign(accounts=domains, hands=hands, clock=ManualClock())
    assert (await sign.begin(message())).count(b"DKIM-Signature: ") == 2


async def test_many_messages_at_once_have_the_keys_loaded_once(hands: Signers) -> None:
    """Each of them once loaded the keys for itself, and the loop stood still meanwhile."""
    domains = Domains(KEY)
    sign = Sign(accounts=domains, hands=hands, clock=ManualClock())
    signatures = await asyncio.gather(*(sign.begin(message()) for _ in range(20)))
    assert all(signatures)
    assert domains.asked == ["example.com"]


async def test_whoever_gives_up_takes_no_keys_from_the_others(hands: Signers) -> None:
    sign = Sign(accounts=Domains(KEY), hands=hands, clock=ManualClock())
    given_up, patient = sign.begin(message()), sign.begin(message())
    await asyncio.sleep(0)
    given_up.cancel()
    assert await patient


@pytest.mark.parametrize("domain", [None, "unknown.test", "example.com"])
async def test_without_a_key_nothing_is_written(hands: Signers, domain: str | None) -> None:
    sign = Sign(accounts=Domains(), hands=hands, clock=ManualClock())
    for _ in range(2):
        assert await sign.begin(message(domain)) == b""


async def test_a_domain_that_went_to_another_customer_signs_for_him_alone(hands: Signers) -> None:
    """Mail that waited since before bears nobody else's name."""
    sign = Sign(accounts=Domains(KEY), hands=hands, clock=ManualClock())
    for customer_id, count in ((2, 0), (1, 1), (2, 0)):
        signed = await sign.begin(replace(message(), customer_id=customer_id))
        assert signed.count(b"DKIM-Signature: ") == count


async def test_keys_are_asked_for_once_a_minute(hands: Signers) -> None:
    domains, clock = Domains(KEY), ManualClock()
    sign = Sign(accounts=domains, hands=hands, clock=clock)
    for seconds in (0, 59, 1):
        clock.advance(timedelta(seconds=seconds))
        await sign.begin(message())
    assert domains.asked == ["example.com"] * 2


async def test_the_keys_of_a_thousand_domains_are_kept(hands: Signers) -> None:
    domains = Domains()
    sign = Sign(accounts=domains, hands=hands, clock=ManualClock())
    for n in range(KEYS_KEPT + 1):
        await sign.begin(message(f"example{n}.test"))
    domains.asked.clear()
    await sign.begin(message("example1.test"))
    await sign.begin(message("example0.test"))
    assert domains.asked == ["example0.test"]
