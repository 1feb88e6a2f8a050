"""Mail in the panel: found, told in words, followed, acted upon; each customer's and member's own."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from tests.contracts.letters import Writer, claim
from tests.doubles.panel_house import BASE_URL, Browser, PanelHouse

from sztafeta.account.activity import ActivityQuery
from sztafeta.account.api_key import Mode
from sztafeta.account.member import Area, Right
from sztafeta.account.smtp_account import SenderRule, SmtpAccount
from sztafeta.delivery.certificate.verification import verify_document
from sztafeta.delivery.queue_id import to_text
from sztafeta.delivery.state import State
from sztafeta.delivery.verdict import TABLE
from sztafeta.panel.messages.activity import guarded
from sztafeta.panel.messages.words import RULE
from sztafeta.service.activity.newsroom import Newsroom
from sztafeta.service.ports import NewMessage, Suppression, SuppressionReason
from sztafeta.store.bodies import RowContent

HOSTILE = "<script>alert(1)</script>"
BODY = (
    b"From: Shop <shop@example.com>\r\nTo: jan@wp.pl\r\nSubject: Order 5\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>Hello<script>alert(1)</script>"
    b"<img src='https://example.net/pixel.gif'></p>\r\n"
    b"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n"
    b"<script>alert(2)</script>\r\n--b--\r\n"
)


class Post:
    """Puts mail into the store of a panel house."""

    def __init__(self, house: PanelHouse) -> None:
        self.house = house
        self.store = house.store
        self.writer = Writer(clock=house.clock)
        self.accounts: dict[str, SmtpAccount] = {}

    async def open(self) -> None:
        await self.store.queues.join("first", now=self.house.clock.now())
        for number, customer in ((7, "shop"), (8, "shop"), (7, "other")):
            login = f"{number}.{customer}.smtp"
            account = SmtpAccount(
                account_id=0,
                customer_id=0,
                customer_name=customer,
                login=login,
                password_sha256=b"",
                sender_rule=SenderRule.ANY,
            )
            self.accounts[login] = await self.store.accounts.create_smtp_account(
                account, password="secret-enough-for-tests", now=self.house.clock.now()
            )

    async def send(
        self,
        *to: str,
        login: str = "7.shop.smtp",
        source: Mapping[str, str] | None = None,
        **more: Any,
    ) -> NewMessage:
        account = self.accounts[login]
        letter = self.writer.letter(
            *to, customer_id=account.customer_id, content=RowContent(BODY), **more
        )
        letter = replace(letter, account_id=account.account_id, source=source or letter.source)
        await self.store.messages.accept(letter)
        self.house.clock.advance(timedelta(seconds=2))
        return letter

    async def end(self, state: State = State.DELIVERED, **attempt: Any) -> None:
        now = self.writer.now
        for queue in await self.store.queues.lease(now=now, limit=99):
            for due in await self.store.queues.due(queue, now=now, limit=99, after=None):
                await self.store.queues.claim([claim(due, queue)], now=now)
                later = None if state.is_final else now + timedelta(minutes=8)
                settled = self.writer.settlement(due, queue, state, due_at=later)
                assert settled.attempt is not None
                told = replace(settled.attempt, **attempt)
                await self.store.queues.settle([replace(settled, attempt=told)], now=now)


@pytest_asyncio.fixture
async def post(panel_house: PanelHouse) -> AsyncIterator[Post]:
    made = Post(panel_house)
    await made.open()
    yield made


def page_of(message: NewMessage, more: str = "") -> str:
    recipient = to_text(message.recipients[0].recipient_id)
    return f"/panel/messages/msg_{to_text(message.message_id)}{more}?to={recipient}"


async def alice(post: Post) -> Browser:
    return await post.house.browser(post.house.alice)


# -- the list ----------------------------------------------------------------------------------------


async def test_the_list_is_empty_with_a_word_about_what_will_be_there(post: Post) -> None:
    page = await (await alice(post)).get("/panel/messages")
    assert page.status == 200
    assert "No mail yet" in page.words


async def test_a_row_shows_status_recipient_subject_and_the_last_word(post: Post) -> None:
    await post.send("jan@wp.pl", subject=HOSTILE, tags=("order",))
    await post.end(State.QUEUED, reply_code=451, reply_status="4.7.1", reply_text="x" * 99)
    page = await (await alice(post)).get("/panel/messages?q=to:jan@wp.pl+status:deferred")
    for text in ("deferred", "jan@wp.pl", HOSTILE, "order", "451 4.7.1 xxx"):
        assert text in page.words
    assert HOSTILE not in page.text
    assert "x" * 60 not in page.words
    assert "/panel/messages?q=status%3Adeferred" in page.text


async def test_a_query_that_is_not_understood_says_what_to_change(post: Post) -> None:
    page = await (await alice(post)).get("/panel/messages?q=colour:red")
    assert page.status == 200
    assert "colour:red: there is no such key" in page.words


async def test_nothing_found_names_what_to_drop(post: Post) -> None:
    await post.send("jan@wp.pl")
    page = await (await alice(post)).get("/panel/messages?q=tag:none")
    assert "Nothing fits this query" in page.words


async def test_older_mail_is_a_page_further(post: Post) -> None:
    for number in range(51):
        await post.send(f"user{number}@example.net")
    browser = await alice(post)
    page = await browser.get("/panel/messages")
    assert "user0@example.net" not in page.words
    older = page.text.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    page = await browser.get(older.replace("&amp;", "&"))
    assert "user0@example.net" in page.words
    assert "user1@example.net" not in page.words


async def test_the_export_holds_what_the_query_means_and_no_formula(post: Post) -> None:
    """W-09."""
    await post.send("jan@wp.pl", subject="=HYPERLINK(1)")
    await post.send("eve@example.net")
    page = await (await alice(post)).get("/panel/messages/export.csv?q=to:jan@wp.pl")
    assert page.headers["content-type"].startswith("text/csv")
    assert "'=HYPERLINK(1)" in page.text
    assert "eve@" not in page.text
    assert [guarded(cell) for cell in ("=1", "+1", "-1", "@a", "\ta", "a=1")] == [
        "'=1",
        "'+1",
        "'-1",
        "'@a",
        "'\ta",
        "a=1",
    ]


# -- one message -------------------------------------------------------------------------------------


async def test_a_delivered_message_is_told_in_one_sentence_and_step_by_step(post: Post) -> None:
    message = await post.send("jan@wp.pl", subject="Order 5")
    await post.end(
        steps="route 3 connect 12 tls 31 dot 120",
        rule="accepted",
        tls="TLSv1.3",
        reply_text=HOSTILE,
    )
    page = await (await alice(post)).get(page_of(message))
    assert "Accepted by the server of wp.pl at 04:04:07, 2 s after it was sent." in page.words
    for text in (
        "mx.example.net",
        "192.0.2.1",
        "TLSv1.3",
        "250 2.0.0",
        "rule accepted",
        "Connecting",
    ):
        assert text in page.words
    assert HOSTILE in page.words
    assert HOSTILE not in page.text
    assert "<svg" in page.text


async def test_the_call_that_made_a_message_is_named(post: Post) -> None:
    source = {"protocol": "HTTP", "client": HOSTILE, "key_id": "0Ab3", "request_id": "req_7"}
    message = await post.send("jan@wp.pl", source=source)
    page = await (await alice(post)).get(page_of(message))
    assert 'href="/panel/keys/key_0Ab3"' in page.text
    assert "req_7" in page.words
    assert HOSTILE in page.words
    assert HOSTILE not in page.text


async def test_a_deferred_message_says_why_it_waits_and_until_when(post: Post) -> None:
    message = await post.send("jan@wp.pl")
    await post.end(State.QUEUED, rule="recipient-deferred", reply_code=451, transcript="C: RCPT\n")
    page = await (await alice(post)).get(page_of(message))
    assert "Why is this waiting?" in page.words
    assert "04:12:07" in page.words
    assert "grey-listing" in page.words
    assert "C: RCPT" in page.words


async def test_each_tab_shows_its_part(post: Post) -> None:
    message = await post.send("jan@wp.pl")
    browser = await alice(post)
    shown = {
        "preview": "Pictures from elsewhere are not loaded",
        "text": "This message has no text part",
        "headers": "Shop <shop@example.com> The author whom the recipient sees.",
        "source": "multipart/mixed",
        "authentication": "aligned: the same domain",
        "attachments": "a.html",
        "events": "Accepted for sending",
        "answer": "Polski",
    }
    for tab, text in shown.items():
        page = await browser.get(f"{page_of(message)}&tab={tab}")
        assert page.status == 200
        assert text in page.words


async def test_who_reads_content_is_noted_once_an_hour(post: Post) -> None:
    """W-26: the way, events and the answer are no content; a download of the list is noted, too."""
    message = await post.send("jan@wp.pl")
    browser = await alice(post)

    async def noted() -> list[str]:
        return [one.action for one in await post.house.audit(post.house.alice)]

    before = await noted()
    for tab in ("way", "events", "answer"):
        await browser.get(f"{page_of(message)}&tab={tab}")
    assert await noted() == before
    for tab in ("text", "source", "preview"):
        await browser.get(f"{page_of(message)}&tab={tab}")
    await browser.get(page_of(message, "/message.eml"))
    assert await noted() == ["messages.content-read", *before]
    post.house.clock.advance(timedelta(hours=1))
    await browser.get(page_of(message, "/frame"))
    assert await noted() == ["messages.content-read", "messages.content-read", *before]
    await browser.get("/panel/messages/export.csv?q=to:jan@wp.pl")
    assert (await noted())[0] == "messages.exported"


async def test_the_preview_runs_nothing_and_asks_nobody(post: Post) -> None:
    """W-08."""
    message = await post.send("jan@wp.pl")
    browser = await alice(post)
    frame = await browser.get(page_of(message, "/frame"))
    assert "script" not in frame.text
    assert "example.net" not in frame.text
    policy = frame.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    frame = await browser.get(page_of(message, "/frame") + "&pictures=1")
    assert "https://example.net/pixel.gif" in frame.text


async def test_files_are_stored_and_never_shown(post: Post) -> None:
    """W-09."""
    message = await post.send("jan@wp.pl")
    browser = await alice(post)
    for more in ("/message.eml", "/attachments/1"):
        page = await browser.get(page_of(message, more))
        assert page.headers["content-type"] == "application/octet-stream"
        assert page.headers["content-disposition"].startswith("attachment")
    assert (await browser.get(page_of(message, "/attachments/9"))).status == 404


# -- the delivery certificate ------------------------------------------------------------------------


async def test_a_delivered_message_has_a_signed_certificate(post: Post) -> None:
    message = await post.send("jan@wp.pl", subject="Zamówienie 5: żółw")
    await post.end(tls="TLSv1.3 TLS_AES_256_GCM_SHA384", reply_text="Ok: queued as 7")
    browser = await alice(post)
    assert "Delivery certificate" in (await browser.get(page_of(message))).words
    file = await browser.get(page_of(message, "/certificate"))
    assert file.headers["content-disposition"].startswith("attachment")
    certify = post.house.panel.desk.mail.certify
    claims = verify_document(file.content, json.dumps(certify.key_set()).encode()).claims
    eml = (await browser.get(page_of(message, "/message.eml"))).content
    assert claims["content"]["sha256"] == hashlib.sha256(eml).hexdigest()
    assert claims["content"]["size"] == len(eml)
    assert claims["subject"] == "Zamówienie 5: żółw"
    assert (claims["customer"], claims["recipient"]) == ("shop", "jan@wp.pl")
    assert claims["reply"] == "250 2.0.0 Ok: queued as 7"


async def test_the_sheet_shows_the_claims_and_how_to_check_them(post: Post) -> None:
    message = await post.send("jan@wp.pl", subject=HOSTILE)
    await post.end(tls="", reply_text=HOSTILE)
    browser = await alice(post)
    page = await browser.get(page_of(message, "/certificate/print"))
    certify = post.house.panel.desk.mail.certify
    for text in (
        "2026-01-02T03:04:05.000Z",
        "mx.example.net · 192.0.2.1",
        "not encrypted",
        certify.key_id,
        f"{BASE_URL}/.well-known/sztafeta-certificates.json",
        "sztafeta certificate verify",
    ):
        assert text in page.words
    assert HOSTILE in page.words
    assert HOSTILE not in page.text
    link = page_of(message, "/certificate").replace("&", "&amp;")
    assert f'href="{link}" download' in page.text


@pytest.mark.parametrize("state", [State.QUEUED, State.BOUNCED])
async def test_what_is_not_delivered_has_no_certificate(post: Post, state: State) -> None:
    message = await post.send("jan@wp.pl")
    await post.end(state)
    browser = await alice(post)
    assert "Delivery certificate" not in (await browser.get(page_of(message))).words
    for more in ("/certificate", "/certificate/print"):
        assert (await browser.get(page_of(message, more))).status == 404


async def test_test_mail_has_no_certificate(post: Post) -> None:
    message = await post.send("jan@wp.pl", mode=Mode.TEST)
    await post.end()
    page = await (await alice(post)).get(page_of(message, "/certificate"))
    assert page.status == 404


async def test_each_recipient_has_a_certificate_of_its_own(post: Post) -> None:
    message = await post.send("jan@wp.pl", "eve@example.net")
    await post.end()
    browser = await alice(post)
    to = to_text(message.recipients[1].recipient_id)
    path = page_of(message, "/certificate").partition("?")[0]
    assert '"recipient": "eve@example.net"' in (await browser.get(f"{path}?to={to}")).text


async def test_who_downloads_a_certificate_is_noted(post: Post) -> None:
    """W-26: the file holds addresses and a subject; the sheet shows what the message's page shows."""
    message = await post.send("jan@wp.pl")
    await post.end()
    browser = await alice(post)
    await browser.get(page_of(message, "/certificate/print"))
    assert await post.house.audit(post.house.alice) == []
    await browser.get(page_of(message, "/certificate"))
    (entry,) = await post.house.audit(post.house.alice)
    assert entry.action == "messages.certificate-downloaded"


