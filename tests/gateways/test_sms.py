"""Text messages go out as the gateways want them, and what goes wrong is said without the text."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from tests.doubles.http_sink import HttpSink

from sztafeta.gateways.sms import ConsoleSms, HttpSms, SmsApi
from sztafeta.service.ports import SmsFailed

NUMBER, TEXT = "+48501234567", "Sztafeta: hasło do panelu: abcd-efgh-jkmn Zmień je."


async def test_smsapi_gets_a_form_with_a_token() -> None:
    async with HttpSink(answer=b'{"count": 1, "list": [{"id": "1"}]}') as sink:
        await SmsApi(token="secret", sender="Sztafeta", url=sink.url).send(NUMBER, TEXT)
    ((line, fields, body),) = sink.requests
    assert line == "POST /send HTTP/1.1"
    assert fields["authorization"] == "Bearer secret"
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert form == {
        "to": "48501234567",
        "message": TEXT,
        "format": "json",
        "encoding": "utf-8",
        "from": "Sztafeta",
    }


async def test_an_error_of_smsapi_comes_with_status_200() -> None:
    async with HttpSink(answer=b'{"error": 103, "message": "Insufficient credits"}') as sink:
        with pytest.raises(SmsFailed, match="Insufficient credits") as failed:
            await SmsApi(token="secret", url=sink.url).send(NUMBER, TEXT)
    assert "abcd" not in str(failed.value)
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}"])
async def test_what_smsapi_never_says_is_a_failure(answer: bytes) -> None:
    async with HttpSink(answer=answer) as sink:
        with pytest.raises(SmsFailed):
            await SmsApi(token="secret", url=sink.url).send(NUMBER, TEXT)


async def test_any_service_gets_json() -> None:
    async with HttpSink(status=202) as sink:
        await HttpSms(url=sink.url, token="secret", sender="S").send(NUMBER, TEXT)
    ((_, fields, body),) = sink.requests
    assert json.loads(body) == {"to": NUMBER, "text": TEXT, "from": "S"}
    assert fields["authorization"] == "Bearer secret"


@pytest.mark.parametrize("status", [302, 401, 500])
async def test_a_status_other_than_2xx_is_a_failure(status: int) -> None:
    """A redirect is not followed: the token would go elsewhere."""
    async with HttpSink(status=status, answer=b"no") as sink:
        with pytest.raises(SmsFailed, match=str(status)):
            await HttpSms(url=sink.url).send(NUMBER, TEXT)
    assert len(sink.requests) == 1


async def test_a_gateway_that_is_away_is_a_failure() -> None:
    async with HttpSink() as sink:
        url = sink.url
    with pytest.raises(SmsFailed, match="cannot be reached"):
        await HttpSms(url=url).send(NUMBER, TEXT)


async def test_the_console_shows_what_nobody_gets() -> None:
    shown: list[tuple[str, str]] = []
    await ConsoleSms(lambda number, text: shown.append((number, text))).send(NUMBER, TEXT)
    assert shown == [(NUMBER, TEXT)]
