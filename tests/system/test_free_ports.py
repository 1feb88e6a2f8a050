"""Ports that tests draw for the processes they start."""

from __future__ import annotations

from tests.system.service import free_port


def test_no_port_is_drawn_twice_in_a_run() -> None:
    """Two listeners of one house once drew the same port, and the service refused to start."""
    drawn = [free_port() for _ in range(2_000)]
    assert len(set(drawn)) == len(drawn)
