"""What the verbs need from the outside world, stated as Protocols that hands implement.

Stores speak in whole units of work: each method is one transaction, durable when it returns, and fenced by
the epoch of the lease it acts under. Times are aware UTC datetimes; ids are those of `delivery.queue_id`.
"""

from sztafeta.service.ports.accounts import (
    AccountAdministration,
    AccountStore,
    AlreadyThere,
    Customer,
    NotThere,
)
from sztafeta.service.ports.administration import QueueAdministration, QueueOverview, Selection
from sztafeta.service.ports.clock import Clock
from sztafeta.service.ports.content import Bodies, Content, Spool
from sztafeta.service.ports.failures import BodyDamaged, StorageFull, StoreBroken, StoreBusy
from sztafeta.service.ports.history import (
    HistoryStore,
    MessageHistory,
    MessageSummary,
    RecipientHistory,
)
from sztafeta.service.ports.housekeeping import Housekeeping
from sztafeta.service.ports.messages import MessageStore, NewMessage, NewRecipient, QueuedMessage
from sztafeta.service.ports.queues import (
    Attempt,
    Claim,
    DueRecipient,
    LeasedQueue,
    QueueKey,
    QueueStore,
    Settlement,
)
from sztafeta.service.ports.wire import Connection, Dialer, DialFailure, Dialogue, Parcel, Router

__all__ = [
    "AccountAdministration",
    "AccountStore",
    "AlreadyThere",
    "Attempt",
    "Bodies",
    "BodyDamaged",
    "Claim",
    "Clock",
    "Connection",
    "Content",
    "Customer",
    "DialFailure",
    "Dialer",
    "Dialogue",
    "DueRecipient",
    "HistoryStore",
    "Housekeeping",
    "LeasedQueue",
    "MessageHistory",
    "MessageStore",
    "MessageSummary",
    "NewMessage",
    "NewRecipient",
    "NotThere",
    "Parcel",
    "QueueAdministration",
    "QueueKey",
    "QueueOverview",
    "QueueStore",
    "QueuedMessage",
    "RecipientHistory",
    "Router",
    "Selection",
    "Settlement",
    "Spool",
    "StorageFull",
    "StoreBroken",
    "StoreBusy",
]
