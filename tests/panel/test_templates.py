"""Templates in the panel: written, previewed, compared, published; who is too late is told."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from html import unescape

import pytest
from tests.doubles.panel_house import Browser, Page, PanelHouse

from sztafeta.account.api_key import Mode, Scope
from sztafeta.account.member import Area, Right
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import SenderRule
from sztafeta.service.api_keys import KeyWish
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import MessageQuery
from sztafeta.service.sending.call import Addressee, Call, Caller, Person, TemplateChoice
from sztafeta.service.templates import WholeTemplate

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script><svg/onload=alert(3)>"


async def made(browser: Browser, **more: str) -> str:
    """Make a template; give its path."""
    form = {"name": "Order", "external_id": "order", "kind": "html", "missing": "refuse"} | more
    page = await browser.post("/panel/templates/new", form)
    assert page.status == 303, page.words
    return page.location


def fields(page: Page) -> dict[str, str]:
    """Give what the editor's form holds."""
    inputs = re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page.text)
    areas = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\r?\n?(.*?)</textarea>', page.text, re.S)
    names = ("subject", "kind", "code", "text", "data", "seen", "sample")
    return {name: unescape(value) for name, value in inputs + areas if name in names}


async def opened(house: PanelHouse, path: str, number: int | None = None) -> WholeTemplate:
    ref = path.rpartition("/")[2]
    found = await house.verbs.templates.find(house.alice.customer_id, ref, number)
    assert not isinstance(found, Refusal)
    return found


