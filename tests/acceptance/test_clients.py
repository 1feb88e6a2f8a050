"""Foreign clients deliver through the service: every port, with and without TLS, each way of logging in."""

from __future__ import annotations

import asyncio
import json
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from tests.acceptance.conftest import Running
from tests.acceptance.programs import node, run
from tests.system.service import LOGIN, House

pytestmark = pytest.mark.acceptance

WAYS = [
    ("submission", "none"),
    ("submission", "starttls"),
    ("relay", "none"),
    ("relay", "starttls"),
    ("submissions", "implicit"),
]


def _port(house: House, listener: str) -> int:
    return {
        "submission": house.smtp_port,
        "relay": house.other_port,
        "submissions": house.tls_port,
    }[listener]


def _trusting() -> ssl.SSLContext:
    """A context that takes our self-signed certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _message() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <shop@example.com>"
    message["To"] = "customer@example.net"
    message["Subject"] = "Your order"
    message.set_content("It is on its way.\n.\n..and a dot\n")
    return message


async def _arrived(running: Running) -> str:
    """Give the text that the witness has, once it is there; it is signed with both keys."""
    received = await running.arrival()
    assert received.sender == "shop@example.com"
    assert received.recipients == ["customer@example.net"]
    assert received.raw.count(b"DKIM-Signature:") == 2
    return received.raw.decode()


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize(("listener", "tls"), WAYS)
async def test_swaks_delivers_on_every_port_with_every_tls_and_login(
    running: Running, listener: str, tls: str, method: str
) -> None:
    options = {"none": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}[tls]
    output = await run(
        "swaks",
        *("--server", f"127.0.0.1:{_port(running.house, listener)}"),
        *("--auth", method, "--auth-user", LOGIN, "--auth-password", running.house.password),
        *("--from", "shop@example.com", "--to", "customer@example.net"),
        *("--body", f"by {method} over {tls}"),
        *options,
    )
    assert "250 2.0.0" in output
    assert f"by {method} over {tls}" in await _arrived(running)


async def test_swaks_with_a_wrong_password_is_refused_with_the_exact_reply(
    running: Running,
) -> None:
    """The text is what customers' programs look for."""
    process = await asyncio.create_subprocess_exec(
        "swaks",
        *("--server", f"127.0.0.1:{running.house.smtp_port}", "--tls", "--auth", "PLAIN"),
        *("--auth-user", LOGIN, "--auth-password", "wrong", "--to", "customer@example.net"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert b"535 5.7.8 Error: authentication failed" in output
    assert process.returncode != 0


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_pythons_smtplib_delivers(running: Running, tls: str) -> None:
    await asyncio.to_thread(_send_with_smtplib, running.house, tls)
    assert "\r\n..and a dot\r\n" in await _arrived(running)


def _send_with_smtplib(house: House, tls: str) -> None:
    if tls == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL("127.0.0.1", house.tls_port, context=_trusting())
    else:
        client = smtplib.SMTP("127.0.0.1", house.smtp_port)
    with client:
        if tls == "starttls":
            client.starttls(context=_trusting())
        client.login(LOGIN, house.password)
        assert client.send_message(_message()) == {}


@pytest.mark.parametrize("start_tls", [True, False])
async def test_aiosmtplib_delivers(running: Running, start_tls: bool) -> None:
    await aiosmtplib.send(
        _message(),
        hostname="127.0.0.1",
        port=running.house.smtp_port,
        username=LOGIN,
        password=running.house.password,
        start_tls=start_tls,
        validate_certs=False,
    )
    await _arrived(running)


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize(("listener", "tls"), [WAYS[1], WAYS[4], WAYS[0]])
async def test_nodemailer_delivers(running: Running, listener: str, tls: str, method: str) -> None:
    wish = {
        "port": _port(running.house, listener),
        "secure": tls == "implicit",
        "requireTLS": tls == "starttls",
        "method": method,
        "user": LOGIN,
        "pass": running.house.password,
        "to": "customer@example.net",
    }
    assert "250 2.0.0" in await node("send.js", json.dumps(wish))
    assert "filename=faktura.pdf" in await _arrived(running)


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_curl_delivers(running: Running, tls: str) -> None:
    scheme, port, options = {
        "none": ("smtp", running.house.smtp_port, []),
        "starttls": ("smtp", running.house.smtp_port, ["--ssl-reqd", "--insecure"]),
        "implicit": ("smtps", running.house.tls_port, ["--insecure"]),
    }[tls]
    await run(
        "curl",
        *("--silent", "--show-error", "--url", f"{scheme}://127.0.0.1:{port}/client.example.com"),
        *("--mail-from", "shop@example.com", "--mail-rcpt", "customer@example.net"),
        *("--user", f"{LOGIN}:{running.house.password}", "--upload-file", "-", *options),
        stdin=_message().as_bytes().replace(b"\n", b"\r\n"),
    )
    assert "It is on its way." in await _arrived(running)


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_msmtp_delivers(running: Running, tls: str, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(running.house.password)
    port = running.house.tls_port if tls == "implicit" else running.house.smtp_port
    await run(
        "msmtp",
        *("--host=127.0.0.1", f"--port={port}", "--auth=plain", f"--user={LOGIN}"),
        *(f"--passwordeval=cat {secret}", f"--tls={'off' if tls == 'none' else 'on'}"),
        *(f"--tls-starttls={'on' if tls == 'starttls' else 'off'}", "--tls-certcheck=off"),
        *("--from=shop@example.com", "customer@example.net"),
        stdin=_message().as_bytes(),
    )
    assert "It is on its way." in await _arrived(running)
