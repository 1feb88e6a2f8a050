"""The command line beside a running service: queue and history, in force within a second (issue 2, §5)."""

from __future__ import annotations

import asyncio
import json
import smtplib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from tests.cli.command_line import Ended, Sztafeta
from typer.testing import CliRunner

from sztafeta.bootstrap.service import Service
from sztafeta.cli import application
from sztafeta.config.sources import load
from sztafeta.inbox.catch_all import CatchAll
from sztafeta.inbox.letterbox import Letterbox
from sztafeta.net.listener import Listener, ListenerSpec

SETTINGS = """
[[listeners]]
name = "submission"
address = "127.0.0.1"
port = 0
[http]
port = 0
[api]
port = 0
[[routes]]
domains = ["*"]
host = "127.0.0.1"
port = {port}
"""


class Running:
    """A service with a catch-all behind it, and the command line beside it."""

    def __init__(self, sztafeta: Sztafeta, service: Service, box: Letterbox, password: str) -> None:
        self._sztafeta = sztafeta
        self._password = password
        self.service = service
        self.box = box
        self.settings_file = sztafeta.settings_file

    async def command(self, *arguments: str, code: int = 0) -> Ended:
        return await asyncio.to_thread(self._sztafeta, *arguments, code=code)

    async def send(self, recipient: str) -> str:
        """Send a message and give its queue-id."""
        return await asyncio.to_thread(self._send, recipient)

    def _send(self, recipient: str) -> str:
        with smtplib.SMTP("127.0.0.1", self.service.ports["submission"], timeout=10) as client:
            client.login("1.shop.smtp", self._password)
            client.mail("alice@example.com")
            client.rcpt(recipient)
            code, text = client.data(
                "From: Alice <alice@example.com>\r\nSubject: Hello\r\n\r\nHello\r\n"
            )
            assert code == 250
            return text.decode().rpartition(" ")[2]

    async def until(self, holds: Callable[[Any], bool], *arguments: str) -> Any:
        """Ask until what is printed holds."""
        async with asyncio.timeout(10):
            while True:
                value = (await self.command(*arguments, "--json")).value
                if holds(value):
                    return value


@pytest.fixture
async def running(tmp_path: Path, sztafeta: Sztafeta) -> AsyncIterator[Running]:
    box = Letterbox(None)
    catch_all = CatchAll(box, hostname="mx.localhost", max_size=1 << 24, encryption=None)
    listener = Listener(
        ListenerSpec(name="catch-all", address="127.0.0.1", port=0), catch_all.converse
    )
    await listener.open()
    line = Sztafeta(tmp_path, SETTINGS.format(port=listener.port))
    await asyncio.to_thread(line, "account", "add-customer", "shop")
    add = ("account", "add", "1.shop.smtp", "--customer", "shop", "--json")
    may = ("--allow-cleartext", "--sender-rule", "any")
    password = (await asyncio.to_thread(line, *add, *may)).value["password"]
    async with Service(load(line.settings_file).settings) as service:
        yield Running(line, service, box, password)
    listener.close()


def state_of(message: Any) -> str:
    return str(message["recipients"][0]["state"])


async def test_a_delivered_message_has_its_timeline(running: Running) -> None:
    await running.command("domain", "add", "example.com", "--customer", "shop")
    queue_id = await running.send("bob@example.org")
    shown = await running.until(
        lambda one: state_of(one) == "delivered", "message", "show", queue_id
    )
    (recipient,) = shown["recipients"]
    assert [event["event"] for event in recipient["events"]] == ["queued", "delivered"]
    assert recipient["attempts"][0]["code"] == 250
    assert shown["signing_domain"] == "example.com"
    assert running.box.count() == 1


async def test_a_delivery_is_certified_and_the_file_checked_without_the_service(
    running: Running, tmp_path: Path
) -> None:
    queue_id = await running.send("bob@example.org")
    await running.until(lambda one: state_of(one) == "delivered", "message", "show", queue_id)
    file, keys = tmp_path / "certificate.json", tmp_path / "keys.json"
    command = ("message", "certificate", queue_id)
    file.write_text((await running.command(*command)).out, encoding="utf-8")
    keys.write_text((await running.command("certificate", "keys")).out, encoding="utf-8")
    assert await published_keys(running) == json.loads(keys.read_text())
    verify = ["certificate", "verify", str(file), "--keys", str(keys)]
    proved = CliRunner().invoke(application, verify)
    assert proved.exit_code == 0
    for text in ("Proved: key", "bob@example.org", "250 2.0.0", "Not checked: the content"):
        assert text in proved.stdout
    as_json = json.loads(CliRunner().invoke(application, [*verify, "--json"]).stdout)
    assert (as_json["proved"], as_json["claims"]["customer"]) == (True, "shop")
    file.write_text(file.read_text().replace("bob@", "eve@"), encoding="utf-8")
    refused = CliRunner().invoke(application, verify)
    assert refused.exit_code == 1
    assert "is not proved: the claims for people are not those that were signed" in refused.stderr
    said = (await running.command(*command, "--recipient", "eve@example.org", code=1)).err
    assert "the message has no recipient eve@example.org" in said


