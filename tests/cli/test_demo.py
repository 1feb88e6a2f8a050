"""The demo as a newcomer starts it: one command, a message that arrives, an end with Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import smtplib
import socket
import ssl
import sys
from email.message import EmailMessage
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from tests.cli.command_line import CliRunner
from tests.system.curl import read_curl

from sztafeta.cli import application
from sztafeta.cli.demo_ports import (
    DemoPorts,
    Remembered,
    Secrets,
    choose_ports,
    free_port,
    remember,
)
from sztafeta.cli.demo_surroundings import command_lines
from sztafeta.store.open import DATABASE_FILE
from sztafeta.store.sqlite.lock import FileLock, lock_of


class Demo:
    """A demo in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, facts: dict[str, Any]) -> None:
        self.process = process
        self.facts = facts

    async def inbox(self, path: str = "") -> str:
        def fetch() -> str:
            with urlopen(self.facts["inbox"] + path, timeout=5) as answer:
                return str(answer.read().decode())

        return await asyncio.to_thread(fetch)

    async def until_inbox_shows(self, text: str) -> str:
        async with asyncio.timeout(20):
            while text not in (page := await self.inbox()):
                pass
        return page

    async def paste(self, line: str) -> int:
        """Do what a curl line says; give the status."""
        asked = read_curl(shlex.split(line)[1:])
        request = Request(asked.url, asked.body, asked.headers, method=asked.method)

        def fetch() -> int:
            with urlopen(request, timeout=5) as answer:
                return int(answer.status)

        return await asyncio.to_thread(fetch)

    async def panel_opens(self) -> bool:
        """Log in with what the demo prints; say whether the start is shown, with nothing asked besides."""
        url = urlsplit(self.facts["panel"])
        form = {"login": self.facts["panel_login"], "password": self.facts["panel_password"]}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        }

        def come_in() -> bool:
            browser = HTTPConnection(url.netloc, timeout=10)
            browser.request("POST", url.path + "/login", urlencode(form), headers)
            answer = browser.getresponse()
            answer.read()
            cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
            browser.request("GET", url.path, headers={"Cookie": cookie})
            return browser.getresponse().status == HTTPStatus.OK

        return await asyncio.to_thread(come_in)

    def has_left_nothing(self) -> bool:
        return not Path(self.facts["data"]).exists()

    async def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(35):
            return await self.process.wait()


async def start(*options: str) -> Demo:
    """Start it and read the JSON that it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sztafeta", "demo", "--json", "--port", "0", *options),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    printed = b""
    async with asyncio.timeout(40):
        while not printed.endswith(b"}\n"):
            printed += await process.stdout.readline()
            if process.stdout.at_eof():
                break
    return Demo(process, json.loads(printed))


async def test_a_first_message_arrives_signed_and_a_second_start_finds_the_data(
    tmp_path: Path,
) -> None:
    first = await start("--data", str(tmp_path))
    await first.until_inbox_shows("Welcome: this message went the whole way")
    page = await first.inbox("messages/1")
    assert page.count('class="verdict passed"') == 2, "RSA and Ed25519"
    assert await first.end() == 0
    second = await start("--data", str(tmp_path))
    for secret in ("password", "live_key", "test_key"):
        assert second.facts[secret] == first.facts[secret]
    await second.until_inbox_shows("2 messages")
    assert await second.panel_opens()
    assert await second.paste(second.facts["send"]["HTTP API"]) == 202
    await second.until_inbox_shows("3 messages")
    assert await second.end() == 0


async def test_a_second_start_beside_a_running_demo_changes_nothing(tmp_path: Path) -> None:
    """R-18: the running one's settings keep leading to it, and the second says how to run both."""
    first = await start("--data", str(tmp_path))
    kept = {name: (tmp_path / name).read_bytes() for name in ("demo.json", "sztafeta.toml")}
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sztafeta", "demo", "--port", "0", "--data", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, said = await second.communicate()
    assert second.returncode == 1
    assert printed == b""
    assert f"in use by another sztafeta process (pid {first.process.pid})".encode() in said
    assert b"--data" in said
    assert b"data_directory" not in said
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept
    assert await first.end() == 0


