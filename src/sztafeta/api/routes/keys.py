"""`/v1/keys`: API keys; a key's text is in the answer that makes it, and nowhere else (W-16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import Field

from sztafeta.account.api_key import ApiKey, Mode, Scope
from sztafeta.account.audit_values import key_subject, key_values
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.caller import refuse_other_mode
from sztafeta.api.desk import Administrator, AtDesk, Desk
from sztafeta.api.guarded import Guarded
from sztafeta.api.notebook import AtNotebook
from sztafeta.api.problem import Problem
from sztafeta.api.routes.shapes import Instant, Networks, Strict, View
from sztafeta.service.api_keys import KeyWish, MadeKey
from sztafeta.service.fault import Fault

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=Guarded)

Name = Annotated[str, Field(min_length=1, max_length=100)]


Scopes = Annotated[set[Scope], Field(min_length=1)]


class NewKey(Strict):
    """A key to make."""

    name: Name
    """What people call it."""
    mode: Mode = Mode.LIVE
    """With a test key nothing leaves."""
    scopes: Scopes
    """What it may do; `admin` is all."""
    smtp_account: str | None = None
    """Whose settings its mail goes by; the caller's own when left out."""
    allowed_networks: Networks = []
    """Where it may be used from, like `192.0.2.0/24`; empty: from anywhere."""
    expires_at: Instant | None = None
    """When it ends; null: never."""


class KeyChange(Strict):
    """What to change; what is left out stays."""

    name: Name | None = None
    """What people call it."""
    scopes: Scopes | None = None
    """What it may do."""
    allowed_networks: Networks | None = None
    """Where it may be used from; an empty list: from anywhere."""
    expires_at: Instant | None = None
    """When it ends; null takes the end away."""


class Rotation(Strict):
    """How a key is replaced."""

    overlap_minutes: Annotated[int, Field(ge=0, le=30 * 24 * 60)] = 60
    """How long the old key goes on working."""


class Key(View):
    """A key as it is shown."""

    id: str
    """Names the key; it is also the beginning of its text."""
    name: str
    """What people call it."""
    mode: Mode
    """Whether its mail leaves."""
    scopes: Sequence[Scope]
    """What it may do."""
    smtp_account: str
    """Whose settings its mail goes by."""
    allowed_networks: Sequence[str]
    """Where it may be used from; empty: from anywhere."""
    created_at: datetime
    """When it was made."""
    expires_at: datetime | None
    """When it ends; null: never."""
    revoked_at: datetime | None
    """When it was ended; null: it was not."""
    last_used_at: datetime | None
    """When it was last used, to some seconds."""
    last_used_from: str
    """The address that used it last."""


class SecretKey(Key):
    """A key that was just made."""

    key: str
    """The whole key: keep it now, it is never shown again."""


class Keys(View):
    """All keys of the customer."""

    data: Sequence[Key]
    """The newest first."""


@router.get("", response_model=Keys, summary="List keys")
async def list_keys(key: Administrator, desk: AtDesk) -> dict[str, Any]:
    """List the customer's keys, the newest first."""
    return {"data": [_shown(one) for one in await desk.keys.all_of(key.customer_id)]}


@router.post("", response_model=SecretKey, status_code=201, summary="Make a key")
async def make_key(
    key: Administrator, desk: AtDesk, notebook: AtNotebook, wish: NewKey
) -> dict[str, Any]:
    """Make a key; it is in force at once."""
    refuse_other_mode(key, wish.mode)
    made = await desk.keys.make(
        KeyWish(
            name=wish.name,
            mode=wish.mode,
            scopes=frozenset(wish.scopes),
            account=await _account(desk, key, wish.smtp_account),
            allowed_networks=tuple(wish.allowed_networks),
            expires_at=wish.expires_at,
        )
    )
    await notebook.note(key, "key.made", key_subject(made.key), after=key_values(made.key))
    return _shown_once(made)


