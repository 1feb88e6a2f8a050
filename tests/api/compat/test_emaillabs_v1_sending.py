"""EmailLabs v1: what its clients send, and what becomes of each recipient (emaillabs.md §1.4, §1.5)."""

from __future__ import annotations

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlencode

import pytest
from tests.doubles.api_house import ALICES_OTHER, CHARLIE, Answer, ApiHouse

from sztafeta.account.api_key import Mode, Scope
from sztafeta.delivery.state import State
from sztafeta.service.ports import NewMessage

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BASE = "smtp_account=1.alice.smtp&from=shop@example.com&subject=Hello&html=<p>Hi</p>"
OFFICIAL = (
    "from=sender%40example.com&from_name=Sender+Name"
    "&to%5Breciver01%40example.com%5D%5Bmessage_id%5D=messageid001%40example.com"
    "&to%5Breciver02%40example.com%5D%5Bmessage_id%5D=messageid002%40example.com"
    "&subject=Message+subject&smtp_account=1.alice.smtp"
    "&html=%3Cp%3EHtml+message+body%3C%2Fp%3E&text=Text+message+body"
    "&headers%5BX-CUSTOM-HEADER%5D=MY_CUSTOM_HEADER&tags%5B0%5D=tag1"
    "&files%5B0%5D%5Bname%5D=a.pdf&files%5B0%5D%5Bmime%5D=application%2Fpdf"
    "&files%5B0%5D%5Bcontent%5D=JVBERi0x%0D%0ALjQK&files%5B0%5D%5Binline%5D=0"
)


def basic(key: str, user: str = "AppKey") -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{key}'.encode()).decode()}"}


async def post(
    house: ApiHouse, form: str, *, action: str = "new_sendmail", key: str = ""
) -> Answer:
    headers = basic(key or await house.key_text()) | FORM
    return await house.ask("POST", f"/api/{action}", headers, form.encode())


async def sent(house: ApiHouse, form: str, *, action: str = "new_sendmail") -> list[NewMessage]:
    """Send what must be accepted; give the messages in their order."""
    answer = await post(house, form, action=action)
    assert answer.status == 200, answer.body
    return [message for _, (message, _) in sorted(house.store.letters.items())]


def parsed(message: NewMessage) -> EmailMessage:
    read = message_from_bytes(b"".join(message.content.blocks()), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def to_of(message: NewMessage) -> str:
    return str(parsed(message)["To"])


# -- the official client, octet for octet ---------------------------------------------------------


async def test_the_official_clients_form_is_sent_and_answered_as_there(house: ApiHouse) -> None:
    """§1.4: the exact wire form."""
    answer = await post(house, OFFICIAL)
    told = answer.json
    assert (answer.status, told["code"], told["status"]) == (200, 200, "success")
    assert told["message"] == "Message sent"
    assert told["data"] == [
        {"reciver01@example.com": "messageid001@example.com"},
        {"reciver02@example.com": "messageid002@example.com"},
    ]
    assert answer.headers["content-type"] == "text/html;charset=UTF-8"
    assert len(told["req_id"]) == 10
    assert answer.headers["x-request-id"].endswith(told["req_id"])


async def test_the_official_clients_message_has_all_of_its_parts(house: ApiHouse) -> None:
    first, second = await sent(house, OFFICIAL)
    mail = parsed(first)
    assert mail["From"] == "Sender Name <sender@example.com>"
    assert (to_of(first), to_of(second)) == ("reciver01@example.com", "reciver02@example.com")
    assert mail["Message-ID"] == "<messageid001@example.com>"
    assert (mail["Subject"], mail["X-CUSTOM-HEADER"]) == ("Message subject", "MY_CUSTOM_HEADER")
    html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None
    assert html.get_content().strip() == "<p>Html message body</p>"
    assert text.get_content().strip() == "Text message body"
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("a.pdf", b"%PDF-1.4\n")
    assert first.tags == ("tag1",)


async def test_the_code_is_a_number_with_no_quotes_around_it(house: ApiHouse) -> None:
    assert b'"code":200' in (await post(house, f"{BASE}&to[]=bob@example.net")).body


# -- five shapes of to ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "to",
    [
        "to[]=bob@example.net&to[]=eve@example.net",
        "to[0]=bob@example.net&to[1]=eve@example.net",
        "to[bob@example.net]=&to[eve@example.net]=",
        "to[bob@example.net][reciver_name]=&to[eve@example.net][vars][x]=1",
        "new_structure=1&to[0][email]=bob@example.net&to[1][email]=eve@example.net",
        "to[bob@example.net]=&to[bob@example.net][vars][x]=1&to[eve@example.net]]=",
    ],
)
async def test_recipients_come_in_every_shape(house: ApiHouse, to: str) -> None:
    assert [to_of(one) for one in await sent(house, f"{BASE}&{to}")] == [
        "bob@example.net",
        "eve@example.net",
    ]