async def test_a_certificate_is_for_those_whose_mail_it_is(post: Post) -> None:
    """W-01, W-03: Charlie is a stranger; Bob's rights reach one account of two."""
    mine = await post.send("mine@example.net", login="7.shop.smtp")
    other = await post.send("other@example.net", login="8.shop.smtp")
    await post.end()
    reached = frozenset({post.accounts["7.shop.smtp"].account_id})
    bob = replace(post.house.bob, rights={Area.MESSAGES: Right.READ}, smtp_accounts=reached)
    await post.store.members.change_member(bob)
    bobs, charlies = await post.house.browser(bob), await post.house.browser(post.house.charlie)
    unknown = (await charlies.get("/panel/messages/msg_0000000000001/certificate")).words
    for more in ("/certificate", "/certificate/print"):
        assert (await bobs.get(page_of(mine, more))).status == 200
        assert (await bobs.get(page_of(other, more))).status == 404
        page = await charlies.get(page_of(mine, more))
        assert (page.status, page.words) == (404, unknown)


# -- actions -----------------------------------------------------------------------------------------


async def test_what_waits_is_canceled_once(post: Post) -> None:
    message = await post.send("jan@wp.pl")
    browser = await alice(post)
    form = {"to": to_text(message.recipients[0].recipient_id)}
    path = page_of(message, "/cancel").partition("?")[0]
    page = await browser.follow(await browser.post(path, form))
    assert "1 message canceled." in page.words
    page = await browser.follow(await browser.post(path, form))
    assert "Nothing was changed" in page.words


