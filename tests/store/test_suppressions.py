"""That a customer suppresses nobody is believed for a second, and no longer."""

from __future__ import annotations

from pathlib import Path

from tests.doubles.manual_clock import ManualClock

from sztafeta.service.ports import Suppression, SuppressionReason
from sztafeta.store.open import open_store
from sztafeta.store.suppressions import Suppressions


async def test_what_another_process_adds_is_in_force_within_a_second(tmp_path: Path) -> None:
    """W-15, issue 3 §4."""
    store = await open_store(None, tmp_path / "data", i_know=True, free_share=0.0)
    seconds = 100.0
    here = Suppressions(store.database, clock=lambda: seconds)
    elsewhere = Suppressions(store.database)
    bob = Suppression(
        customer_id=1,
        address="bob@example.net",
        reason=SuppressionReason.MANUAL,
        source="api",
        comment="",
        created_at=ManualClock().now(),
    )
    assert await here.suppressed(1, ["bob@example.net"]) == {}
    await elsewhere.suppress([bob])
    seconds += 0.99
    assert await here.suppressed(1, ["bob@example.net"]) == {}
    seconds += 0.01
    assert await here.suppressed(1, ["bob@example.net"]) == {"bob@example.net": bob}
    await store.close()