async def test_the_empty_list_says_what_will_be_there(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    page = await alice.get("/panel/templates")
    assert page.status == 200
    assert "Your templates will stand here" in page.words
    assert "Make the first template" in page.words


async def test_a_new_template_is_a_draft_and_opens_in_the_editor(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    page = await alice.get(path)
    assert "{{ name }}" in fields(page)["code"]
    assert "Preview of the mail" in page.text
    listed = await alice.get("/panel/templates")
    assert "Order" in listed.words
    assert "draft" in listed.words


async def test_mjml_begins_with_mjml(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice, kind="mjml")
    assert (await opened(panel_house, path)).version.source.mjml.startswith("<mjml")


async def test_an_external_id_that_is_taken_is_refused_beside_its_field(
    panel_house: PanelHouse,
) -> None:
    alice = await panel_house.browser(panel_house.alice)
    await made(alice)
    form = {"name": "Other", "external_id": "order", "kind": "html", "missing": "refuse"}
    page = await alice.post("/panel/templates/new", form)
    assert page.status == 200
    assert "Another template has this external id" in page.words


async def test_saving_writes_a_draft_and_mail_goes_on_with_the_live_version(
    panel_house: PanelHouse,
) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    await alice.post(f"{path}/publish", {"version": "1"})
    form = fields(await alice.get(path)) | {"code": "<p>second\r\n{{ name }}</p>"}
    page = await alice.post(path, form)
    assert page.status == 303
    whole = await opened(panel_house, path)
    assert (whole.template.live, whole.template.newest) == (1, 2)
    assert whole.version.source.html == "<p>second\n{{ name }}</p>"
    assert whole.version.author == "Alice"


async def test_of_two_editors_the_second_is_told_and_loses_nothing(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    bob_member = await panel_house.grant(panel_house.bob, {Area.TEMPLATES: Right.WRITE})
    bob = await panel_house.browser(bob_member)
    path = await made(alice)
    hers, his = fields(await alice.get(path)), fields(await bob.get(path))
    assert (await bob.post(path, his | {"code": "<p>bob</p>"})).status == 303
    page = await alice.post(path, hers | {"code": "<p>alice</p>"})
    assert page.status == 409
    assert "Somebody else saved this template" in page.words
    assert "bob" in page.words
    assert fields(page)["code"] == "<p>alice</p>"
    assert (await opened(panel_house, path)).version.source.html == "<p>bob</p>"
    assert (await alice.post(path, fields(page))).status == 303
    assert (await opened(panel_house, path)).version.source.html == "<p>alice</p>"


async def test_a_fault_names_its_line_and_nothing_is_saved(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    page = await alice.post(path, fields(await alice.get(path)) | {"code": "<p>\n{% if"})
    assert "Not saved" in page.words
    assert "Line 1, column 1: a tag is not closed" in page.words
    assert "{% if" not in (await opened(panel_house, path)).version.source.html


async def test_variables_without_a_value_are_marked_with_their_line(
    panel_house: PanelHouse,
) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    form = fields(await alice.get(path)) | {"code": "<p>\n{{ name }}\n{{ total }}", "data": "{}"}
    page = await alice.post(f"{path}/check", form, headers={"HX-Request": "true"})
    assert "2 variables have no value" in page.words
    assert "total undefined HTML, line 3" in page.words
    assert "<html" not in page.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{\n "a": }', "Line 2, column 7"),
        ("[1]", "Test data is one object"),
        ("[" * 9000, "nested"),
    ],
)
async def test_test_data_that_cannot_be_read_is_told_with_its_place(
    panel_house: PanelHouse, data: str, said: str
) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    page = await alice.post(f"{path}/check", fields(await alice.get(path)) | {"data": data})
    assert page.status == 200
    assert said in page.words


async def test_test_data_is_kept_under_a_name_and_loaded_again(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    form = fields(await alice.get(path)) | {"data": '{"name": "Łucja"}', "sample": "Long"}
    kept = await alice.post(f"{path}/samples", form | {"do": "keep", "code": "<p>unsaved</p>"})
    assert fields(kept)["code"] == "<p>unsaved</p>"
    assert fields(await alice.get(path))["data"] == '{"name": "Łucja"}'
    loaded = await alice.post(f"{path}/check", form | {"data": "", "do": "load", "saved": "Long"})
    assert fields(loaded)["data"] == '{"name": "Łucja"}'
    await alice.post(f"{path}/samples", form | {"do": "forget"})
    assert "Łucja" not in fields(await alice.get(path))["data"]


async def test_the_preview_stands_in_a_sandbox_without_scripts_forms_and_requests(
    panel_house: PanelHouse,
) -> None:
    """W-08, W-12: what is hostile in a template reaches nothing of ours."""
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    form = fields(await alice.get(path)) | {"code": HOSTILE, "text": HOSTILE, "subject": HOSTILE}
    framed = await alice.post(f"{path}/frame", form)
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    assert "set-cookie" not in framed.headers
    page = await alice.post(f"{path}/check", form)
    assert "<script>alert" not in page.text
    assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;", "", page.text)
    sandbox = re.search(r'<iframe[^>]*sandbox="([^"]*)"', page.text)
    assert sandbox is not None
    assert "allow-scripts" not in sandbox[1]


async def test_remote_pictures_are_loaded_only_when_asked_for(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    form = fields(await alice.get(path))
    without = await alice.post(f"{path}/frame", form)
    asked = await alice.post(f"{path}/frame", form | {"remote": "y"})
    assert "img-src data: https:" not in without.headers["content-security-policy"]
    assert "img-src data: https:" in asked.headers["content-security-policy"]


async def test_the_checks_speak_of_pictures_links_and_size(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    code = "<img src='https://a.pl/x.png'><a href=''>x</a>" + "<p>y" * 30_000
    page = await alice.post(f"{path}/check", fields(await alice.get(path)) | {"code": code})
    for words in (
        "Picture without alternative text",
        "Link to nowhere",
        "Gmail will cut this mail",
    ):
        assert words in page.words


async def test_versions_are_compared_and_an_older_one_is_made_live_again(
    panel_house: PanelHouse,
) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    await alice.post(f"{path}/publish", {"version": "1"})
    await alice.post(path, fields(await alice.get(path)) | {"code": "<p>second</p>"})
    await alice.post(f"{path}/publish", {"version": "2"})
    assert (await opened(panel_house, path)).template.live == 2
    page = await alice.get(f"{path}/versions?before=1&after=2")
    assert "<p>second</p>" in page.words.replace("& lt;", "<") or "second" in page.words
    assert 'class="added"' in page.text
    assert 'class="removed"' in page.text
    assert (await alice.post(f"{path}/publish", {"version": "1"})).status == 303
    assert (await opened(panel_house, path)).template.live == 1


async def test_a_version_that_is_not_there_is_not_found(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    for number in ("7", "x", "9" * 30, "-1"):
        assert (await alice.post(f"{path}/publish", {"version": number})).status == 404
    assert (await alice.get(f"{path}/versions?before=7")).status == 404


async def test_settings_are_written_and_a_deleted_template_is_gone(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    await alice.post(
        f"{path}/samples", fields(await alice.get(path)) | {"do": "keep", "sample": "A"}
    )
    form = {"name": "Invoice", "external_id": "invoice", "missing": "blank"}
    assert (await alice.post(f"{path}/settings", form)).status == 303
    assert (await opened(panel_house, path)).template.external_id == "invoice"
    assert (await alice.post(f"{path}/delete")).status == 303
    assert (await alice.get(path)).status == 404


@pytest.mark.parametrize("below", ["", "/settings", "/versions", "/uses", "/frame", "/send-test"])
async def test_a_strangers_template_is_not_there(panel_house: PanelHouse, below: str) -> None:
    """W-01: the same page as for an id that nothing has."""
    alice = await panel_house.browser(panel_house.alice)
    charlie = await panel_house.browser(panel_house.charlie)
    path = await made(alice)
    foreign, unknown = await asyncio.gather(
        charlie.get(path + below), charlie.get("/panel/templates/nothing" + below)
    )
    assert foreign.status == unknown.status == 404
    assert foreign.words == unknown.words


@pytest.mark.parametrize(
    "below",
    ["", "/settings", "/publish", "/delete", "/samples", "/check", "/frame", "/send-test"],
)
async def test_a_stranger_changes_nothing(panel_house: PanelHouse, below: str) -> None:
    """W-01, W-03."""
    alice = await panel_house.browser(panel_house.alice)
    charlie = await panel_house.browser(panel_house.charlie)
    path = await made(alice)
    form = fields(await alice.get(path)) | {"code": "<p>taken</p>", "version": "1", "name": "Taken"}
    assert (await charlie.post(path + below, form)).status == 404
    whole = await opened(panel_house, path)
    assert (whole.template.name, whole.template.live) == ("Order", None)


async def test_whoever_may_only_read_sees_no_button_that_writes(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    reader = await panel_house.grant(panel_house.bob, {Area.TEMPLATES: Right.READ})
    bob = await panel_house.browser(reader)
    page = await bob.get(path)
    assert page.status == 200
    assert "Save the draft" not in page.words
    assert (await bob.post(path, fields(page))).status == 403


async def test_what_is_done_stands_in_the_audit_log(panel_house: PanelHouse) -> None:
    """W-26."""
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    await alice.post(f"{path}/publish", {"version": "1"})
    page = await alice.get("/panel/audit")
    assert "Template published" in page.words


async def test_without_an_smtp_account_the_test_says_what_is_missing(
    panel_house: PanelHouse,
) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    await panel_house.store.accounts.delete_smtp_account("1.shop.smtp")
    page = await alice.get(f"{path}/send-test")
    assert "There is no SMTP account to send with" in page.words


async def with_domain(house: PanelHouse) -> None:
    """Let the shop send from its domain."""
    domain = SendingDomain(domain="shop.example", customer_id=house.alice.customer_id)
    await house.store.accounts.add_sending_domain(domain, now=house.clock.now())


async def test_a_test_is_sent_to_ones_own_address_unless_another_is_typed(
    panel_house: PanelHouse,
) -> None:
    await with_domain(panel_house)
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    page = await alice.get(f"{path}/send-test")
    assert 'value="alice@shop.example"' in page.text
    assert 'value="test@shop.example"' in page.text
    form = {
        "account": "1.shop.smtp",
        "author": "test@shop.example",
        "to": "alice@shop.example",
        "data": '{"name": "Łucja"}',
    }
    sent = await alice.post(f"{path}/send-test", form)
    assert sent.status == 303, sent.words
    query = MessageQuery(customer_id=panel_house.alice.customer_id, mode=Mode.LIVE)
    (record,) = await panel_house.store.feed.find_messages(query, limit=9)
    assert "Łucja" in record.subject
    assert record.tags == ("template-test",)
    assert [str(one.forward_path.mailbox) for one in record.recipients] == ["alice@shop.example"]


async def test_a_test_from_a_domain_that_is_not_ones_own_says_why(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    form = {
        "account": "1.shop.smtp",
        "author": "x@bank.example",
        "to": "alice@shop.example",
        "data": '{"name": "A"}',
    }
    page = await alice.post(f"{path}/send-test", form)
    assert page.status == 200
    assert "bank.example" in page.words


async def sent_by_template(house: PanelHouse, path: str, *, key_id: str = "") -> None:
    """Publish Alice's template and send by it."""
    ref = path.rpartition("/")[2]
    await house.verbs.templates.publish(house.alice.customer_id, ref, None)
    (account,) = await house.panel.desk.account_administration.smtp_accounts("shop")
    caller = Caller(
        account=replace(account, sender_rule=SenderRule.ANY),
        mode=Mode.LIVE,
        key_id=key_id,
        address="192.0.2.1",
        door="submission",
    )
    call = Call(
        author=Person(address="shop@example.com"),
        addressees=(Addressee(person=Person(address="jan@example.net")),),
        template=TemplateChoice(ref=ref),
        data={"name": "Zofia", "order": 17},
    )
    assert not isinstance(await house.verbs.sending.send(caller, call), Refusal)


async def test_a_template_tells_who_uses_it_and_warns_before_it_is_deleted(
    panel_house: PanelHouse,
) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    unused = await alice.get(f"{path}/uses")
    assert "No program has used it in the last 30 days" in unused.words
    assert "used it in the last 30 days" not in (await alice.get(f"{path}/settings")).words
    await sent_by_template(panel_house, path)
    page = await alice.get(f"{path}/uses")
    assert "1.shop.smtp" in page.words
    assert "submission" in page.words
    assert "1 program used it in the last 30 days" in (await alice.get(f"{path}/settings")).words
    listed = await alice.get("/panel/templates")
    assert f'href="{path}/uses"' in listed.text
    assert "1 message in 30 days" in listed.words


async def test_a_program_that_used_two_versions_is_one_program(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    await sent_by_template(panel_house, path)
    opened_again = await alice.get(path)
    await alice.post(path, fields(opened_again) | {"subject": "Another {{ name }}"})
    await sent_by_template(panel_house, path)
    assert (await alice.get(f"{path}/uses")).text.count('href="/panel/smtp-accounts/') == 2
    assert "1 program used it in the last 30 days" in (await alice.get(f"{path}/settings")).words
    assert "2 messages in 30 days" in (await alice.get("/panel/templates")).words


async def test_the_name_of_a_key_is_told_to_whoever_reaches_its_account_alone(
    panel_house: PanelHouse,
) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    (account,) = await panel_house.panel.desk.account_administration.smtp_accounts("shop")
    key = await panel_house.panel.desk.keys.make(
        KeyWish(
            name="the till",
            mode=Mode.LIVE,
            scopes=frozenset({Scope.SEND}),
            account=account,
        )
    )
    await sent_by_template(panel_house, path, key_id=key.key.key_id)
    assert "the till" in (await alice.get(f"{path}/uses")).words
    await panel_house.grant(panel_house.bob, {Area.TEMPLATES: Right.READ})
    bob = await panel_house.browser(panel_house.bob)
    page = await bob.get(f"{path}/uses")
    assert "the till" not in page.words
    assert "a program that you do not reach" in page.words


async def test_test_data_is_filled_in_as_the_last_message_had_it(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    before = await alice.get(path)
    assert "Fill in as the last message had it" not in before.words
    await sent_by_template(panel_house, path)
    opened_again = await alice.get(path)
    assert "Fill in as the last message had it" in opened_again.words
    filled = await alice.post(f"{path}/check", fields(opened_again) | {"do": "last"})
    assert json.loads(fields(filled)["data"]) == {"name": "Xxxxx", "order": 11}
    assert "Zofia" not in filled.text
    assert "data-unsaved" in filled.text  # the script has the frame show it
    assert "data-unsaved" not in opened_again.text


async def test_a_strangers_last_data_is_not_there(panel_house: PanelHouse) -> None:
    alice = await panel_house.browser(panel_house.alice)
    path = await made(alice)
    await sent_by_template(panel_house, path)
    charlie = await panel_house.browser(panel_house.charlie)
    form = fields(await alice.get(path)) | {"do": "last"}
    page = await charlie.post(f"{path}/check", form)
    assert page.status == 404
    assert "Xxxxx" not in page.text
