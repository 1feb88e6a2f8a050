"""The verbs of sending with their surroundings in memory: for tests of calls and of the submission face."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from tests.doubles.curly_renderer import CurlyRenderer
from tests.doubles.manual_clock import ManualClock
from tests.doubles.memory_columns import MemorySuppressions, MemoryTemplates, MemoryTemplateUses

from sztafeta.delivery.queue_id import IdSource
from sztafeta.mail.template_source import MissingRule, TemplateSource
from sztafeta.service.accept import Accept, Ready
from sztafeta.service.composing import Composer
from sztafeta.service.ports import (
    Bodies,
    MessageStore,
    Renderer,
    Suppression,
    SuppressionReason,
    Template,
    TemplateVersion,
)
from sztafeta.service.remembering import Remembering
from sztafeta.service.sending.answering import Answering
from sztafeta.service.sending.rendering import Rendering
from sztafeta.service.sending.send import Sending
from sztafeta.service.submitting import Submit
from sztafeta.service.suppressed import Suppressed
from sztafeta.service.template_uses import TemplateUses

HOSTNAME = "mx.example.org"


class SendingStore(MessageStore, Protocol):
    """A store's accept side, with the columns that the verbs of sending ask."""

    suppressions: MemorySuppressions
    templates: MemoryTemplates


class SendingOffice:
    """Accept, Sending and Submit on one store."""

    def __init__(
        self,
        store: SendingStore,
        bodies: Bodies,
        schedule: Ready,
        *,
        composer: Composer | None = None,
        clock: ManualClock | None = None,
        renderer: Renderer | None = None,
        max_size: int = 10_000_000,
        patience: timedelta = timedelta(seconds=25),
    ) -> None:
        self.store = store
        self.clock = clock or ManualClock()
        self.renderer = CurlyRenderer()
        ids = IdSource(node=1)
        suppressed = Suppressed(store.suppressions, clock=self.clock)
        self.remembering = Remembering(store, clock=self.clock)
        self.accept = Accept(
            store=store,
            bodies=bodies,
            schedule=schedule,
            ids=ids,
            clock=self.clock,
            composer=composer or Composer(HOSTNAME),
            suppressed=suppressed,
            patience=patience,
        )
        self.template_uses = TemplateUses(store=MemoryTemplateUses(), clock=self.clock)
        self.sending = Sending(
            accept=self.accept,
            rendering=Rendering(templates=store.templates, renderer=renderer or self.renderer),
            suppressed=suppressed,
            answering=Answering(self.remembering, clock=self.clock),
            template_uses=self.template_uses,
            bodies=bodies,
            ids=ids,
            clock=self.clock,
            hostname=HOSTNAME,
            max_size=max_size,
        )
        self.submit = Submit(
            accept=self.accept,
            sending=self.sending,
            remembering=self.remembering,
            clock=self.clock,
        )

    async def suppress(self, *addresses: str) -> None:
        """Suppress addresses of Alice's."""
        now = self.clock.now()
        await self.store.suppressions.suppress([_suppression(one, now) for one in addresses])

    async def publish(
        self, external_id: str, *, missing: MissingRule = MissingRule.REFUSE, **parts: str
    ) -> None:
        """Keep a template of Alice's and make it live."""
        await publish(self.store.templates, external_id, self.clock.now(), missing, parts)


def _suppression(address: str, now: datetime) -> Suppression:
    return Suppression(
        customer_id=1,
        address=address,
        reason=SuppressionReason.BOUNCE,
        source="api",
        comment="",
        created_at=now,
    )


async def publish(
    templates: MemoryTemplates,
    external_id: str,
    now: datetime,
    missing: MissingRule,
    parts: Mapping[str, Any],
) -> None:
    """Keep a template and make it live."""
    template = Template(
        template_id=77,
        customer_id=1,
        external_id=external_id,
        name=external_id,
        missing=missing,
        live=None,
        newest=1,
        created_at=now,
        changed_at=now,
    )
    version = TemplateVersion(
        template_id=77,
        number=1,
        source=TemplateSource(**parts),
        published_html="",
        author="alice",
        created_at=now,
        published_at=None,
    )
    await templates.create_template(template, version)
    await templates.publish(77, 1, published_html=parts.get("html", ""), now=now)
