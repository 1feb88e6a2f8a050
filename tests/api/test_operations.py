"""Health and metrics over HTTP, on a real loopback port, for the hosts they are meant for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sztafeta.api.operations import Check, Operations
from sztafeta.metrics import CONTENT_TYPE, Metrics
from sztafeta.net.http_listener import HttpListener

GOOD = Check(name="store", is_good=True, text="commits are durable")
BROKEN = Check(name="store", is_good=False, text="a sync failed: restart")


class Served:
    """A running port and what it reports."""

    def __init__(self) -> None:
        self.checks = [GOOD]
        self.listener: HttpListener

    async def get(self, path: str, *headers: str) -> tuple[int, str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.listener.port)
        lines = headers or ("Host: localhost",)
        request = "\r\n".join([f"GET {path} HTTP/1.1", *lines, "Connection: close", "", ""])
        writer.write(request.encode())
        answer = (await reader.read()).decode()
        writer.close()
        head, _, body = answer.partition("\r\n\r\n")
        return int(head.split(" ")[1]), body


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    metrics = Metrics()
    metrics.accepted(recipients=2, octets=10, took=timedelta(0))

    async def exposition() -> bytes:
        return metrics.exposition()

    one = Served()
    operations = Operations(
        checks=lambda: one.checks, exposition=exposition, content_type=CONTENT_TYPE
    )
    one.listener = HttpListener(
        operations.application, address="127.0.0.1", port=0, hosts=frozenset({"mail.example.com"})
    )
    await one.listener.open()
    yield one
    await one.listener.close()


async def test_a_sound_service_is_ready(served: Served) -> None:
    status, body = await served.get("/health")
    assert status == 200
    assert json.loads(body)["status"] == "ready"


async def test_a_broken_store_is_not_ready_but_live(served: Served) -> None:
    """R-24: the ready probe is red; the process still answers."""
    served.checks = [BROKEN]
    status, body = await served.get("/health")
    assert status == 503
    assert json.loads(body)["checks"]["store"] == {"good": False, "text": "a sync failed: restart"}
    assert (await served.get("/health/live"))[0] == 200


async def test_metrics_are_in_prometheus_text(served: Served) -> None:
    status, body = await served.get("/metrics")
    assert status == 200
    assert "sztafeta_accepted_recipients_total 2.0" in body
    assert "# HELP sztafeta_accepted_messages_total Messages answered with 250." in body


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8025", "[::1]:8025", "MAIL.example.com"])
async def test_our_own_names_and_addresses_are_answered(served: Served, host: str) -> None:
    assert (await served.get("/health", f"Host: {host}"))[0] == 200


@pytest.mark.parametrize(
    "headers", [("Host: evil.example",), ("X: y",), ("Host: localhost", "Host: evil.example")]
)
async def test_a_request_for_somebody_else_is_refused(
    served: Served, headers: tuple[str, ...]
) -> None:
    """W-34: no DNS rebinding onto a loopback port."""
    status, body = await served.get("/metrics", *headers)
    assert status in (400, 421)
    assert "sztafeta_" not in body


async def test_what_is_not_there_is_404(served: Served) -> None:
    assert (await served.get("/debug"))[0] == 404


async def test_closing_frees_the_port(served: Served) -> None:
    port = served.listener.port
    await served.listener.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
