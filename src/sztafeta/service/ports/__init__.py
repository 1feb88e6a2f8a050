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
from sztafeta.service.ports.activity import (
    ActivityFilter,
    ActivityPage,
    ActivityRow,
    ActivityStore,
    Mark,
)
from sztafeta.service.ports.administration import QueueAdministration, QueueOverview, Selection
from sztafeta.service.ports.api_keys import ApiKeyStore, KeyDay, KeyUse
from sztafeta.service.ports.audit import AuditEntry, AuditQuery, AuditStore
from sztafeta.service.ports.clock import Clock
from sztafeta.service.ports.content import Bodies, Content, Spool
from sztafeta.service.ports.failures import BodyDamaged, StorageFull, StoreBroken, StoreBusy
from sztafeta.service.ports.feed import (
    TRIED,
    DayUsage,
    FeedEvent,
    FeedStore,
    MessageQuery,
    MessageRecord,
    RecipientSort,
    Standing,
    StandingCount,
    standing_of,
)
from sztafeta.service.ports.history import (
    HistoryStore,
    MessageHistory,
    MessageSummary,
    RecipientHistory,
)
from sztafeta.service.ports.housekeeping import Housekeeping
from sztafeta.service.ports.logins import LoginStore, SmtpLogin
from sztafeta.service.ports.members import (
    Credentials,
    LastAdministrator,
    MemberStore,
    Networks,
)
from sztafeta.service.ports.messages import (
    DEFAULT_POOL,
    TEST_POOL,
    AlreadyRemembered,
    MessageStore,
    NewMessage,
    NewRecipient,
    QueuedMessage,
    Remembered,
    TailedContent,
)
from sztafeta.service.ports.queues import (
    Attempt,
    Claim,
    DueRecipient,
    LeasedQueue,
    QueueKey,
    QueueStore,
    Settlement,
)
from sztafeta.service.ports.record_checks import KeptLook, RecordCheckStore
from sztafeta.service.ports.renderer import Renderer
from sztafeta.service.ports.sandbox import SandboxStore
from sztafeta.service.ports.second_factors import (
    LastFactor,
    Passkey,
    SecondFactorStore,
    Totp,
)
from sztafeta.service.ports.sessions import OpenSession, Session, SessionStore
from sztafeta.service.ports.sms import SmsFailed, SmsGateway
from sztafeta.service.ports.suppressions import (
    Suppression,
    SuppressionQuery,
    SuppressionReason,
    SuppressionStore,
)
from sztafeta.service.ports.tallies import Tally, TallyStore
from sztafeta.service.ports.template_uses import (
    LastData,
    TemplateUse,
    TemplateUser,
    TemplateUseStore,
)
from sztafeta.service.ports.templates import (
    ChangedMeanwhile,
    Sample,
    SampleStore,
    Template,
    TemplateStore,
    TemplateVersion,
)
from sztafeta.service.ports.texts import TextAnswer, TextLookUp
from sztafeta.service.ports.tickets import Ticket, TicketKind, TicketStore
from sztafeta.service.ports.wire import (
    Connection,
    Dialer,
    DialFailure,
    Dialogue,
    Parcel,
    QueueRouter,
    Router,
)
from sztafeta.service.ports.zones import Zone, ZoneLookUp

__all__ = [
    "DEFAULT_POOL",
    "TEST_POOL",
    "TRIED",
    "AccountAdministration",
    "AccountStore",
    "ActivityFilter",
    "ActivityPage",
    "ActivityRow",
    "ActivityStore",
    "AlreadyRemembered",
    "AlreadyThere",
    "ApiKeyStore",
    "Attempt",
    "AuditEntry",
    "AuditQuery",
    "AuditStore",
    "Bodies",
    "BodyDamaged",
    "ChangedMeanwhile",
    "Claim",
    "Clock",
    "Connection",
    "Content",
    "Credentials",
    "Customer",
    "DayUsage",
    "DialFailure",
    "Dialer",
    "Dialogue",
    "DueRecipient",
    "FeedEvent",
    "FeedStore",
    "HistoryStore",
    "Housekeeping",
    "KeptLook",
    "KeyDay",
    "KeyUse",
    "LastAdministrator",
    "LastData",
    "LastFactor",
    "LeasedQueue",
    "LoginStore",
    "Mark",
    "MemberStore",
    "MessageHistory",
    "MessageQuery",
    "MessageRecord",
    "MessageStore",
    "MessageSummary",
    "Networks",
    "NewMessage",
    "NewRecipient",
    "NotThere",
    "OpenSession",
    "Parcel",
    "Passkey",
    "QueueAdministration",
    "QueueKey",
    "QueueOverview",
    "QueueRouter",
    "QueueStore",
    "QueuedMessage",
    "RecipientHistory",
    "RecipientSort",
    "RecordCheckStore",
    "Remembered",
    "Renderer",
    "Router",
    "Sample",
    "SampleStore",
    "SandboxStore",
    "SecondFactorStore",
    "Selection",
    "Session",
    "SessionStore",
    "Settlement",
    "SmsFailed",
    "SmsGateway",
    "SmtpLogin",
    "Spool",
    "Standing",
    "StandingCount",
    "StorageFull",
    "StoreBroken",
    "StoreBusy",
    "Suppression",
    "SuppressionQuery",
    "SuppressionReason",
    "SuppressionStore",
    "TailedContent",
    "Tally",
    "TallyStore",
    "Template",
    "TemplateStore",
    "TemplateUse",
    "TemplateUseStore",
    "TemplateUser",
    "TemplateVersion",
    "TextAnswer",
    "TextLookUp",
    "Ticket",
    "TicketKind",
    "TicketStore",
    "Totp",
    "Zone",
    "ZoneLookUp",
    "standing_of",
]
