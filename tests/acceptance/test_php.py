"""PHP speaks EmailLabs' v1 with us as its official client does, and reads forms as we do."""

from __future__ import annotations

import base64
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Running
from tests.acceptance.programs import run
from tests.system.service import LOGIN

from sztafeta.api.compat.php_form import parse_form

pytestmark = pytest.mark.acceptance

SCRIPTS = Path(__file__).parent / "php"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "api"
PDF = b"%PDF-1.4\n"
MESSAGE = {
    "from": "shop@example.com",
    "from_name": "Sklep Zażółć",
    "to": {
        "customer@example.net": {
            "message_id": "messageid001@example.com",
            "vars": {"firstName": "Gęślą"},
        }
    },
    "subject": "Dla {{ firstName }}",
    "smtp_account": LOGIN,
    "html": "<p>Dzień dobry, {{ firstName }}</p>",
    "text": "Dzień dobry, {{ firstName }}",
    "headers": {"X-CUSTOM-HEADER": "MY_CUSTOM_HEADER"},
    "tags": ["tag1"],
    "files": [
        {
            "name": "a.pdf",
            "mime": "application/pdf",
            "content": base64.b64encode(PDF).decode(),
            "inline": 0,
        }
    ],
}
PIECES = [
    *("to", "a@x.pl", "ż", "[", "]", "[]", "%5B", "%5B]", "[-3]", "[01]"),
    *("0", "7", "1", "-", ".", " ", "+", "%09", "%00", "=", "&"),
]
FORMS = 2000


async def php(script: str, *arguments: str, stdin: bytes = b"") -> str:
    """Run one of our scripts."""
    return await run("php", str(SCRIPTS / script), *arguments, stdin=stdin)


class Client:
    """The official client's way of calling, with its base URL set to our host."""

    def __init__(self, running: Running) -> None:
        made = running.house.ask("key", "add", "--account", LOGIN, "--name", "php")
        self._base = f"http://127.0.0.1:{running.house.api_port}/api/"
        self._secret = str(made["secret"])

    async def call(self, method: str, action: str, form: Any = None) -> Any:
        """Call an action; the answer must be what the client takes for an answer."""
        more = [] if form is None else [json.dumps(form)]
        output = await php(
            "emaillabs.php", self._base, "AppKey", self._secret, method, action, *more
        )
        told = json.loads(output)
        assert told["type"] == "text/html;charset=UTF-8"
        assert told["answer"]["code"] == told["http"]
        return told["answer"]


async def test_the_official_clients_message_is_delivered(running: Running) -> None:
    answer = await Client(running).call("POST", "new_sendmail", MESSAGE)
    assert (answer["code"], answer["message"]) == (200, "Message sent")
    assert answer["data"] == [{"customer@example.net": "messageid001@example.com"}]
    received = await running.arrival()
    assert received.sender == "shop@example.com"
    assert received.recipients == ["customer@example.net"]
    assert b"Message-ID: <messageid001@example.com>" in received.raw
    assert b"X-CUSTOM-HEADER: MY_CUSTOM_HEADER" in received.raw
    assert base64.b64encode(PDF) in received.raw
    assert received.raw.count(b"DKIM-Signature:") == 2


async def test_a_stored_template_is_filled_in_by_the_renderer(running: Running) -> None:
    client = Client(running)
    form = {"html": "<p>{% if vip %}Witaj{% elseif name %}Hej {{ name }}{% endif %}</p>"}
    template_id = (await client.call("POST", "add_template", form))["template_id"]
    message = {
        "smtp_account": LOGIN,
        "from": "shop@example.com",
        "subject": "Subject:: {{ name }}",
        "template_id": template_id,
        "to": {"customer@example.net": {"vars": {"name": "Ola"}}},
    }
    assert (await client.call("POST", "sendmail_templates", message))["code"] == 200
    received = await running.arrival()
    assert b"Subject: Subject:: Ola" in received.raw
    assert b"Hej Ola" in received.raw


async def test_lists_and_the_blacklist_are_read_as_the_client_asks(running: Running) -> None:
    client = Client(running)
    await client.call("POST", "new_sendmail", MESSAGE)
    await running.arrival()
    log = await client.call("GET", "emails?offset=0&limit=20&sort=-created_at")
    assert (log["number_of_elements"], log["data"][0]["to"]) == (1, "customer@example.net")
    entry = {"account": LOGIN, "email": "a@example.net", "reason": "spam_complaint"}
    assert (await client.call("POST", "blacklists", entry))["code"] == 200
    found = await client.call(
        "GET", "blacklists?offset=0&limit=100&sort=email&filter=reason::spam_complaint|source::api"
    )
    assert [row["email"] for row in found["data"]] == ["a@example.net"]
    assert (await client.call("DELETE", "blacklists/email/a@example.net"))["code"] == 200
    assert (await client.call("GET", "blacklists/email/a@example.net"))["code"] == 404
    yesterday = int(time.time()) - 86_400
    counts = await client.call("GET", f"agregate?smtp_account={LOGIN}&date_from={yesterday}")
    assert counts["data"]["injected"] == 1


@pytest.mark.parametrize("page", ["emaillabs.md", "emaillabs.pl.md"])
async def test_the_examples_of_the_page_are_sent(running: Running, page: str) -> None:
    """What the page about moving over tells to type, typed."""
    made = running.house.ask("key", "add", "--account", LOGIN, "--name", "docs")
    examples = (DOCS / page).read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]
    for login in ("1.name.smtp", "1.nazwa.smtp"):
        examples = examples.replace(login, LOGIN)
    host = f"http://127.0.0.1:{running.house.api_port}"
    output = await run(
        "bash", "-c", examples, environment={"HOST": host, "KEY": str(made["secret"])}
    )
    assert '"message":"Message sent","status":"success","code":200' in output
    assert '"status":"sent"}],"errors":[]' in output
    await running.witness.wait_for(2)


async def test_forms_are_read_as_php_reads_them() -> None:
    """Names put together from the pieces that matter, read by PHP and by us."""
    draw = random.Random(7)
    forms = ["".join(draw.choices(PIECES, k=draw.randint(1, 12))).encode() for _ in range(FORMS)]
    lines = b"\n".join(base64.b64encode(form) for form in forms)
    output = await php("parse_forms.php", stdin=lines + b"\n")
    for form, line in zip(forms, output.splitlines(), strict=True):
        assert parse_form(form) == json.loads(line), form