async def test_what_is_not_delivered_is_not_certified(running: Running) -> None:
    queue_id = await running.send("bounced@example.org")
    await running.until(lambda one: state_of(one) == "bounced", "message", "show", queue_id)
    said = (await running.command("message", "certificate", queue_id, code=1)).err
    assert said == (
        f"sztafeta: {queue_id} to bounced@example.org is bounced; there will be none: the message's "
        "events say what became of it.\n"
    )


async def published_keys(running: Running) -> Any:
    """Give the keys as everybody reads them, beside the panel."""
    url = f"http://127.0.0.1:{running.service.ports['api']}/.well-known/sztafeta-certificates.json"
    with await asyncio.to_thread(urlopen, url) as answer:
        return json.load(answer)


async def test_a_failed_attempt_shows_its_dialogue(running: Running) -> None:
    queue_id = await running.send("bounced@example.org")
    await running.until(lambda one: state_of(one) == "bounced", "message", "show", queue_id)
    printed = (await running.command("message", "show", queue_id)).out
    assert "bounced@example.org  bounced" in printed
    assert "C: RCPT TO:<bounced@example.org>" in printed
    assert "S: 550 5.1.1" in printed


async def test_held_mail_stays_until_it_is_released(running: Running) -> None:
    queue_id = await running.send("soft@example.org")
    await running.until(lambda one: one["recipients"][0]["attempts"], "message", "show", queue_id)
    assert (await running.command("queue", "hold", queue_id, "--json")).value == {"held": 1}
    (queue,) = (await running.command("queue", "list", "--json")).value
    assert (queue["domain"], queue["held"], queue["queued"]) == ("example.org", 1, 0)
    assert (await running.command("queue", "release", queue_id, "--json")).value == {"released": 1}
    await running.until(
        lambda one: len(one["recipients"][0]["attempts"]) >= 2, "message", "show", queue_id
    )


async def test_a_retry_is_made_by_the_running_service_at_once(running: Running) -> None:
    queue_id = await running.send("soft@example.org")
    await running.until(lambda one: one["recipients"][0]["attempts"], "message", "show", queue_id)
    await running.command("queue", "retry", "--domain", "example.org")
    await running.until(
        lambda one: len(one["recipients"][0]["attempts"]) >= 2, "message", "show", queue_id
    )


async def test_canceled_mail_is_not_sent(running: Running) -> None:
    queue_id = await running.send("soft@example.org")
    await running.until(lambda one: one["recipients"][0]["attempts"], "message", "show", queue_id)
    await running.command("queue", "cancel", queue_id, "--yes", "--reason", "a test")
    shown = (await running.command("message", "show", queue_id, "--json")).value
    assert state_of(shown) == "canceled"
    assert (await running.command("queue", "show", "--json")).value["queued"] == 0


async def test_a_suspended_account_is_out_within_a_second(running: Running) -> None:
    await running.send("bob@example.org")
    await running.command("account", "suspend", "1.shop.smtp")

    async def send_for_ever() -> None:
        while True:
            await running.send("bob@example.org")

    async with asyncio.timeout(10):
        with pytest.raises(smtplib.SMTPException):
            await send_for_ever()


async def test_the_list_names_messages_newest_first(running: Running) -> None:
    first = await running.send("bob@example.org")
    second = await running.send("charlie@example.net")
    listed = (await running.command("message", "list", "--customer", "shop", "--json")).value
    assert [one["queue_id"] for one in listed] == [second, first]
    older = (await running.command("message", "list", "--before", second, "--json")).value
    assert [one["queue_id"] for one in older] == [first]


async def test_a_second_service_on_the_same_data_is_refused(running: Running) -> None:
    """R-18: one clear line, the first unharmed."""
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sztafeta", "serve", "--config", str(running.settings_file)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await second.communicate()
    assert second.returncode == 1
    assert b"is in use by another sztafeta process" in said
    assert b"Traceback" not in said
    await running.send("bob@example.org")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("queue", "hold"), "name what you mean"),
        (("queue", "retry", "--all", "--domain", "example.org"), "--all alone"),
        (("queue", "retry", "not-an-id"), "not-an-id is not a queue-id"),
        (("queue", "retry", "--customer", "nobody"), "there is no customer nobody"),
        (("message", "show", "0000000000000"), "there is no message 0000000000000"),
    ],
)
async def test_faults_are_one_clear_line(
    sztafeta: Sztafeta, arguments: tuple[str, ...], said: str
) -> None:
    ended = await asyncio.to_thread(sztafeta, *arguments, code=1)
    assert said in ended.err