def test_a_demo_on_the_data_of_a_running_service_changes_nothing(tmp_path: Path) -> None:
    """R-18: `sztafeta serve` may run on the settings of a demo."""
    serving = FileLock(lock_of(tmp_path / DATABASE_FILE))
    ended = CliRunner().invoke(application, ["demo", "--port", "0", "--data", str(tmp_path)])
    serving.release()
    assert ended.exit_code == 1
    assert "--data" in ended.stderr
    assert not (tmp_path / "demo.json").exists()
    assert not (tmp_path / "sztafeta.toml").exists()


async def test_every_port_takes_the_demo_login_with_and_without_tls() -> None:
    """Issue 2: AUTH on 2525, 2587 (in the clear and STARTTLS) and 2465 (implicit TLS)."""
    demo = await start("--ephemeral")

    def send(name: str, *, is_implicit: bool, is_starttls: bool) -> None:
        message = EmailMessage()
        message["From"], message["To"] = "anyone@anywhere.example", "bob@example.org"
        message["Subject"] = f"{name} {is_implicit} {is_starttls}"
        message.set_content("Hello")
        trust = ssl._create_unverified_context()
        port = demo.facts["ports"][name]
        made = (
            smtplib.SMTP_SSL("127.0.0.1", port, context=trust, timeout=10)
            if is_implicit
            else smtplib.SMTP("127.0.0.1", port, timeout=10)
        )
        with made as client:
            if is_starttls:
                client.starttls(context=trust)
            client.login(demo.facts["login"], demo.facts["password"])
            client.send_message(message)

    for name, is_implicit, is_starttls in (
        ("smtp", False, False),
        ("smtp", False, True),
        ("submission", False, False),
        ("submission", False, True),
        ("submissions", True, False),
    ):
        await asyncio.to_thread(send, name, is_implicit=is_implicit, is_starttls=is_starttls)
        await demo.until_inbox_shows(f"{name} {is_implicit} {is_starttls}")
    assert await demo.end() == 0
    assert demo.has_left_nothing(), "an ephemeral demo leaves no data"


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        taken = holder.getsockname()[1]
        chosen, notes = choose_ports(None, taken)
    assert chosen.smtp != taken
    assert notes[0].startswith(f"port {taken} (smtp) is taken: {chosen.smtp} instead")


def test_no_port_is_given_out_twice() -> None:
    assert free_port(40_000, taken={40_000}) != 40_000
    with pytest.raises(OSError, match="no port is free"):
        free_port(0, taken=set(range(65_536)))


def test_password_and_ports_are_remembered_for_the_owner_alone(tmp_path: Path) -> None:
    first = Remembered(secrets=Secrets(password="baton"), ports=DemoPorts(smtp=2526))
    first.write(tmp_path)
    assert remember(tmp_path) == first
    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600


def test_a_damaged_memory_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"ports": 5}')
    assert remember(tmp_path).ports is None


def test_ports_of_last_time_are_taken_again() -> None:
    remembered = DemoPorts(smtp=free_port(0, taken=set()))
    assert choose_ports(remembered, 2525)[0].smtp == remembered.smtp


def test_the_command_lines_can_be_pasted() -> None:
    lines = dict(command_lines(DemoPorts(), Secrets(password="baton")))
    assert "--server 127.0.0.1:2525" in lines["swaks"]
    assert "smtp://127.0.0.1:2525" in lines["curl"]


def test_every_command_explains_itself() -> None:
    for command in ("serve", "demo", "migrate", "account", "domain", "queue", "message", "config"):
        shown = CliRunner().invoke(application, [command, "--help"])
        assert shown.exit_code == 0
        assert len(shown.stdout.splitlines()) > 5
