"""What all tests share: an event loop like the service's, and properties that no slow machine fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import uvloop
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], uvloop.Loop]]:
    """Run every test on uvloop, as the service does."""
    return {"uvloop": uvloop.new_event_loop}
