"""R-13 over HTTP: killed around the commit, the client asks again with the same key."""

from __future__ import annotations

import asyncio
import json
from http.client import HTTPConnection, HTTPException

import pytest
from tests.crash.conftest import Staged
from tests.system.service import LOGIN, Service

CALL = {
    "from": "Shop <shop@example.com>",
    "to": ["customer1@ok.example.net", "customer2@ok.example.net"],
    "subject": "Order 5",
    "text": "The baton is not dropped.",
}


class Caller:
    """A program with a key and one call, made again and again."""

    def __init__(self, port: int, secret: str) -> None:
        self._port, self._secret = port, secret

    async def ask(self, **changes: object) -> tuple[int, str | None, bytes] | None:
        """Give status, whether it was replayed, and body; None when no answer came."""
        return await asyncio.to_thread(self._ask, {**CALL, **changes})

    def _ask(self, call: dict[str, object]) -> tuple[int, str | None, bytes] | None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {
            "Authorization": f"Bearer {self._secret}",
            "Content-Type": "application/json",
            "Idempotency-Key": "order-5",
        }
        try:
            connection.request("POST", "/v1/messages", json.dumps(call), headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Idempotent-Replayed"), answer.read()
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()


@pytest.mark.parametrize("point", ["accept.before_commit", "accept.after_commit"])
async def test_killed_around_the_commit_a_call_made_again_is_one_submission(
    stage: Staged, point: str
) -> None:
    """R-13: one message an addressee, the same ids, and another body is refused."""
    campaign = await stage()
    made = campaign.house.ask("key", "add", "--account", LOGIN, "--name", "shop")
    caller = Caller(campaign.house.api_port, made["secret"])

    async def first(service: Service) -> None:
        assert await caller.ask() is None
        assert await service.ended() == -9, service.tail()

    answers = []

    async def retries(_: Service) -> None:
        answers.extend(
            [await caller.ask(), await caller.ask(), await caller.ask(subject="Order 6")]
        )

    await campaign.life(first, "--trap", point)
    await campaign.life(retries)
    await campaign.settle()
    one, again, other = answers
    assert one is not None
    assert again is not None
    assert other is not None
    assert (one[0], again[0], other[0]) == (202, 202, 422)
    assert one[2] == again[2]
    assert again[1] == "true"
    assert json.loads(other[2])["code"] == "idempotency_mismatch"
    assert sorted(fate.recipient for fate in campaign.fates()) == CALL["to"]
    assert {fate.state for fate in campaign.fates()} == {"delivered"}