@router.get("/{key_id}", response_model=Key, summary="See a key")
async def see_key(key: Administrator, desk: AtDesk, key_id: str) -> dict[str, Any]:
    """Give one key, without its secret."""
    return _shown(await _find(desk, key, key_id))


@router.patch("/{key_id}", response_model=Key, summary="Change a key")
async def change_key(
    key: Administrator, desk: AtDesk, notebook: AtNotebook, key_id: str, change: KeyChange
) -> dict[str, Any]:
    """Change name, scopes, IP allow-list or expiry; in force within a second."""
    found = await _find_own(desk, key, key_id)
    values: dict[str, Any] = change.model_dump(exclude_unset=True)
    if values.get("scopes") is not None:
        values["scopes"] = frozenset(values["scopes"])
    if values.get("allowed_networks") is not None:
        values["allowed_networks"] = tuple(values["allowed_networks"])
    kept = {
        name: value for name, value in values.items() if value is not None or name == "expires_at"
    }
    changed = await desk.keys.change(replace(found, **kept))
    before, after = key_values(found), key_values(changed)
    await notebook.note(key, "key.changed", key_subject(changed), before=before, after=after)
    return _shown(changed)


@router.delete("/{key_id}", response_model=Key, summary="Revoke a key")
async def revoke_key(
    key: Administrator, desk: AtDesk, notebook: AtNotebook, key_id: str
) -> dict[str, Any]:
    """End a key; it is dead within a second on every node, and stays in the list."""
    revoked = await desk.keys.revoke(await _find_own(desk, key, key_id))
    await notebook.note(key, "key.revoked", key_subject(revoked))
    return _shown(revoked)


@router.post("/{key_id}/rotate", response_model=SecretKey, status_code=201, summary="Replace a key")
async def rotate_key(
    key: Administrator,
    desk: AtDesk,
    notebook: AtNotebook,
    key_id: str,
    rotation: Annotated[Rotation, Body()] = Rotation(),  # noqa: B008 - frozen
) -> dict[str, Any]:
    """Make a key like this one; the old one goes on for the overlap, then expires."""
    found = await _find_own(desk, key, key_id)
    if not found.is_valid_at(desk.clock.now()):
        raise Problem("wrong_state", "The key is revoked or has expired; make a new one.")
    overlap = timedelta(minutes=rotation.overlap_minutes)
    made = await desk.keys.rotate(found, overlap=overlap)
    await notebook.note(key, "key.replaced", key_subject(made.key), after=key_values(made.key))
    return _shown_once(made)


async def _find(desk: Desk, key: ApiKey, shown_id: str) -> ApiKey:
    found = await desk.keys.find(key.customer_id, shown_id.removeprefix("key_"))
    if found is None:
        raise Problem("not_found", f"There is no key {shown_id}.")
    return found


async def _find_own(desk: Desk, key: ApiKey, shown_id: str) -> ApiKey:
    """Find a key that this one may change: a test key has no hand in live ones."""
    found = await _find(desk, key, shown_id)
    refuse_other_mode(key, found.mode)
    return found


async def _account(desk: Desk, key: ApiKey, login: str | None) -> SmtpAccount:
    if login is None or login == key.account.login:
        return key.account
    account = await desk.accounts.smtp_account(login)
    if account is None or account.customer_id != key.customer_id:
        fault = Fault(
            pointer="/smtp_account", code="not_found", text=f"You have no SMTP account {login}."
        )
        raise Problem("invalid", "The SMTP account is not known.", errors=(fault,))
    return account


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": f"key_{key.key_id}",
        "name": key.name,
        "mode": key.mode,
        "scopes": sorted(key.scopes, key=lambda scope: scope.value),
        "smtp_account": key.account.login,
        "allowed_networks": [str(network) for network in key.allowed_networks],
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "last_used_from": key.last_used_from,
    }


def _shown_once(made: MadeKey) -> dict[str, Any]:
    return {**_shown(made.key), "key": made.text}
