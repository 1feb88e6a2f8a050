"""Ports that tests draw for the processes they start."""

from __future__ import annotations

import pytest
from tests.system import service
from tests.system.service import free_port


def test_no_port_is_drawn_twice_in_a_run() -> None:
    """Two listeners of one house once drew the same port, and the service refused to start."""
    drawn = [free_port() for _ in range(2_000)]
    assert len(set(drawn)) == len(drawn)


def test_processes_that_share_a_run_draw_from_shares_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "2")
    shares = []
    for name in ("gw0", "gw1"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", name)
        shares.append(set(service._own_share()))
    assert not shares[0] & shares[1]
    assert len(shares[0] | shares[1]) == 22_000
