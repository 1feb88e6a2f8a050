"""What all tests share: an event loop like the service's, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import uvloop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], uvloop.Loop]]:
    """Run every test on uvloop, as the service does."""
    return {"uvloop": uvloop.new_event_loop}
