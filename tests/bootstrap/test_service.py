"""One node from its settings: it opens, answers, drains, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from sztafeta.bootstrap.service import Service
from sztafeta.bootstrap.store import administration
from sztafeta.config.settings import Settings
from sztafeta.log import Log
from sztafeta.net.listener import CannotListen
from sztafeta.store.sqlite.lock import AlreadyServed


def settings(folder: Path, **more: Any) -> Settings:
    return Settings.model_validate(
        {
            "hostname": "relay.example.org",
            "data_directory": folder / "data",
            "accept_unsafe_storage": True,
            "listeners": [
                {"name": "submission", "address": "127.0.0.1", "port": 0},
                {"name": "submissions", "address": "127.0.0.1", "port": 0, "tls": "implicit"},
            ],
            "http": {"port": 0},
            "api": {"port": 0},
        }
        | more
    )


def service(chosen: Settings) -> Service:
    return Service(chosen, log=Log(io.StringIO()))


async def get(port: int, path: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split(" ")[1]), body


async def greeting(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    line = await reader.readline()
    writer.close()
    return line


async def test_an_open_node_greets_and_is_ready(tmp_path: Path) -> None:
    async with service(settings(tmp_path)) as node:
        assert set(node.ports) == {"submission", "submissions", "http", "api"}
        assert (await greeting(node.ports["submission"])).startswith(b"220 relay.example.org")
        status, body = await get(node.ports["http"], "/health")
        assert status == 200
        assert set(json.loads(body)["checks"]) == {"running", "store", "disk"}
        _, metrics = await get(node.ports["http"], "/metrics")
        assert 'sztafeta_recipients{state="queued"} 0.0' in metrics


async def test_a_full_disk_is_not_ready(tmp_path: Path) -> None:
    """R-20: a share of the disk that can never be free stands for a full one."""
    async with service(settings(tmp_path, limits={"free_space": 0.999})) as node:
        status, body = await get(node.ports["http"], "/health")
        assert status == 503
        assert json.loads(body)["checks"]["disk"]["good"] is False


async def test_a_closed_node_holds_no_port_and_no_lock(tmp_path: Path) -> None:
    async with service(settings(tmp_path)) as node:
        ports = dict(node.ports)
    for port in ports.values():
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
    async with service(settings(tmp_path)):
        pass


async def test_a_taken_port_is_told_and_everything_else_is_let_go(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        taken = settings(tmp_path, listeners=[{"name": "a", "address": "127.0.0.1", "port": port}])
        with pytest.raises(CannotListen, match=f"port {port}"):
            await service(taken).__aenter__()
    async with service(settings(tmp_path)):
        pass


async def test_a_second_node_on_the_same_file_is_refused_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    """R-18."""
    async with service(settings(tmp_path)) as first:
        with pytest.raises(AlreadyServed):
            await service(settings(tmp_path)).__aenter__()
        assert (await greeting(first.ports["submission"])).startswith(b"220")


async def test_an_operator_works_beside_a_running_node(tmp_path: Path) -> None:
    async with service(settings(tmp_path)), administration(settings(tmp_path)) as store:
        assert await store.accounts.customers() == []


async def test_a_self_signed_certificate_is_made_once(tmp_path: Path) -> None:
    certificate = tmp_path / "data" / "self-signed.crt"
    async with service(settings(tmp_path)):
        first = certificate.read_bytes()
    async with service(settings(tmp_path)):
        assert certificate.read_bytes() == first
    assert (tmp_path / "data" / "self-signed.key").stat().st_mode & 0o777 == 0o600
