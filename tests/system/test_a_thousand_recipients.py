"""R-56: a thousand recipients at one host: at most a hundred RCPT a transaction, one body stored."""

from __future__ import annotations

import pysqlite3
from tests.system.conftest import Staged
from tests.system.history import database_file
from tests.system.receiver import Receiver


async def test_they_go_in_few_transactions_over_one_connection(stage: Staged) -> None:
    mx = Receiver()
    scene = await stage("[limits]\nrecipients = 1000\n", mx=mx)
    recipients = [f"bob{n}@mx.example.net" for n in range(1000)]
    await scene.send(*recipients)
    await scene.settled()
    sizes = [len(received.recipients) for received in mx.accepted]
    assert max(sizes) == 100
    assert len(sizes) <= 12, "a read that meets the commit may end within a hundred"
    assert sorted(one for got in mx.accepted for one in got.recipients) == sorted(recipients)
    assert mx.connections == 1
    assert scene.events == {"queued": 1000, "delivered": 1000}
    with pysqlite3.connect(database_file(scene.house.data)) as database:
        assert database.execute("select count(*) from body").fetchone() == (1,)