async def test_a_message_is_sent_again_as_a_new_one(post: Post) -> None:
    message = await post.send("jan@wp.pl", "eve@example.net")
    await post.end()
    browser = await alice(post)
    form = {"to": to_text(message.recipients[0].recipient_id)}
    page = await browser.post(page_of(message, "/resend").partition("?")[0], form)
    assert page.status == 303
    page = await browser.get("/panel/messages?q=status:queued")
    assert "jan@wp.pl" in page.words
    assert "eve@example.net" not in page.words


async def test_bulk_actions_count_first_and_reach_what_the_query_means(post: Post) -> None:
    for number in range(3):
        await post.send(f"user{number}@example.net", tags=("order",))
    await post.send("jan@wp.pl")
    browser = await alice(post)
    page = await browser.get("/panel/messages/bulk?action=cancel&q=tag:order")
    assert "3 messages that wait would be canceled" in page.words
    done = await browser.post("/panel/messages/bulk", {"action": "cancel", "q": "tag:order"})
    assert "3 messages canceled" in (await browser.follow(done)).words
    page = await browser.get("/panel/messages?q=status:canceled")
    assert "user2@example.net" in page.words
    assert "jan@wp.pl" not in page.words
    page = await browser.get("/panel/messages/bulk?action=release&q=")
    assert "nothing that this can be done to" in page.words


