"""Every transcript, reversed, as the script of an MX on a real socket: our dialler and client survive it."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme
from tests.doubles.parcels import parcel_to
from tests.doubles.reversed_mx import ReversedMx
from tests.doubles.transcript import Transcript, load

from sztafeta.delivery.egress import EgressSource
from sztafeta.delivery.route import Hop, Route
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.net.address_wall import AddressWall
from sztafeta.net.connections import SmtpConnection
from sztafeta.net.dialer import SmtpDialer
from sztafeta.net.timeouts import ClientTimeouts
from sztafeta.smtp.reply import Reply

SOURCE = EgressSource(name="default", ehlo_name="relay.example.com")
ROOM = 20
"""Seconds after which a client hangs; no run comes near it."""


@pytest.fixture(scope="module")
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("mx.example.net").configure_cert(context)
    return context


@pytest.mark.parametrize("transcript", load(), ids=lambda transcript: transcript.name)
async def test_the_client_survives_the_transcript_as_an_mx(
    transcript: Transcript, server_tls: ssl.SSLContext
) -> None:
    """R-42, R-45: an outcome for every recipient, and none delivered that the MX did not hear whole."""
    async with ReversedMx(transcript, server_tls) as mx, asyncio.timeout(ROOM):
        hop = Hop(host="mx.example.net", addresses=(mx.address,), port=mx.port, is_configured=True)
        route = Route(site="example.net", hops=(hop,), valid_for_seconds=300)
        dialer = SmtpDialer(wall=AddressWall(), timeouts=ClientTimeouts())
        connection = await dialer.dial(route, source=SOURCE, tls=TlsRequirement.OPPORTUNISTIC)
        if not isinstance(connection, SmtpConnection):
            return
        for _ in range(3):
            if not connection.is_usable:
                break
            dialogue = await connection.transact(parcel_to("bob@example.net", "carol@example.net"))
            assert len(dialogue.answers) == 2
            for answer in dialogue.answers:
                is_taken = isinstance(answer.said, Reply) and answer.said.is_positive
                assert not is_taken or b"\r\n.\r\n" in mx.heard
        await connection.quit()
