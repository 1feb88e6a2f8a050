"""The HTTP API of a running service: the first message, keys in force and dead, fifty big calls at once."""

from __future__ import annotations

import asyncio
import base64
import json
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from tests.system.api_client import ApiClient
from tests.system.conftest import Staged
from tests.system.receiver import Receiver
from tests.system.scene import Scene

ROOM = 256 * 1024 * 1024
"""Octets that fifty big calls may add (issue 3, §5)."""


def a_call(*to: str, **changes: Any) -> dict[str, Any]:
    call = {"from": "Sklep <shop@example.com>", "to": list(to), "subject": "Zażółć", "text": "Hi"}
    return call | changes


async def test_the_first_message_over_http_arrives_signed_with_both_keys(stage: Staged) -> None:
    """Issue 3: the same accept, queue and signer as SMTP."""
    receiver = Receiver()
    scene = await stage(shop=receiver)
    client = await ApiClient.of(scene.house)
    html = "<p>Dziękujemy <b>pięknie</b>.</p>"
    call = a_call("anna@shop.example.net", "jan@shop.example.net", text="", html=html)
    status, answer = await client("POST", "/v1/messages", call)
    assert status == 202, answer
    await scene.settled()
    received = [one for one in receiver.got if one.accepted]
    assert sorted(one.recipients[0] for one in received) == [
        "anna@shop.example.net",
        "jan@shop.example.net",
    ]
    for one in received:
        assert one.raw.count(b"DKIM-Signature:") == 2
        assert "Dziękujemy pięknie" in plain_text(one.raw), "a text part was made"
    for one in answer["messages"]:
        _, seen = await client("GET", f"/v1/messages/{one['id']}")
        assert seen["status"] == "delivered"
        _, events = await client("GET", f"/v1/messages/{one['id']}/events")
        assert [event["type"] for event in events] == ["message.accepted", "message.delivered"]


def plain_text(raw: bytes) -> str:
    part = message_from_bytes(raw, policy=policy.default).get_body(("plain",))  # type: ignore[attr-defined]
    return str(part.get_content())


async def test_keys_work_and_die_within_a_second(stage: Staged) -> None:
    """Issue 3, §4: made and revoked on the command line, another process than the one that serves."""
    scene = await stage()
    client = await ApiClient.of(scene.house, "--name", "till")
    status, me = await client("GET", "/v1/me")
    assert (status, me["name"]) == (200, "till"), "in force at once"
    await asyncio.to_thread(scene.house.ask, "key", "revoke", me["key"])
    async with asyncio.timeout(1.5):  # the promise, and half a second for a busy machine
        while (await client("GET", "/v1/me"))[0] == 200:
            pass
    status, problem = await client("GET", "/v1/me")
    assert (status, problem["code"]) == (401, "key_revoked")


async def test_a_test_key_plays_and_dials_nobody(stage: Staged) -> None:
    receiver = Receiver()
    scene = await stage(shop=receiver)
    client = await ApiClient.of(scene.house, "--mode", "test")
    names = ("delivered@shop.example.net", "bounced@shop.example.net")
    _, answer = await client("POST", "/v1/messages", a_call(*names))
    await scene.settled()
    told = [await client("GET", f"/v1/messages/{one['id']}") for one in answer["messages"]]
    assert [seen["status"] for _, seen in told] == ["delivered", "bounced"]
    assert receiver.got == []


@pytest.mark.timeout(240)
async def test_fifty_big_messages_at_once_stay_within_the_room(stage: Staged) -> None:
    """Issue 3, §5: 50 simultaneous 10 MB sends, ≤ 256 MiB more RSS."""
    scene = await stage()
    client = await ApiClient.of(scene.house, "--mode", "test")
    content = base64.b64encode(bytes(7_000_000)).decode()
    files = [{"filename": "a.bin", "content": content}]
    call = json.dumps(a_call("anna@shop.example.net", attachments=files)).encode()
    assert len(call) > 9_000_000
    await client("POST", "/v1/messages", a_call("anna@shop.example.net"))
    before = peak_memory(scene)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(50))
    answers = await asyncio.gather(*(client("POST", "/v1/messages", call) for _ in range(50)))
    assert [status for status, _ in answers] == [202] * 50
    more = peak_memory(scene) - before
    assert more <= ROOM, f"{more / 2**20:.0f} MiB more"


def peak_memory(scene: Scene) -> int:
    """Give the most memory that the process ever had, in octets (proc(5), VmHWM)."""
    process: Any = scene.service.process
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (line,) = (one for one in lines if one.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