@pytest.mark.parametrize("field", ["reciver_name", "receiver_name"])
@pytest.mark.parametrize("key", ["to[bob@example.net]", "to[0][email]=bob@example.net&to[0]"])
async def test_a_recipients_name_is_read_in_both_spellings(
    house: ApiHouse, key: str, field: str
) -> None:
    name = "Za%C5%BC%C3%B3%C5%82%C4%87"
    (message,) = await sent(house, f"{BASE}&{key}[{field}]={name}")
    assert to_of(message) == "Zażółć <bob@example.net>"


async def test_a_value_beside_an_address_is_a_name_or_with_an_at_sign_a_message_id(
    house: ApiHouse,
) -> None:
    """§1.4, shape 3: sources disagree."""
    form = f"{BASE}&to[bob@example.net]=Bob+Smith&to[eve@example.net]=%3Cid1@example.com%3E"
    bob, eve = await sent(house, form)
    assert to_of(bob) == "Bob Smith <bob@example.net>"
    assert parsed(eve)["Message-ID"] == "<id1@example.com>"


async def test_a_message_id_is_made_and_told_where_none_is_given(house: ApiHouse) -> None:
    told = (await post(house, f"{BASE}&to[]=bob@example.net")).json
    (message_id,) = told["data"][0].values()
    (message,) = (one for one, _ in house.store.letters.values())
    assert f"<{message_id}>" == message.header_message_id


# -- what goes wrong ------------------------------------------------------------------------------


async def test_a_bad_recipient_hides_inside_200(house: ApiHouse) -> None:
    form = f"{BASE}&{urlencode({'to[A <a@a.tld>][message_id]': 'x@y.pl', 'to[b@example.net]': ''})}"
    answer = await post(house, form)
    assert answer.status == 200
    bad, good = answer.json["data"]
    assert bad == {
        "A <a@a.tld>": "x@y.pl > Address: A <a@a.tld> is incorrect. Address has white sign."
    }
    assert list(good) == ["b@example.net"]
    assert len(house.store.letters) == 1


async def test_when_nobody_can_be_written_to_nothing_is_sent(house: ApiHouse) -> None:
    answer = await post(house, f"{BASE}&to[]=nobody&cc=carol@example.net")
    assert (answer.status, len(house.store.letters)) == (200, 0)
    assert answer.json["data"][0]["nobody"].startswith("0 > Address: nobody is incorrect.")


@pytest.mark.parametrize(
    "address", ["a@b.pl> NOTIFY=NEVER", "a@b.pl%0D%0ABcc: eve@example.net", "a%00@b.pl"]
)
async def test_what_is_more_than_an_address_reaches_no_envelope(
    house: ApiHouse, address: str
) -> None:
    """S-44"""
    answer = await post(house, f"{BASE}&to[]={address}")
    assert "is incorrect" in next(iter(answer.json["data"][0].values()))
    assert not house.store.letters


@pytest.mark.parametrize(
    "field", ["subject=a%0D%0ABcc:+x@example.net", "from_name=a%0Ab", "headers[X-A]=b%0Dc"]
)
async def test_a_line_break_in_a_header_value_is_refused(house: ApiHouse, field: str) -> None:
    """S-43"""
    answer = await post(house, f"{BASE}&to[]=bob@example.net&{field}")
    assert (answer.status, answer.json["code"]) == (500, 500)
    assert "line break" in answer.json["message"]
    assert not house.store.letters


