"""The desk: the verbs and plain values that every route finds at its side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from sztafeta.account.api_key import ApiKey, Mode, Scope
from sztafeta.api import caller
from sztafeta.api.body import Bodies
from sztafeta.service.api_keys import ApiKeys
from sztafeta.service.certify import Certify
from sztafeta.service.messages import Messages
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.ports import (
    AccountAdministration,
    AccountStore,
    Clock,
    FeedStore,
    SuppressionStore,
)
from sztafeta.service.sandbox import Sandbox
from sztafeta.service.sending.send import SendVerb
from sztafeta.service.sending_domains import SendingDomains
from sztafeta.service.smtp_accounts import SmtpAccounts
from sztafeta.service.templates import Templates


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiLimits:
    """What a caller may ask for."""

    message_size: int
    """Octets of a message as it goes over the wire."""
    body_size: int
    """Octets of a call."""
    recipients: int = 1000
    """Addressees of a call."""
    batch: int = 500
    """Calls in one batch."""
    page: int = 500
    """Rows of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Handed to the application once; routes reach it through `at_desk`."""

    keys: ApiKeys
    accounts: AccountStore
    account_administration: AccountAdministration
    smtp_accounts: SmtpAccounts
    suppressions: SuppressionStore
    domains: SendingDomains
    feed: FeedStore
    bodies: Bodies
    limits: ApiLimits
    sending: SendVerb
    messages: Messages
    certify: Certify
    sandbox: Sandbox
    templates: Templates
    audit: AuditLog
    clock: Clock
    hostname: str
    base_url: str
    """Where the API is reached, without a slash at the end; links begin with it (W-34)."""


def at_desk(request: Request) -> Desk:
    """Give the desk of a request's application."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(at_desk)]


class Needs:
    """Proves the caller's key and that it has a scope; a dependency of routes."""

    def __init__(self, scope: Scope | None, *, mode: Mode = Mode.TEST) -> None:
        """With `mode` live, a test key is not enough."""
        self._scope = scope
        self._mode = mode

    async def __call__(self, request: Request) -> ApiKey:
        """Raises: Problem."""
        key = await caller.prove(request, at_desk(request).keys, self._scope)
        caller.refuse_other_mode(key, self._mode)
        return key


Anybody = Annotated[ApiKey, Depends(Needs(None))]
Sender = Annotated[ApiKey, Depends(Needs(Scope.SEND))]
Reader = Annotated[ApiKey, Depends(Needs(Scope.READ))]
TemplateEditor = Annotated[ApiKey, Depends(Needs(Scope.TEMPLATES))]
SuppressionEditor = Annotated[ApiKey, Depends(Needs(Scope.SUPPRESSIONS))]
DomainEditor = Annotated[ApiKey, Depends(Needs(Scope.DOMAINS))]
Administrator = Annotated[ApiKey, Depends(Needs(Scope.ADMIN))]
LiveAdministrator = Annotated[ApiKey, Depends(Needs(Scope.ADMIN, mode=Mode.LIVE))]