# -- where is the mail -------------------------------------------------------------------------------


async def test_an_address_is_answered_in_words(post: Post) -> None:
    await post.send("jan@wp.pl", subject="Order 5")
    await post.end()
    page = await (await alice(post)).get("/panel/where?q=Jan@wp.pl")
    assert "The server of wp.pl accepted the last message to Jan@wp.pl" in page.words
    assert "Order 5" in page.words


async def test_an_id_leads_to_its_message(post: Post) -> None:
    message = await post.send("jan@wp.pl")
    page = await (await alice(post)).get(f"/panel/where?q=msg_{to_text(message.message_id)}")
    assert page.location == page_of(message)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("", "Write the recipient"),
        ("nobody@wp.pl", "No mail to nobody@wp.pl"),
        ("hello", "neither an address nor an id"),
    ],
)
async def test_what_is_not_there_is_said(post: Post, asked: str, text: str) -> None:
    assert text in (await (await alice(post)).get(f"/panel/where?q={asked}")).words


async def test_a_suppressed_address_is_unblocked_by_who_may(post: Post) -> None:
    suppression = Suppression(
        customer_id=post.house.alice.customer_id,
        address="jan@wp.pl",
        reason=SuppressionReason.BOUNCE,
        source="smtp",
        comment="",
        created_at=post.house.clock.now(),
    )
    await post.store.suppressions.suppress([suppression])
    bob = await post.house.grant(post.house.bob, {Area.MESSAGES: Right.READ})
    browser = await post.house.browser(bob)
    page = await browser.get("/panel/where?q=jan@wp.pl")
    assert "mail to it was refused for good" in page.words
    assert "Unblock" not in page.words
    assert (await browser.post("/panel/where/unblock", {"address": "jan@wp.pl"})).status == 403
    owner = await alice(post)
    page = await owner.follow(await owner.post("/panel/where/unblock", {"address": "jan@wp.pl"}))
    assert "This address is suppressed" not in page.words


