"""The verbs of sending, introduced to the store and to each other once; every face is given the same."""

from __future__ import annotations

from dataclasses import dataclass

from sztafeta.bootstrap.certify import certify
from sztafeta.bootstrap.domains import domain_records, sending_domains
from sztafeta.config import Settings
from sztafeta.delivery.queue_id import IdSource
from sztafeta.service.accept import Accept, Ready
from sztafeta.service.certify import Certify
from sztafeta.service.composing import Composer
from sztafeta.service.domain_records import DomainRecords, Tell, tell_nobody
from sztafeta.service.messages import Messages
from sztafeta.service.ports import Clock, Renderer
from sztafeta.service.queue_sight import QueueSight, Windows
from sztafeta.service.remembering import Remembering
from sztafeta.service.sandbox import Sandbox
from sztafeta.service.sending.answering import Answering
from sztafeta.service.sending.rendering import Rendering
from sztafeta.service.sending.send import Sending
from sztafeta.service.sending_domains import SendingDomains
from sztafeta.service.submitting import Submit
from sztafeta.service.suppressed import Suppressed
from sztafeta.service.template_preview import Previews
from sztafeta.service.template_uses import TemplateUses
from sztafeta.service.templates import Templates
from sztafeta.store.open import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbs:
    """What the faces call."""

    submit: Submit
    """For the submission face."""
    sending: Sending
    messages: Messages
    certify: Certify
    templates: Templates
    domains: SendingDomains
    domain_records: DomainRecords
    previews: Previews
    template_uses: TemplateUses
    sandbox: Sandbox
    sight: QueueSight | None
    """What is seen of the queues; None where none is held."""


def open_verbs(
    settings: Settings,
    store: Store,
    *,
    schedule: Ready,
    renderer: Renderer,
    ids: IdSource,
    clock: Clock,
    tell: Tell = tell_nobody,
    windows: Windows | None = None,
) -> Verbs:
    """Introduce the verbs to each other."""
    suppressed = Suppressed(store.suppressions, clock=clock)
    remembering = Remembering(store.messages, clock=clock)
    accept = Accept(
        store=store.messages,
        bodies=store.bodies,
        schedule=schedule,
        ids=ids,
        clock=clock,
        composer=Composer(settings.hostname, max_hops=settings.limits.hops),
        suppressed=suppressed,
        patience=settings.limits.accept,
    )
    template_uses = TemplateUses(store=store.template_uses, clock=clock)
    sending = Sending(
        accept=accept,
        rendering=Rendering(templates=store.templates, renderer=renderer),
        suppressed=suppressed,
        answering=Answering(remembering, clock=clock),
        template_uses=template_uses,
        bodies=store.bodies,
        ids=ids,
        clock=clock,
        hostname=settings.hostname,
        max_size=settings.limits.message_size,
    )
    messages = Messages(
        feed=store.feed,
        queues=store.queues,
        administration=store.administration,
        accept=accept,
        remembering=remembering,
        ids=ids,
        clock=clock,
    )
    submit = Submit(accept=accept, sending=sending, remembering=remembering, clock=clock)
    templates = Templates(store=store.templates, renderer=renderer, ids=ids, clock=clock)
    sandbox = Sandbox(
        feed=store.feed,
        queues=store.queues,
        administration=store.administration,
        store=store.sandbox,
        accept=accept,
        ids=ids,
        clock=clock,
    )
    return Verbs(
        submit=submit,
        sending=sending,
        messages=messages,
        certify=certify(settings, store),
        templates=templates,
        domains=sending_domains(settings, store, clock),
        domain_records=domain_records(settings, store, clock, tell),
        previews=Previews(renderer=renderer, samples=store.samples),
        template_uses=template_uses,
        sandbox=sandbox,
        sight=None if windows is None else QueueSight(windows, clock=clock),
    )
