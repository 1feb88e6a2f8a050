"""The inbox pages over HTTP: everything escaped, nothing active, nothing changed by a GET (W-08, W-09)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message

from sztafeta.inbox.letterbox import Arrived, Letterbox
from sztafeta.inbox.pages import Hints, InboxPages, moment, octets
from sztafeta.mail.opened import read_cover

PAYLOADS = (
    '"><svg/onload=alert(1)>',
    "</title><script>alert(1)</script>",
    "'-alert(1)-'",
    "{{7*7}}",
    "</pre><img src=x onerror=alert(1)>",
    "\u202egpj.exe",
)


class Answer:
    """What came back."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


async def get(pages: InboxPages, target: str, *, method: str = "GET") -> Answer:
    path, _, query = target.partition("?")
    answer = Answer()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {key.decode(): value.decode() for key, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost")],
        "scheme": "http",
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    await pages.application(scope, receive, send)
    return answer


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.words += " ".join(value or "" for _, value in attrs)

    def handle_data(self, data: str) -> None:
        self.words += data


async def no_key(name: str) -> str | None:
    return None


def keep(box: Letterbox, content: bytes) -> None:
    cover = read_cover(content)
    box.keep(
        Arrived(
            number=0,
            at=datetime(2026, 11, 24, 12, tzinfo=UTC),
            client="mail.example.com",
            tls="",
            reverse_path="alice@example.com",
            recipients=("bob@example.org",),
            author=cover.author,
            subject=cover.subject,
            snippet=cover.snippet,
            attachments=cover.attachments,
            size=len(content),
        ),
        content,
    )


@pytest.fixture
def box() -> Letterbox:
    return Letterbox(None)


@pytest.fixture
def pages(box: Letterbox) -> InboxPages:
    hints = Hints(facts=(("Host", "127.0.0.1"),), commands=(("swaks", "swaks --to <bob>"),))
    return InboxPages(box, look_up=no_key, hints=hints)


async def test_an_empty_inbox_says_what_will_be_here_and_how_to_fill_it(pages: InboxPages) -> None:
    page = (await get(pages, "/")).text
    assert "No mail yet" in page
    assert "swaks --to &lt;bob&gt;" in re.sub("</?span>", "", page)
    assert "<title>[DEMO] Inbox" in page
    assert "Nothing leaves this machine" in page


async def test_a_search_without_a_hit_offers_to_drop_it(pages: InboxPages) -> None:
    page = (await get(pages, "/?search=nobody")).text
    assert "Nothing fits “nobody”" in page
    assert 'href="/">Show all' in page


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("view", ["html", "text", "headers", "source", "attachments"])
async def test_what_strangers_write_is_shown_and_never_obeyed(
    pages: InboxPages, box: Letterbox, payload: str, view: str
) -> None:
    """W-08: subject, names, file names, text, field names and values."""
    value = payload.encode()
    keep(
        box,
        b"From: "
        + value
        + b" <x@example.net>\r\nSubject: "
        + value
        + b"\r\nX-Y: "
        + value
        + b"\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + value + b"\r\n--b\r\n"
        b"Content-Disposition: attachment; filename*=UTF-8''" + value + b"\r\n\r\nx\r\n--b--\r\n",
    )
    for target in ("/", f"/messages/1?view={view}", f"/?search={payload}"):
        page = (await get(pages, target)).text
        elements = Elements()
        elements.feed(page)
        assert [one for one in elements.found if one[0] == "script"] == [
            ("script", {"src": "/static/inbox.js", "defer": None})
        ]
        assert not [name for _, given in elements.found for name in given if name.startswith("on")]
        assert "img" not in {name for name, _ in elements.found}
        assert payload in elements.words or payload != "{{7*7}}"


async def test_pages_forbid_what_they_do_not_need(pages: InboxPages) -> None:
    headers = (await get(pages, "/")).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_the_html_of_a_message_stands_in_a_sandbox(pages: InboxPages, box: Letterbox) -> None:
    keep(box, b"Content-Type: text/html\r\n\r\n<b>hi</b><img src=https://example.net/pixel.gif>")
    page = (await get(pages, "/messages/1")).text
    frame = re.search(r'<iframe[^>]*sandbox="([^"]*)"', page)
    assert frame is not None
    assert "allow-scripts" not in frame[1]
    assert "allow-same-origin" not in frame[1]
    policy = (await get(pages, "/messages/1/frame")).headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy, "remote pictures are off"
    assert "allow-scripts" not in policy


async def test_files_and_source_are_stored_not_shown(pages: InboxPages, box: Letterbox) -> None:
    """W-09."""
    content = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n"
        b'Content-Disposition: attachment; filename="a\\"b.html"\r\n\r\n'
        b"<script>alert(1)</script>\r\n--b--\r\n"
    )
    keep(box, content)
    for target, body in (
        ("/messages/1/attachments/1", b"<script>alert(1)</script>"),
        ("/messages/1/source", content),
    ):
        answer = await get(pages, target)
        assert answer.body == body
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "target",
    [
        "/messages/9",
        "/messages/9/frame",
        "/messages/9/source",
        "/messages/9/attachments/1",
        "/static/../pages.py",
        "/static/x",
        "/messages/99999999999999999999",
    ],
)
async def test_what_is_not_there_is_404(pages: InboxPages, target: str) -> None:
    assert (await get(pages, target)).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_changed_through_the_pages(pages: InboxPages, method: str) -> None:
    assert (await get(pages, "/", method=method)).status == 405


async def test_every_page_is_in_the_list_of_views(pages: InboxPages, box: Letterbox) -> None:
    keep(box, b"Subject: x\r\n\r\nhello")
    assert "hello" in (await get(pages, "/messages/1?view=nonsense")).text


@given(st.text(max_size=50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
async def test_no_search_fails(pages: InboxPages, search: str) -> None:
    assert (await get(pages, f"/?search={quote(search)}&before={quote(search)}")).status == 200


@pytest.mark.parametrize(("size", "text"), [(5, "5 B"), (2048, "2.0 KiB"), (3 << 20, "3.0 MiB")])
def test_sizes_are_for_people(size: int, text: str) -> None:
    assert octets(size) == text


def test_what_came_on_another_day_says_which() -> None:
    now = datetime(2026, 3, 2, 0, 5, tzinfo=UTC)
    assert moment(now - timedelta(minutes=1), now=now) == "00:04:00"
    assert moment(now - timedelta(minutes=10), now=now) == "2026-03-01 23:55"
