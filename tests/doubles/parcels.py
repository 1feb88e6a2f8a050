"""Parcels and content for tests of the client: small words for what a transaction carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sztafeta.mail.address import Mailbox, parse_mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.ports import Parcel
from sztafeta.smtp.cargo import Cargo

ALICE = Mailbox("alice", "example.com")
HELLO = (
    b"From: alice@example.com\r\nTo: bob@example.net\r\nMessage-ID: <1@example.com>\r\n"
    b"Subject: hello\r\n\r\n.A line that begins with a dot\r\nBye\r\n"
)
SIGNATURE = b"DKIM-Signature: v=1\r\n"


@dataclass(frozen=True)
class BytesContent:
    """Content in memory, given in blocks of any size."""

    octets: bytes
    block_size: int = 1 << 30

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.octets)

    def blocks(self) -> Iterator[bytes]:
        """Give the octets in order."""
        for start in range(0, len(self.octets), self.block_size):
            yield self.octets[start : start + self.block_size]


def envelope_to(*addresses: str, reverse_path: Mailbox | None = ALICE, **more: object) -> Envelope:
    """Make an envelope to addresses as people write them."""
    paths = tuple(ForwardPath(mailbox=parse_mailbox(address)) for address in addresses)
    return Envelope(reverse_path=reverse_path, forward_paths=paths, **more)  # type: ignore[arg-type]


def cargo_to(*addresses: str, content: bytes = HELLO, **more: object) -> Cargo:
    """Make what a transaction carries."""
    return Cargo(
        envelope=envelope_to(*addresses, **more),  # type: ignore[arg-type]
        header_prefix=SIGNATURE,
        content=BytesContent(content),
    )


def parcel_to(*addresses: str, content: bytes = HELLO, **more: object) -> Parcel:
    """Make the same for a connection."""
    cargo = cargo_to(*addresses, content=content, **more)
    return Parcel(
        envelope=cargo.envelope,
        header_prefix=cargo.header_prefix,
        content=BytesContent(content, block_size=65_536),
    )
