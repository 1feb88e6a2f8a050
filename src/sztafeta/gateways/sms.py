"""Text messages: through SMSAPI, through any service that takes a POST, or onto the terminal.

Addresses are the operator's own settings. What a gateway answers is read up to a few kilobytes, and numbers
and texts stay out of the log.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import httpx2

from sztafeta.service.ports import SmsFailed

SECONDS: Final = 15.0
SMSAPI_URL: Final = "https://api.smsapi.pl/sms.do"
_SHOWN: Final = 200
"""Letters of a gateway's answer that go into the log."""


class SmsApi:
    """https://www.smsapi.pl/docs: a form with a token; errors come with status 200."""

    def __init__(self, *, token: str, sender: str = "", url: str = SMSAPI_URL) -> None:
        """`sender` is a name that was registered there; without one, theirs."""
        self._token = token
        self._sender = sender
        self._url = url

    async def send(self, number: str, text: str) -> None:
        """Hand a message over. Raises: SmsFailed."""
        form = {
            "to": number.removeprefix("+"),
            "message": text,
            "format": "json",
            "encoding": "utf-8",
        }
        if self._sender:
            form["from"] = self._sender
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = await _posted(self._url, headers=headers, data=form)
        try:
            said = answer.json()
        except ValueError:
            raise SmsFailed(f"SMSAPI did not answer in JSON: {_start(answer)}") from None
        if not isinstance(said, dict) or "error" in said or not said.get("count"):
            raise SmsFailed(f"SMSAPI refused: {_start(answer)}")


class HttpSms:
    """Any service that takes `{"to", "text", "from"}` as JSON and answers 2xx."""

    def __init__(self, *, url: str, token: str = "", sender: str = "") -> None:
        self._url = url
        self._token = token
        self._sender = sender

    async def send(self, number: str, text: str) -> None:
        """Hand a message over. Raises: SmsFailed."""
        content = {"to": number, "text": text} | ({"from": self._sender} if self._sender else {})
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        await _posted(self._url, headers=headers, content=json.dumps(content).encode())


class ConsoleSms:
    """Nothing is sent: whoever runs the program reads the messages."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell

    async def send(self, number: str, text: str) -> None:
        """Tell of a message."""
        self._tell(number, text)


async def _posted(url: str, **request: Any) -> httpx2.Response:
    """Send a request; a redirect is not followed, because it would carry the token elsewhere."""
    try:
        async with httpx2.AsyncClient(timeout=SECONDS, trust_env=False) as client:
            answer = await client.post(url, **request)
    except (httpx2.HTTPError, httpx2.InvalidURL) as trouble:
        raise SmsFailed(f"the SMS gateway cannot be reached: {trouble!r}") from trouble
    if not answer.is_success:
        raise SmsFailed(f"the SMS gateway answered {answer.status_code}: {_start(answer)}")
    return answer


def _start(answer: httpx2.Response) -> str:
    return " ".join(answer.text[:_SHOWN].split())
