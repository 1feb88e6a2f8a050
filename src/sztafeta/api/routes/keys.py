"""`/v1/keys`: API keys; a key's text is in the answer that makes it, and nowhere else (W-16)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import Field

from sztafeta.account.api_key import ApiKey, Mode, Scope, is_escape
from sztafeta.account.audit_values import key_subject, key_values
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.caller import refuse_other_mode
from sztafeta.api.desk import Administrator, AtDesk, Desk
from sztafeta.api.guarded import Guarded
from sztafeta.api.notebook import AtNotebook
from sztafeta.api.problem import Problem
from sztafeta.api.routes.shapes import Instant, Networks, Strict, View
from sztafeta.service.api_keys import KeyWish, MadeKey
from sztafeta.service.fault import Fault, Refusal

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=Guarded)

Name = Annotated[str, Field(min_length=1, max_length=100)]


Scopes = Annotated[set[Scope], Field(min_length=1)]
Domains = Annotated[list[str], Field(max_length=100)]


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
    allowed_domains: Domains = []
    """Which of your sending domains it may send from; empty: from all. Not with the scope `admin`."""
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
    allowed_domains: Domains | None = None
    """Which of your sending domains it may send from; an empty list: from all."""
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
    allowed_domains: Sequence[str]
    """Which sending domains it may send from; empty: from all."""
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
    last_used_by: str
    """What the program that used it last calls itself (User-Agent)."""


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
    domains = await _domains(desk, key, wish.allowed_domains)
    _refuse_escape(wish.scopes, domains)
    made = await desk.keys.make(
        KeyWish(
            name=wish.name,
            mode=wish.mode,
            scopes=frozenset(wish.scopes),
            account=await _account(desk, key, wish.smtp_account),
            allowed_networks=tuple(wish.allowed_networks),
            allowed_domains=domains,
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
    """Change name, scopes, IP allow-list, domains or expiry; in force within a second."""
    found = await _find_own(desk, key, key_id)
    values: dict[str, Any] = change.model_dump(exclude_unset=True)
    if values.get("scopes") is not None:
        values["scopes"] = frozenset(values["scopes"])
    if values.get("allowed_networks") is not None:
        values["allowed_networks"] = tuple(values["allowed_networks"])
    if values.get("allowed_domains") is not None:
        values["allowed_domains"] = await _domains(desk, key, values["allowed_domains"])
    kept = {
        name: value for name, value in values.items() if value is not None or name == "expires_at"
    }
    changed = replace(found, **kept)
    _refuse_escape(changed.scopes, changed.allowed_domains)
    await desk.keys.change(changed)
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


async def _domains(desk: Desk, key: ApiKey, texts: Sequence[str]) -> frozenset[str]:
    """Find the customer's domains of these names."""
    found = [await desk.domains.find(key.customer_id, text) for text in texts]
    faults = [
        Fault(pointer=f"/allowed_domains/{at}", code="not_found", text=one.text)
        for at, one in enumerate(found)
        if isinstance(one, Refusal)
    ]
    if faults:
        raise Problem("invalid", "A domain is not one of yours.", errors=tuple(faults))
    return frozenset(one.domain for one in found if not isinstance(one, Refusal))


def _refuse_escape(scopes: Iterable[Scope], domains: Iterable[str]) -> None:
    if is_escape(scopes, domains):
        text = "a key with the scope admin may make keys for all domains: leave out one of the two"
        fault = Fault(pointer="/allowed_domains", code="not_with_admin", text=text)
        raise Problem("invalid", "The limit would limit nothing.", errors=(fault,))


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": f"key_{key.key_id}",
        "name": key.name,
        "mode": key.mode,
        "scopes": sorted(key.scopes, key=lambda scope: scope.value),
        "smtp_account": key.account.login,
        "allowed_networks": [str(network) for network in key.allowed_networks],
        "allowed_domains": sorted(key.allowed_domains),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "last_used_from": key.last_used_from,
        "last_used_by": key.last_used_by,
    }


def _shown_once(made: MadeKey) -> dict[str, Any]:
    return {**_shown(made.key), "key": made.text}
