"""What the contract tests put into a store: messages, claims and settlements, short to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.doubles.manual_clock import ManualClock

from sztafeta.account.api_key import Mode
from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.mail.address import Mailbox, parse_mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.ports import (
    Attempt,
    Claim,
    Content,
    DueRecipient,
    LeasedQueue,
    NewMessage,
    NewRecipient,
    Settlement,
)
from sztafeta.store.bodies import RowContent

ALICE = Mailbox("alice", "example.com")
BODY = b"Subject: hello\r\n\r\nhello\r\n"


@dataclass(slots=True)
class Writer:
    """Writes letters, claims and settlements at the clock's time."""

    clock: ManualClock = field(default_factory=ManualClock)
    ids: IdSource = field(default_factory=lambda: IdSource(7))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def letter(
        self,
        *to: str,
        customer_id: int = 1,
        content: Content | None = None,
        message_id: int | None = None,
        reverse_path: Mailbox | None = ALICE,
        ttl: timedelta = timedelta(hours=48),
        state: State = State.QUEUED,
        subject: str = "hello",
        due_at: datetime | None = None,
        mode: Mode = Mode.LIVE,
        submission_id: int | None = None,
        tags: tuple[str, ...] = (),
        metadata: dict[str, str] | None = None,
        header_message_id: str = "<1@example.com>",
        key_id: str = "",
    ) -> NewMessage:
        """Write a message to these addresses."""
        message_id = self.ids.next(self.now) if message_id is None else message_id
        recipients = tuple(
            NewRecipient(
                recipient_id=self.ids.next(self.now),
                forward_path=ForwardPath(mailbox=parse_mailbox(address)),
                state=state,
                due_at=due_at,
            )
            for address in to or ("bob@example.net",)
        )
        return NewMessage(
            message_id=message_id,
            customer_id=customer_id,
            account_id=10 + customer_id,
            envelope=Envelope(reverse_path=reverse_path, eight_bit=True),
            recipients=recipients,
            content=content or RowContent(BODY),
            header_message_id=header_message_id,
            subject=subject,
            signing_domain="example.com",
            accepted_at=self.now,
            expires_at=self.now + ttl,
            source={"protocol": "ESMTPSA"} | ({"key_id": key_id} if key_id else {}),
            events=tuple(
                self.event(message_id, one.recipient_id, EventKind.QUEUED) for one in recipients
            ),
            mode=mode,
            submission_id=submission_id,
            tags=tags,
            metadata=metadata or {},
        )

    def event(self, message_id: int, recipient_id: int, kind: EventKind) -> Event:
        """Say that something happened to a recipient."""
        return Event(
            event_id=self.ids.next(self.now),
            recipient_id=recipient_id,
            message_id=message_id,
            kind=kind,
            at=self.now,
            details={"by": "test"},
        )

    def attempt(self, number: int, outcome: str = "delivered") -> Attempt:
        """Describe one try."""
        return Attempt(
            number=number,
            started_at=self.now,
            ended_at=self.now + timedelta(milliseconds=5),
            outcome=outcome,
            stage="dot",
            hop="mx.example.net[192.0.2.1]:25",
            reply_code=250,
            reply_status="2.0.0",
            reply_text="Ok",
            tls="TLSv1.3",
            transcript="",
            rule="dot-2xx",
        )

    def settlement(
        self,
        due: DueRecipient,
        queue: LeasedQueue,
        state: State = State.DELIVERED,
        *,
        due_at: datetime | None = None,
        notices: Sequence[NewMessage] = (),
    ) -> Settlement:
        """Say what became of a claimed recipient."""
        kind = EventKind.DELIVERED if state.is_final else EventKind.DEFERRED
        return Settlement(
            recipient_id=due.recipient_id,
            message_id=due.message_id,
            queue_id=due.queue_id,
            epoch=queue.epoch,
            state=state,
            due_at=due_at,
            attempt=self.attempt(due.attempt + 1, kind.value),
            events=(self.event(due.message_id, due.recipient_id, kind),),
            notices=tuple(notices),
        )


def claim(due: DueRecipient, queue: LeasedQueue) -> Claim:
    """Wish to try a recipient."""
    return Claim(
        recipient_id=due.recipient_id,
        queue_id=queue.queue_id,
        epoch=queue.epoch,
        attempt=due.attempt + 1,
    )
