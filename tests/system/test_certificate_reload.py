"""S-18: a new certificate is shown to the next connection, without a restart."""

from __future__ import annotations

import asyncio
import signal
import ssl
from pathlib import Path

import trustme
from tests.system.conftest import Staged
from tests.system.scene import Scene


def write(folder: Path, authority: trustme.CA) -> None:
    """Put a fresh certificate and its key where the settings point."""
    made = authority.issue_cert("relay.example.org", common_name="relay.example.org")
    made.private_key_pem.write_to_path(str(folder / "tls.key"))
    made.cert_chain_pems[0].write_to_path(str(folder / "tls.crt"))


async def greets(scene: Scene, authority: trustme.CA) -> bool:
    """Say whether the implicit TLS port shows a certificate of this authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", scene.house.tls_port, ssl=context, server_hostname="relay.example.org"
        )
    except ssl.SSLCertVerificationError:
        return False
    greeting = await reader.readline()
    writer.close()
    return greeting.startswith(b"220 ")


async def test_the_next_handshake_shows_the_new_certificate(stage: Staged, tmp_path: Path) -> None:
    old, new = trustme.CA(), trustme.CA()
    write(tmp_path, old)
    files = f'[tls]\ncertificate = "{tmp_path / "tls.crt"}"\nkey = "{tmp_path / "tls.key"}"\n'
    scene = await stage(files)
    assert await greets(scene, old)
    write(tmp_path, new)
    assert scene.service.process is not None
    scene.service.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(30):
        while not await greets(scene, new):
            assert scene.service.is_running
    assert not await greets(scene, old)