# -- whose mail it is --------------------------------------------------------------------------------


async def test_charlie_sees_nothing_of_alice(post: Post) -> None:
    """W-01."""
    message = await post.send("jan@wp.pl", subject="secret")
    charlie = await post.house.browser(post.house.charlie)
    unknown = (await charlie.get("/panel/messages/msg_0000000000001")).text
    for more in ("", "/frame", "/message.eml", "/attachments/1"):
        page = await charlie.get(page_of(message, more))
        assert page.status == 404
    assert (await charlie.get(page_of(message))).words == (
        await charlie.get("/panel/messages/msg_0000000000001")
    ).words
    assert unknown
    form = {"to": to_text(message.recipients[0].recipient_id)}
    for action in ("resend", "cancel", "release"):
        path = page_of(message, f"/{action}").partition("?")[0]
        assert (await charlie.post(path, form)).status == 404
    for path in ("/panel/messages", "/panel/messages/export.csv", "/panel/where?q=jan@wp.pl"):
        assert "secret" not in (await charlie.get(path)).text
    done = await charlie.post("/panel/messages/bulk", {"action": "cancel", "q": ""})
    assert "0 messages canceled" in (await charlie.follow(done)).words


async def test_bob_sees_the_accounts_that_his_rights_reach(post: Post) -> None:
    """W-03: lists, pages, exports, actions and news."""
    mine = await post.send("mine@example.net", login="7.shop.smtp")
    other = await post.send("other@example.net", login="8.shop.smtp")
    reached = frozenset({post.accounts["7.shop.smtp"].account_id})
    bob = replace(post.house.bob, rights={Area.MESSAGES: Right.WRITE}, smtp_accounts=reached)
    await post.store.members.change_member(bob)
    browser = await post.house.browser(bob)
    for path in ("/panel/messages", "/panel/messages/export.csv"):
        page = await browser.get(path)
        assert "mine@example.net" in page.text
        assert "other@example.net" not in page.text
    assert "other@" not in (await browser.get("/panel/messages?q=account:8.shop.smtp")).words
    assert (await browser.get(page_of(mine))).status == 200
    assert (await browser.get(page_of(other))).status == 404
    done = await browser.post("/panel/messages/bulk", {"action": "cancel", "q": ""})
    assert "1 message canceled" in (await browser.follow(done)).words
    searching = post.house.panel.desk.mail.searching
    ids = [message.recipients[0].recipient_id for message in (mine, other)]
    assert await searching.which(bob, ActivityQuery(), ids) == {ids[0]}


