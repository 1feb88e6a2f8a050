"""C-080 … C-089: what an author is told, by a notice that goes through the same queue as all mail."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from tests.doubles.scripted_mx import ScriptedMx
from tests.system.conftest import Staged
from tests.system.receiver import Received, Receiver

REFUSES = {"RCPT": "550 5.1.1 No such user"}
EHLO_WITHOUT_DSN = "250-mx.example.net\r\n250 PIPELINING"


def parsed(received: Received) -> EmailMessage:
    message = email.message_from_bytes(received.raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def test_a_permanent_failure_is_a_report_in_three_parts_from_the_null_sender(
    stage: Staged,
) -> None:
    """C-080, C-084, C-089: with ENVID and ORCPT as the author wrote them."""
    scene = await stage(mx=ScriptedMx(REFUSES))
    orcpt = "ORCPT=rfc822;a+2Bb@example.org"
    await scene.send("bob@mx.example.net", mail="ENVID=q+2B1", rcpt=orcpt)
    await scene.author.wait_for(1)
    (received,) = scene.author.accepted
    assert (received.sender, received.recipients) == ("", ["shop@example.com"])
    notice = parsed(received)
    assert notice.get_content_type() == "multipart/report"
    assert notice.get_param("report-type") == "delivery-status"
    assert notice["Auto-Submitted"] == "auto-replied"
    people, programs, returned = notice.iter_parts()
    assert "bob@mx.example.net" in people.get_content()
    assert programs.get_content_type() == "message/delivery-status"
    about_message, about_bob = programs.get_payload()
    assert about_message["Original-Envelope-Id"] == "q+1"
    assert about_bob["Original-Recipient"] == "rfc822;a+b@example.org"
    assert about_bob["Final-Recipient"] == "rfc822; bob@mx.example.net"
    assert about_bob["Action"] == "failed"
    assert about_bob["Status"] == "5.1.1"
    assert about_bob["Diagnostic-Code"] == "smtp; 550 5.1.1 No such user"
    assert returned.get_content_type() == "message/rfc822"
    assert "The baton is not dropped" in returned.as_string()


async def test_ret_hdrs_returns_the_header_alone(stage: Staged) -> None:
    """C-087."""
    scene = await stage(mx=ScriptedMx(REFUSES))
    await scene.send("bob@mx.example.net", mail="RET=HDRS")
    await scene.author.wait_for(1)
    *_, returned = parsed(scene.author.accepted[0]).iter_parts()
    assert returned.get_content_type() == "text/rfc822-headers"
    assert "Subject: order" in returned.as_string()
    assert "The baton is not dropped" not in returned.as_string()


async def test_who_asks_never_to_be_told_is_not(stage: Staged) -> None:
    """C-085."""
    scene = await stage(mx=ScriptedMx(REFUSES))
    await scene.send("quiet@mx.example.net", rcpt="NOTIFY=NEVER")
    await scene.send("loud@mx.example.net")
    assert "loud@mx.example.net" in await scene.notice()
    await scene.settled()
    assert len(scene.author.got) == 1


async def test_a_notice_that_fails_is_not_answered_by_another(stage: Staged) -> None:
    """C-085, C-089: no notice about a notice."""
    scene = await stage(mx=ScriptedMx(REFUSES))
    scene.author.rcpt = lambda path: "550 5.1.1 The author is gone"
    await scene.send("bob@mx.example.net")
    await scene.settled()
    assert scene.author.got == []
    assert scene.states == {"bob@mx.example.net": "bounced", "shop@example.com": "bounced"}


async def test_an_account_may_do_without_notices_and_notify_still_counts(stage: Staged) -> None:
    """C-084: event only, when the account chose so."""
    scene = await stage(mx=ScriptedMx(REFUSES))
    await scene.command("account", "set", "1.shop.smtp", "--no-notices")
    await scene.send("quiet@mx.example.net")
    await scene.send("loud@mx.example.net", rcpt="NOTIFY=FAILURE")
    assert "loud@mx.example.net" in await scene.notice()
    await scene.settled()
    assert scene.events == {"queued": 2, "bounced": 2}
    assert len(scene.author.got) == 1


async def test_what_the_author_asks_for_goes_on_to_a_hop_that_offers_dsn(stage: Staged) -> None:
    """C-082: the same parameters, xtext intact; the hop reports the success."""
    mx = Receiver()
    scene = await stage(mx=mx)
    rcpt = "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@example.org"
    await scene.send("bob@mx.example.net", mail="RET=HDRS ENVID=q+2B1", rcpt=rcpt)
    await scene.settled()
    (received,) = mx.accepted
    assert {"RET=HDRS", "ENVID=q+2B1"} <= set(received.mail_parameters.split())
    assert set(received.rcpt_parameters[0].split()) == set(rcpt.split())
    assert scene.author.got == []


async def test_success_at_a_hop_without_dsn_is_told_as_relayed(stage: Staged) -> None:
    """C-083."""
    mx = ScriptedMx({"EHLO": EHLO_WITHOUT_DSN})
    scene = await stage(mx=mx)
    await scene.send("bob@mx.example.net", rcpt="NOTIFY=SUCCESS")
    notice = await scene.notice()
    assert "Action: relayed" in notice
    assert "NOTIFY" not in " ".join(mx.sessions[0].commands)


@pytest.mark.parametrize("author", [True, False])
async def test_a_notice_is_signed_when_our_own_name_is_a_sending_domain(
    stage: Staged, author: bool
) -> None:
    """C-089: own DKIM."""
    scene = await stage(mx=ScriptedMx(REFUSES))
    if author:
        await scene.command("domain", "add", "relay.example.org", "--customer", "shop")
    await scene.send("bob@mx.example.net")
    assert ("DKIM-Signature:" in await scene.notice()) is author
