"""R-49, C-117: TLS where it is offered, one try in the clear where it fails and nobody demands it."""

from __future__ import annotations

import ssl

import pytest
import trustme
from tests.doubles.scripted_mx import EHLO, Close, ScriptedMx
from tests.system.conftest import RETRY_LATE, Staged

EHLO_TLS = EHLO.replace("250 DSN", "250-DSN\r\n250 STARTTLS")


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("mx.example.net").configure_cert(context)
    return context


async def test_tls_is_used_when_it_is_offered_whoever_signed_the_certificate(
    stage: Staged, tls: ssl.SSLContext
) -> None:
    mx = ScriptedMx({"EHLO": EHLO_TLS}, tls=tls)
    scene = await stage(mx=mx)
    await scene.send("bob@mx.example.net")
    await scene.settled()
    assert [session.is_encrypted for session in mx.sessions] == [True]
    (summary,) = await scene.command("message", "list")
    shown = await scene.command("message", "show", summary["queue_id"])
    assert shown["recipients"][0]["attempts"][0]["tls"].startswith("TLSv1.3 ")


@pytest.mark.parametrize("step", ["454 4.7.0 Not now", Close(b"220 2.0.0 Go ahead\r\nnoise")])
async def test_a_failing_offer_is_not_the_end_of_an_opportunistic_delivery(
    stage: Staged, step: str | Close
) -> None:
    mx = ScriptedMx({"EHLO": EHLO_TLS}, sessions=[{"EHLO": EHLO_TLS, "STARTTLS": step}, {}])
    scene = await stage('[delivery]\nretries = ["1s"]\nfirst_backoff = "1s"\n', mx=mx)
    await scene.send("bob@mx.example.net")
    await scene.settled()
    assert scene.events["delivered"] == 1
    assert not any(session.is_encrypted for session in mx.sessions)


async def test_a_route_that_demands_a_certificate_gets_no_mail_without_one(
    stage: Staged, tls: ssl.SSLContext
) -> None:
    mx = ScriptedMx({"EHLO": EHLO_TLS}, tls=tls)
    async with mx:
        strict = f'[[routes]]\ndomains = ["strict.test"]\nhost = "127.0.0.1"\nport = {mx.port}\n'
        scene = await stage(RETRY_LATE + strict + 'tls = "verified"\n')
        await scene.send("bob@strict.test")
        await scene.tried(1)
        assert scene.states["bob@strict.test"] == "queued"
        assert mx.ledger == []
        assert len(mx.sessions) == 1, "nothing was tried in the clear"
