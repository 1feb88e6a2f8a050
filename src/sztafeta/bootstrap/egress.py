"""The egress sources of the settings as plain values."""

from __future__ import annotations

from sztafeta.config import Settings
from sztafeta.config.settings import DedicatedSource, Egress
from sztafeta.delivery.egress import EgressSource, EgressSources, dedicated_pool


def egress_sources(settings: Settings) -> EgressSources:
    """Give the shared source and those that customers have alone."""
    return EgressSources(
        shared=_source(settings.egress, settings),
        dedicated={
            dedicated_pool(one.customer, one.name): _source(one, settings)
            for one in settings.dedicated_sources
        },
    )


def _source(one: Egress | DedicatedSource, settings: Settings) -> EgressSource:
    return EgressSource(
        name=one.name,
        ehlo_name=one.ehlo_name or settings.hostname,
        ipv4=one.ipv4,
        ipv6=one.ipv6,
        is_dedicated=isinstance(one, DedicatedSource),
    )
