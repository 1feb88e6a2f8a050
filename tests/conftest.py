"""What all tests share: the service's event loop, patient properties, and PostgreSQL if it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
import uvloop
from hypothesis import HealthCheck, settings
from tests.doubles.postgres import PostgreSQL, running_postgresql

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], uvloop.Loop]]:
    """Run every test on uvloop, as the service does."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Start a real server when the first test asks for it; it ends with the session."""
    with running_postgresql() as server:
        yield server
