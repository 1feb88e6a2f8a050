"""R-67, C-112, R-62: what DNS says that no packet may follow."""

from __future__ import annotations

import pytest
from tests.doubles.zone_server import ZoneServer
from tests.system.conftest import Staged
from tests.system.receiver import Receiver

ZONE = {
    "loopback.test": {"MX": ["10 mx.loopback.test."]},
    "mx.loopback.test": {"A": ["127.0.0.1"], "AAAA": ["::1"]},
    "private.test": {"A": ["10.0.0.1"]},
    "metadata.test": {"MX": ["10 mx.metadata.test."]},
    "mx.metadata.test": {"A": ["169.254.169.254"]},
    "ourselves.test": {"MX": ["10 relay.example.org."]},
    "relay.example.org": {"A": ["192.0.2.1"]},
    "null.test": {"MX": ["0 ."]},
    "nohost.test": {"TXT": ['"nothing here"']},
}


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("loopback.test", "5.4.6"),
        ("private.test", "5.4.4"),
        ("metadata.test", "5.4.4"),
        ("ourselves.test", "5.4.6"),
        ("null.test", "5.1.10"),
        ("missing.test", "5.1.2"),
        ("nohost.test", "5.4.4"),
    ],
)
async def test_it_bounces_at_once_and_no_connection_is_made(
    stage: Staged, domain: str, status: str
) -> None:
    trap = Receiver(port=0)
    async with ZoneServer(ZONE) as zone:
        scene = await stage(f'[dns]\nnameservers = ["{zone.address}"]\n', trap=trap)
        await scene.send(f"bob@{domain}")
        notice = await scene.notice()
    assert f"Status: {status}" in notice
    assert scene.events == {"queued": 1, "bounced": 1}
    assert trap.connections == 0
    shown = await scene.command("message", "list")
    assert [one["recipients"] for one in shown if one["from"] != "<>"] == [{"bounced": 1}]