async def test_a_suppressed_recipient_is_told_at_once_and_dropped(house: ApiHouse) -> None:
    await house.office.suppress("bob@example.net")
    answer = await post(house, f"{BASE}&to[]=bob@example.net&to[]=eve@example.net")
    bob, eve = answer.json["data"]
    assert bob["bob@example.net"].endswith(" > Address: bob@example.net is on the blacklist.")
    assert " > " not in eve["eve@example.net"]
    assert house.row("bob@example.net").state is State.SUPPRESSED


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("subject=x", "Field 'smtp_account' is required"),
        ("smtp_account=1.alice.smtp", "Field 'to' is required"),
        ("smtp_account=1.nobody.smtp", "SMTP account 1.nobody.smtp does not exist"),
        (f"smtp_account={CHARLIE}", f"SMTP account {CHARLIE} does not exist"),
        (BASE.replace("&html=<p>Hi</p>", "&to[]=b@x.pl"), "Field 'html' or 'text' is required"),
        (BASE.replace("&subject=Hello", "&to[]=b@x.pl"), "Field 'subject' is required"),
        (f"{BASE}&to[]=b@x.pl&files[0][content]=*", "File file0 is not base64"),
        (f"{BASE}&to[]=" + "&to[]=".join(["b@x.pl"] * 201), "Field 'to' may hold 200 addresses"),
    ],
)
async def test_a_form_that_cannot_be_sent_is_500_with_the_reason(
    house: ApiHouse, form: str, message: str
) -> None:
    answer = await post(house, form)
    assert (answer.status, answer.json["code"], answer.json["status"]) == (500, 500, "error")
    assert answer.json["message"] == message
    assert not house.store.letters


async def test_a_foreign_sender_domain_is_refused(house: ApiHouse) -> None:
    """S-40: Charlie's domain is not Alice's."""
    answer = await post(house, f"{BASE.replace('example.com', 'example.org')}&to[]=b@x.pl")
    assert answer.status == 500
    assert "example.org" in answer.json["message"]


async def test_the_account_of_the_form_is_the_one_that_sends(house: ApiHouse) -> None:
    form = BASE.replace("1.alice.smtp", ALICES_OTHER)
    (message,) = await sent(house, f"{form}&to[]=bob@example.net")
    assert house.store.login_of(message.account_id) == ALICES_OTHER


async def test_a_test_key_sends_test_mail(house: ApiHouse) -> None:
    key = await house.key_text(mode=Mode.TEST)
    await post(house, f"{BASE}&to[]=bob@example.net", key=key)
    ((message, _),) = house.store.letters.values()
    assert message.mode is Mode.TEST


async def test_a_key_without_the_scope_does_not_send(house: ApiHouse) -> None:
    key = await house.key_text(scopes=frozenset({Scope.READ}))
    answer = await post(house, f"{BASE}&to[]=bob@example.net", key=key)
    assert (answer.status, answer.json["message"]) == (401, "The key lacks the scope send")


# -- the other fields -----------------------------------------------------------------------------


async def test_copies_have_names_or_with_multi_cc_are_a_map(house: ApiHouse) -> None:
    form = f"{BASE}&to[]=bob@example.net&cc=carol@example.net&cc_name=Carol"
    form += "&multi_bcc=1&bcc[dan@example.net]=Dan"
    bob, carol, dan = await sent(house, form)
    for message in (bob, carol, dan):
        assert parsed(message)["Cc"] == "Carol <carol@example.net>"
        assert parsed(message)["To"] == "bob@example.net"
    assert b"dan@" not in b"".join((*bob.content.blocks(), *carol.content.blocks()))
    assert house.row("dan@example.net").message is dan


@pytest.mark.parametrize("text", ["text", "txt"])
async def test_the_text_is_read_in_both_spellings(house: ApiHouse, text: str) -> None:
    form = BASE.replace("html=<p>Hi</p>", f"{text}=Plain")
    (message,) = await sent(house, f"{form}&to[]=bob@example.net")
    assert parsed(message).get_content().strip() == "Plain"


@pytest.mark.parametrize(
    "field", ["reply_to=r@x.pl", "replay_to=r@x.pl", "headers[Reply-To]=r@x.pl"]
)
async def test_answers_go_to_reply_to_however_it_is_written(house: ApiHouse, field: str) -> None:
    (message,) = await sent(house, f"{BASE}&to[]=bob@example.net&{field}")
    assert parsed(message)["Reply-To"] == "r@x.pl"


