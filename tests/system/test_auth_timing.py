"""S-31: the time of a refused AUTH does not tell whether the login is known (Welch's t-test)."""

from __future__ import annotations

import asyncio
import base64
import ssl
from time import perf_counter
from typing import Final

import pytest
from tests.system.conftest import RETRY_LATE, Staged
from tests.system.service import LOGIN
from tests.timing.welch import TRIES, assert_same

NO_BOUNDS: Final = (
    "[limits]\nlogin_failures_per_minute = 1000000\nlogin_failures_per_day = 1000000\n"
)
ANYBODY: Final = ssl.create_default_context()
ANYBODY.check_hostname, ANYBODY.verify_mode = False, ssl.CERT_NONE
UNKNOWN: Final = "1.shoq.smtp"
"""As long as the known one."""


async def refused(port: int, login: str) -> float:
    """Log in with a wrong password over fresh TLS; give how long the answer took.

    In the clear unknown logins are answered like those that may not log in there (538).
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=ANYBODY)
    await reader.readline()
    writer.write(b"EHLO test\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    secret = base64.b64encode(f"\0{login}\0wrong-wrong-wrong".encode())
    started = perf_counter()
    writer.write(b"AUTH PLAIN " + secret + b"\r\n")
    answer = await reader.readline()
    took = perf_counter() - started
    writer.transport.abort()
    assert answer == b"535 5.7.8 Error: authentication failed\r\n", answer
    return took


@pytest.mark.campaign
@pytest.mark.timeout(3600)
async def test_known_and_unknown_logins_are_refused_in_the_same_time(stage: Staged) -> None:
    """2 × 1,000 tries, interleaved: p > 0.01 and medians less than 1 ms apart."""
    scene = await stage(NO_BOUNDS + RETRY_LATE)
    known, unknown = [], []
    for _ in range(TRIES):
        known.append(await refused(scene.house.tls_port, LOGIN))
        unknown.append(await refused(scene.house.tls_port, UNKNOWN))
    assert_same(known, unknown)
