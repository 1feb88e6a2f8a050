"""CERTIFY: a signed statement about a delivery, for whoever must prove one later.

Only live mail that a server took over, and did not send back since, is certified: what was refused, given up
or played in the test inbox has a history, and no certificate. The same history gives the same octets, while
the content is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final

from sztafeta.account.api_key import Mode
from sztafeta.delivery.certificate.claims import DeliveryCertificate
from sztafeta.delivery.certificate.document import write_document
from sztafeta.delivery.certificate.signing_key import SigningKey
from sztafeta.delivery.hop import read_hop
from sztafeta.delivery.queue_id import to_text
from sztafeta.delivery.state import State
from sztafeta.delivery.verdict import Outcome
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import (
    Attempt,
    BodyDamaged,
    Content,
    MessageRecord,
    QueueStore,
    RecipientHistory,
)

KEYS_PATH: Final = "/.well-known/sztafeta-certificates.json"
"""Where the public key is published (RFC 8615 §3)."""


class Certify:
    """Writes delivery certificates; one instance serves all faces."""

    def __init__(self, *, queues: QueueStore, key: SigningKey, issuer: str, keys_url: str) -> None:
        """`issuer` is our host name; `keys_url` is where others find the public key."""
        self._queues = queues
        self._key = key
        self._issuer = issuer
        self.keys_url = keys_url

    @property
    def key_id(self) -> str:
        """The fingerprint of the key that signs."""
        return self._key.key_id

    def key_set(self) -> dict[str, Any]:
        """Give the public key as a JWK set."""
        return self._key.key_set()

    async def certificate(
        self, record: MessageRecord, recipient: RecipientHistory, *, customer: str
    ) -> DeliveryCertificate | Refusal:
        """Give what is certified about one recipient of a message of a customer."""
        attempt = delivery_of(record, recipient)
        if attempt is None or recipient.final_at is None:
            return _refusal(record, recipient)
        hop = read_hop(attempt.hop)
        return DeliveryCertificate(
            issuer=self._issuer,
            customer=customer,
            sender=record.author,
            recipient=str(recipient.forward_path.mailbox),
            accepted_at=record.accepted_at,
            delivered_at=recipient.final_at,
            server=hop.host,
            address=hop.address,
            reply=attempt.reply,
            tls=attempt.tls,
            attempt=attempt.number,
            queue_id=to_text(record.message_id),
            message_id=record.header_message_id,
            subject=record.subject,
            size=record.size,
            sha256=await self._sha256(record.message_id),
        )

    def signed(self, certificate: DeliveryCertificate) -> bytes:
        """Give the file that is archived."""
        return write_document(certificate, self._key, self.keys_url)

    async def _sha256(self, message_id: int) -> str:
        """Give the digest of a message's content; empty: it is not kept any more, or damaged."""
        try:
            stored = await self._queues.message(message_id)
        except BodyDamaged:
            return ""
        return "" if stored is None else await asyncio.to_thread(_digest, stored.content)


def delivery_of(record: MessageRecord, recipient: RecipientHistory) -> Attempt | None:
    """Give the attempt that a certificate is about; None: there is nothing to certify."""
    if record.mode is not Mode.LIVE or recipient.state is not State.DELIVERED:
        return None
    done = [one for one in recipient.attempts if one.outcome == Outcome.DELIVERED.value]
    return done[-1] if done else None


def certificate_name(certificate: DeliveryCertificate) -> str:
    """Name the file."""
    return f"certificate-{certificate.queue_id}.json"


def _digest(content: Content) -> str:
    digest = hashlib.sha256()
    for block in content.blocks():
        digest.update(block)
    return digest.hexdigest()


def _refusal(record: MessageRecord, recipient: RecipientHistory) -> Refusal:
    """Say why there is no certificate, and whether there will be one."""
    stands = f"{to_text(record.message_id)} to {recipient.forward_path.mailbox}"
    state = recipient.state
    if record.mode is Mode.TEST:
        stands += " is test mail, which no server took over"
        fix = "Send it with a live key: what a test key sends is played, and proves nothing."
    elif state.is_final:
        stands += f" is {state.name.lower()}"
        fix = "There will be none: the message's events say what became of it."
    else:
        stands += f" is {state.name.lower()}"
        fix = "Ask again after the event message.delivered."
    return Refusal(code="not_certified", http_status=409, text=stands, fix=fix)
