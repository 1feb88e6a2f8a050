"""The key of a call: how it is shown, and what is said about one that cannot be used (ux §3.5)."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from tests.doubles.native_house import NativeHouse

from sztafeta.account.api_key import SECRET_LENGTH, KeyText, Mode, parse_key
from sztafeta.api.caller import key_text


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("Bearer szt_live_x", "szt_live_x"),
        ("bearer  szt_live_x ", "szt_live_x"),
        (basic("api:szt_live_x"), "szt_live_x"),
        (basic("szt_live_x:"), "szt_live_x"),
        ("Basic !!!", ""),
        ("Digest szt_live_x", ""),
        ("", ""),
    ],
)
def test_the_key_is_a_bearer_token_or_a_basic_password(field: str, key: str) -> None:
    """RFC 6750 §2.1, RFC 7617 §2."""
    assert key_text(field) == key


async def test_a_basic_password_opens_the_door(house: NativeHouse) -> None:
    made = await house.key()
    field = {"Authorization": basic(f"api:{made.text}")}
    assert (await house.call("GET", "/v1/me", headers=field)).status == 200


@pytest.mark.parametrize("shown", ["nonsense", "szt_live_short", "żółć", "szt_live_" + "0" * 47])
async def test_a_key_that_cannot_be_is_unknown_without_asking_the_store(
    house: NativeHouse, shown: str
) -> None:
    headers = {"Authorization": f"Bearer {shown}"}
    answer = await house.call("GET", "/v1/me", headers=headers)
    assert (answer.status, answer.code) == (401, "key_unknown")
    assert "www-authenticate" in answer.headers


async def test_a_typing_error_is_told_from_a_stranger(house: NativeHouse) -> None:
    """W-16: the check characters."""
    made = (await house.key()).text
    wrong = made[:-5] + ("0" if made[-5] != "0" else "1") + made[-4:]
    answer = await house.call("GET", "/v1/me", key=wrong)
    assert "typing error" in answer.json["detail"]


async def test_a_key_in_the_query_or_a_cookie_is_no_key(house: NativeHouse) -> None:
    """W-06: the API takes no cookies, so that no web page can call it for its visitor."""
    made = await house.key()
    answer = await house.call("GET", f"/v1/me?key={made.text}", headers={"Cookie": made.text})
    assert answer.code == "auth_missing"


async def test_no_origin_is_allowed_to_read_an_answer(house: NativeHouse) -> None:
    """W-07: no CORS."""
    made = await house.key()
    headers = {"Origin": "https://evil.example"}
    answer = await house.call("GET", "/v1/me", key=made.text, headers=headers)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_a_text_that_is_almost_a_key_in_use_is_not_the_key(house: NativeHouse) -> None:
    """A key in use is known by its whole text, not by its id."""
    made = await house.key()
    assert (await house.call("GET", "/v1/me", key=made.text)).status == 200
    stranger = KeyText(mode=made.key.mode, key_id=made.key.key_id, secret="0" * SECRET_LENGTH)
    other_mode = replace(parse_key(made.text), mode=Mode.TEST)
    for text in (str(stranger), str(other_mode)):
        answer = await house.call("GET", "/v1/me", key=text)
        assert (answer.status, answer.code) == (401, "key_unknown")
