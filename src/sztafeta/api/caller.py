"""Who calls: the API key of a request, proved, and what it may do (ux §3.5).

The key comes as `Authorization: Bearer <key>`, or as the password of Basic authentication with any user name.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from starlette.requests import Request

from sztafeta.account.api_key import ApiKey, Mode, Scope
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.credentials import refuse_two_kinds
from sztafeta.api.header_fields import field
from sztafeta.api.problem import Problem
from sztafeta.service.api_keys import ApiKeys
from sztafeta.service.fault import Refusal
from sztafeta.service.sending.call import Caller

REALM: Final = {"WWW-Authenticate": 'Bearer realm="sztafeta"'}
"""RFC 6750 §3, RFC 9110 §11.6.1."""


def key_text(authorization: str) -> str:
    """Take the key out of an Authorization field; empty when there is none."""
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":  # RFC 6750 §2.1
        return rest.strip()
    if scheme.lower() == "basic":  # RFC 7617 §2
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode("utf-8", "replace")
        except binascii.Error:
            return ""
        user, _, password = pair.partition(":")
        return password or user
    return ""


async def prove(request: Request, keys: ApiKeys, scope: Scope | None) -> ApiKey:
    """Find out who calls.

    Raises:
        Problem: nobody we know, or one who may not do this.
    """
    refuse_two_kinds(request)
    text = key_text(field(request, b"authorization"))
    if not text:
        raise Problem("auth_missing", "The call has no API key.", headers=REALM)
    proved = await prove_text(request, keys, text)
    if isinstance(proved, Refusal):
        problem = Problem.of(proved)
        if problem.http_status == 401:
            problem.headers = REALM
        raise problem
    if scope is not None and not proved.may(scope):
        raise Problem(
            "scope_missing",
            f"The API key {proved.name!r} lacks the scope `{scope.value}`.",
            f"Give the key the scope `{scope.value}`, or use one that has it.",
        )
    return proved


async def prove_text(request: Request, keys: ApiKeys, text: str) -> ApiKey | Refusal:
    """Find out whose key this is; the call is then counted as that key's (`api/key_calls`)."""
    proved = await keys.prove(text, client_address(request), client_name(request))
    if isinstance(proved, ApiKey):
        request.scope["state"]["key"] = proved
    return proved


def refuse_other_mode(key: ApiKey, mode: Mode) -> None:
    """Keep a test key from what leads to mail that leaves.

    Raises:
        Problem: it is a test key, and the thing is live.
    """
    if key.mode is Mode.TEST and mode is Mode.LIVE:
        raise Problem("key_wrong_mode", f"The API key {key.name!r} is a test key; this is live.")


def caller_of(
    request: Request, key: ApiKey, account: SmtpAccount | None = None, *, dialect: str = ""
) -> Caller:
    """Say who calls in the verbs' words; by the key's own SMTP account unless another is named."""
    return Caller(
        account=key.narrow(account or key.account),
        mode=key.mode,
        key_id=key.key_id,
        address=client_address(request),
        client=client_name(request),
        request_id=request.scope["state"]["request_id"],
        dialect=dialect,
    )


def client_address(request: Request) -> str:
    """Give the address that the connection came from."""
    client = request.scope.get("client")
    return "" if client is None else str(client[0])


def client_name(request: Request) -> str:
    """Give what the program calls itself."""
    return field(request, b"user-agent")[:200]
