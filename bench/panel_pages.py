"""How long the panel takes for each of its pages with a million messages in the store.

    .venv/bin/python -m bench.panel_pages [--messages 1000000] [--asks 40] [--folder .run/panel]

The service that is asked is the shipped program; the time is from the request to the answer's last octet, on
loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from bench.fill import fill
from bench.machine import free_port
from bench.sztafeta import LOGIN, Sztafeta
from sztafeta.account.member import Member
from sztafeta.net.clock import SystemClock
from sztafeta.panel.columns import routes
from sztafeta.panel.door import SESSION_COOKIE
from sztafeta.service.people.sessions import Sessions
from sztafeta.service.statistics.rolling import Rolling
from sztafeta.store.open import Store, open_store

MORE = (
    "/panel/statistics?period=24h",
    "/panel/statistics?period=30d",
    "/panel/statistics?period=90d",
    "/panel/where?q=customer4711%40gmail.com",
    "/panel/messages?q=to%3Acustomer4711%40wp.pl",
    "/panel/messages?q=status%3Abounced+since%3A24h",
    "/panel/messages?q=customer4711",
    "/panel/messages/bulk?action=resend&q=status%3Abounced",
)
"""Beside all pages that have no parameter in their path."""
NO_PAGES = ("/live", ".csv")
"""What goes on, and files of a whole list."""
LEAD_ON = (
    "/panel/login",
    "/panel/sign-up",
    "/panel/forgotten",
    "/panel/second-step",
    "/panel/profile/second-step",
    "/panel/messages/bulk",
)
"""Pages for those who have not logged in, or who were asked for something: others are led on."""
TABS = ("way", "text", "events")
"""Parts of a message's page."""
LIMIT = 0.150
PATIENCE = timedelta(seconds=25)


def pages() -> Sequence[str]:
    """Name the pages that are asked for."""
    plain = [
        "/panel" + route.path
        for route in routes()
        if route.method == "GET" and "{" not in route.path and not route.path.endswith(NO_PAGES)
    ]
    inside = [path for path in plain if not path.startswith(LEAD_ON)]
    return [*sorted(set(inside)), *MORE]


def message_pages(port: int, token: str) -> Sequence[str]:
    """Name the pages of the newest message."""
    _, _, listed = ask(port, "/panel/messages", token)
    found = re.search(rb'href="(/panel/messages/msg_[^"?#]+)', listed)
    return [] if found is None else [f"{found[1].decode()}?tab={tab}" for tab in TABS]


async def _prepared(data: Path) -> str:
    """Roll the statistics up, and give the token of somebody who has logged in."""
    store = await open_store(None, data, serves=False, i_know=True, free_share=0.0)
    try:
        await _roll(store)
        return await _token(store)
    finally:
        await store.close()


async def _roll(store: Store) -> None:
    clock = SystemClock()
    zone = ZoneInfo("Europe/Warsaw")
    rolling = Rolling(store=store.rolling, clock=clock, zone=zone, patience=PATIENCE)
    started = perf_counter()
    while await rolling.look():
        pass
    print(f"statistics rolled in {perf_counter() - started:.0f} s", file=sys.stderr)


async def _token(store: Store) -> str:
    clock = SystemClock()
    (customer,) = await store.accounts.customers()
    members = await store.members.members(customer.customer_id)
    if not members:
        alice = Member(
            member_id=0,
            customer_id=customer.customer_id,
            customer_name=customer.name,
            email="alice@example.com",
            name="Alice",
            is_administrator=True,
        )
        now = clock.now()
        members = [await store.members.create_member(alice, password_hash="", now=now)]
    sessions = Sessions(store=store.sessions, clock=clock)
    return await sessions.open(members[0].member_id, address="127.0.0.1", user_agent="bench")


def ask(port: int, path: str, token: str) -> tuple[int, float, bytes]:
    """Ask for a page: status, seconds, content."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    started = perf_counter()
    headers = {"Cookie": f"{SESSION_COOKIE}={token}", "Host": "127.0.0.1"}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    seconds = perf_counter() - started
    connection.close()
    return answer.status, seconds, content


def measure(port: int, token: str, asks: int) -> int:
    """Print a line a page; give how many are too slow, or no page at all."""
    slow = 0
    print(f"{'page':<60} {'status':>6} {'p50 ms':>8} {'p95 ms':>8} {'octets':>8}")
    for path in (*pages(), *message_pages(port, token)):
        asked = [ask(port, path, token) for _ in range(asks)]
        times = sorted(seconds for _, seconds, _ in asked)
        middle, late = times[len(times) // 2], times[int(len(times) * 0.95)]
        status, _, content = asked[-1]
        mark = "" if status == 200 else "  is no page"
        mark += "" if late <= LIMIT else "  over 150 ms"
        slow += bool(mark)
        print(
            f"{path:<60} {status:>6} {middle * 1e3:>8.1f} {late * 1e3:>8.1f} {len(content):>8}{mark}"
        )
    return slow


def main() -> None:
    """Fill, roll, start, ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--asks", type=int, default=40)
    parser.add_argument("--folder", type=Path, default=Path(".run/panel"))
    chosen = parser.parse_args()
    service = Sztafeta(chosen.folder, hop_port=free_port())
    fill(service.data, chosen.messages, 14, LOGIN)
    token = asyncio.run(_prepared(service.data))
    service.start()
    try:
        slow = measure(service.api_port, token, chosen.asks)
    finally:
        service.stop()
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