async def test_headers_come_as_a_map_or_as_whole_lines(house: ApiHouse) -> None:
    form = f"{BASE}&to[]=bob@example.net&headers[X-A]=1&headers[]=X-B:+2"
    (message,) = await sent(house, form)
    assert (parsed(message)["X-A"], parsed(message)["X-B"]) == ("1", "2")


async def test_header_fields_that_speak_to_the_service_go_no_further(house: ApiHouse) -> None:
    form = f"{BASE}&to[]=bob@example.net&headers[X-MAILTAGS]=a;b&headers[X-TRACKING-OFF]=1"
    (message,) = await sent(house, form)
    assert message.tags == ("a", "b")
    assert b"x-mailtags" not in b"".join(message.content.blocks()).lower()
    assert b"x-tracking" not in b"".join(message.content.blocks()).lower()


async def test_an_inline_file_is_shown_by_its_name(house: ApiHouse) -> None:
    form = f"{BASE}&to[]=bob@example.net&files[0][name]=logo.png&files[0][mime]=image/png"
    (message,) = await sent(house, f"{form}&files[0][content]=iVBORw0K&files[0][inline]=1")
    octets = b"".join(message.content.blocks())
    assert b"Content-ID: <logo.png>" in octets
    assert b"multipart/related" in octets


async def test_the_return_path_is_the_envelopes(house: ApiHouse) -> None:
    (message,) = await sent(house, f"{BASE}&to[]=b@x.pl&return_path=bounces@example.com")
    assert str(message.envelope.reverse_path) == "bounces@example.com"


# -- templates ------------------------------------------------------------------------------------


async def test_variables_of_a_recipient_reach_subject_and_content(house: ApiHouse) -> None:
    """§1.5: `"Subject:: {{ news }}"`."""
    form = "smtp_account=1.alice.smtp&from=shop@example.com&subject=Subject::+{{+news+}}"
    form += "&html=<p>{{+firstName+}}</p>&text={{firstName}}&global_vars[news]=Sale"
    form += "&to[bob@example.net][vars][firstName]=Bob&to[eve@example.net][vars][firstName]=Eve"
    bob, eve = await sent(house, form, action="sendmail_templates")
    assert parsed(bob)["Subject"] == parsed(eve)["Subject"] == "Subject:: Sale"
    assert b"<p>Bob</p>" in b"".join(bob.content.blocks())
    assert b"<p>Eve</p>" in b"".join(eve.content.blocks())


async def test_braces_without_variables_are_text(house: ApiHouse) -> None:
    form = BASE.replace("Hello", "a+{{+b+}}")
    (message,) = await sent(house, f"{form}&to[]=bob@example.net")
    assert parsed(message)["Subject"] == "a {{ b }}"


@pytest.mark.parametrize("action", ["sendmail_templates", "new_sendmail"])
async def test_a_stored_template_is_sent_with_the_calls_own_subject(
    house: ApiHouse, action: str
) -> None:
    added = (await post(house, "html=<p>Hi+{{name}}</p>&txt=Hi", action="add_template")).json
    template_id = added["template_id"]
    assert added["data"]["template_id"] == template_id
    form = f"{BASE}&template_id={template_id}&to[bob@example.net][vars][name]=Bob"
    (message,) = await sent(house, form.replace("Hello", "Dear+{{name}}"), action=action)
    assert parsed(message)["Subject"] == "Dear Bob"
    assert b"<p>Hi Bob</p>" in b"".join(message.content.blocks())


async def test_a_template_of_another_customer_is_not_there(house: ApiHouse) -> None:
    key = await house.key_text(CHARLIE)
    added = await post(house, "html=<p>Charlie</p>", action="add_template", key=key)
    form = f"{BASE}&to[]=bob@example.net&template_id={added.json['template_id']}"
    answer = await post(house, form)
    assert answer.status == 500
    assert "there is no template" in answer.json["message"].lower()


async def test_a_template_needs_content(house: ApiHouse) -> None:
    answer = await post(house, "name=x", action="add_template")
    assert (answer.status, answer.json["message"]) == (500, "Field 'html' is required")