async def test_bob_who_may_only_read_changes_nothing(post: Post) -> None:
    message = await post.send("jan@wp.pl")
    bob = await post.house.grant(post.house.bob, {Area.MESSAGES: Right.READ})
    browser = await post.house.browser(bob)
    page = await browser.get(page_of(message))
    assert "Cancel" not in page.words
    path = page_of(message, "/cancel").partition("?")[0]
    assert (await browser.post(path, {})).status == 403
    assert (await browser.get("/panel/messages/bulk?action=cancel")).status == 403


# -- news --------------------------------------------------------------------------------------------


async def test_news_come_to_whoever_listens_and_once_each(post: Post) -> None:
    turn: asyncio.Queue[None] = asyncio.Queue()
    newsroom = Newsroom(
        store=post.store.activity,
        clock=post.house.clock,
        pause=turn.get,
        on_trouble=lambda what, why: pytest.fail(what),
    )
    customer = post.house.alice.customer_id
    await post.send("before@example.net")
    async with newsroom.listen(customer) as news:
        message = await post.send("jan@wp.pl")
        await post.send("kim@example.org", login="7.other.smtp")
        turn.put_nowait(None)
        assert await news.get() == {message.recipients[0].recipient_id}
        turn.put_nowait(None)
        await post.end()
        turn.put_nowait(None)
        assert message.recipients[0].recipient_id in await news.get()
        assert news.empty()
        assert newsroom.listeners == 1
    assert newsroom.listeners == 0


async def test_a_stream_without_a_mark_tells_the_browser_to_stay_away(post: Post) -> None:
    browser = await alice(post)
    for query in ("", "?after=x", "?after=1&q=colour:red"):
        assert (await browser.get(f"/panel/messages/live{query}")).status == 204


def test_every_rule_of_the_verdict_table_has_words() -> None:
    assert {row.rule for row in TABLE} <= set(RULE)
