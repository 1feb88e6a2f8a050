"""S-25 and the settings of listeners: one behind a proxy, one that is not, in one service."""

from __future__ import annotations

import asyncio

from tests.system.conftest import Staged
from tests.system.service import free_port


async def greeting(port: int, first: bytes) -> bytes:
    """Connect, say something at once, and read a line; nothing when the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    try:
        line = await reader.readline()
        if line.startswith(b"220"):
            writer.write(b"EHLO client.example.com\r\n")
            line = await reader.readline()
        return line
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_the_header_is_demanded_on_one_port_and_refused_on_the_other(stage: Staged) -> None:
    port = free_port()
    proxied = (
        f'[[listeners]]\nname = "proxied"\naddress = "127.0.0.1"\nport = {port}\n'
        'proxy_protocol = true\ntrusted_proxies = ["127.0.0.0/8"]\n'
    )
    scene = await stage(proxied)
    header = b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\r\n"
    assert (await greeting(port, header)).startswith(b"250-relay.example.org")
    assert not (await greeting(port, b"EHLO client.example.com\r\n")).startswith(b"2")
    plain = await greeting(scene.house.smtp_port, b"")
    assert plain.startswith(b"250-relay.example.org")
    assert not (await greeting(scene.house.smtp_port, header)).startswith(b"2")
