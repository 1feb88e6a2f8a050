"""API keys, each with the SMTP account it sends as; a key whose account is gone is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from ipaddress import ip_network
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.account.api_key import ApiKey, Mode, Scope
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.ports import AlreadyThere, KeyDay, KeyUse, NotThere
from sztafeta.store.accounts import account_of
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import api_key, api_key_calls
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

_KEY: Final = sa.select(api_key).where(api_key.c.key_id == number("key_id", sa.Text))
_KEYS: Final = (
    sa.select(api_key)
    .where(api_key.c.customer_id == number("customer_id"))
    .order_by(api_key.c.created_at.desc(), api_key.c.key_id)
)
_NOTE_USE: Final = (
    sa.update(api_key)
    .values(
        last_used_at=number("used_at"),
        last_used_from=number("used_from", sa.Text),
        last_used_by=number("used_by", sa.Text),
    )
    .where(
        api_key.c.key_id == number("used_key", sa.Text),
        sa.or_(api_key.c.last_used_at.is_(None), api_key.c.last_used_at < number("used_at")),
    )
)
_CALLS: Final = (
    sa.select(api_key_calls.c.day, api_key_calls.c.cause, api_key_calls.c.calls)
    .where(api_key_calls.c.key_id == number("key_id", sa.Text))
    .where(api_key_calls.c.day >= number("since"))
    .order_by(api_key_calls.c.day, api_key_calls.c.cause)
)
_FORGET_CALLS: Final = sa.delete(api_key_calls).where(api_key_calls.c.day < number("before"))


class ApiKeys:
    """Implements `ApiKeyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def api_key(self, key_id: str) -> ApiKey | None:
        """Find by id, as it is in the store at this moment, with its SMTP account."""

        def steps() -> Steps[list[ApiKey]]:
            found = yield self._database.dialect.query(_KEY, key_id=clean(key_id))
            return (yield from self._with_accounts(found))

        keys = await self._database.read(steps)
        return keys[0] if keys else None

    async def api_keys(self, customer_id: int) -> Sequence[ApiKey]:
        """List a customer's keys, the newest first, revoked ones too."""

        def steps() -> Steps[list[ApiKey]]:
            found = yield self._database.dialect.query(_KEYS, customer_id=customer_id)
            return (yield from self._with_accounts(found))

        return await self._database.read(steps)

    def _with_accounts(self, found: Rows) -> Steps[list[ApiKey]]:
        keys = []
        for row in found:
            account = yield from account_of(row[2], self._database.dialect)
            if account is not None:
                keys.append(_api_key(row, account))
        return keys

    async def create_api_key(self, key: ApiKey) -> None:
        """Keep a new key; in force when this returns. Raises: AlreadyThere."""
        values = _settings(key) | {
            "key_id": key.key_id,
            "customer_id": key.customer_id,
            "account_id": key.account.account_id,
            "mode": key.mode.value,
            "secret_sha256": key.secret_sha256,
            "created_at": to_millis(key.created_at),
            "last_used_from": "",
        }
        insert = self._database.dialect.insert_if_new(api_key).values(values)
        if not await self._changed(insert):
            raise AlreadyThere(f"API key {key.key_id!r} is taken already")

    async def change_api_key(self, key: ApiKey) -> None:
        """Write name, scopes, networks, domains, expiry and revocation. Raises: NotThere."""
        change = (
            sa.update(api_key)
            .values(_settings(key))
            .where(api_key.c.key_id == key.key_id, api_key.c.customer_id == key.customer_id)
        )
        if not await self._changed(change):
            raise NotThere(f"there is no API key {key.key_id!r}")

    async def note_use(
        self, uses: Mapping[str, KeyUse], calls: Mapping[tuple[str, KeyDay], int]
    ) -> None:
        """Note when, from where and by what keys were last used, and add up their calls."""

        def steps() -> Steps[None]:
            for key_id, use in sorted(uses.items()):
                yield self._database.dialect.query(
                    _NOTE_USE,
                    used_key=key_id,
                    used_at=to_millis(use.at),
                    used_from=clean(use.address),
                    used_by=clean(use.client),
                )
            for (key_id, day), count in sorted(calls.items(), key=_in_order):
                yield self._database.dialect.once(self._adding(key_id, day, count))

        await self._database.write(Other(steps))

    def _adding(self, key_id: str, day: KeyDay, count: int) -> sa.Executable:
        first = {
            "key_id": key_id,
            "day": day.day.toordinal(),
            "cause": clean(day.cause),
            "calls": count,
        }
        insert = self._database.dialect.insert(api_key_calls).values(first)
        added: sa.Executable = insert.on_conflict_do_update(
            index_elements=["key_id", "day", "cause"],
            set_={"calls": api_key_calls.c.calls + count},
        )
        return added

    async def calls_of_key(self, key_id: str, *, since: date) -> Mapping[KeyDay, int]:
        """Count a key's calls by day and outcome, from this day on."""

        def steps() -> Steps[Rows]:
            return (
                yield self._database.dialect.query(
                    _CALLS, key_id=clean(key_id), since=since.toordinal()
                )
            )

        rows = await self._database.read(steps)
        return {KeyDay(date.fromordinal(day), cause): calls for day, cause, calls in rows}

    async def forget_calls(self, before: date) -> None:
        """Forget the counts of days before this one."""

        def steps() -> Steps[None]:
            yield self._database.dialect.query(_FORGET_CALLS, before=before.toordinal())

        await self._database.write(Other(steps))

    async def _changed(self, statement: sa.Executable) -> int:
        def steps() -> Steps[int]:
            changed = yield replace(self._database.dialect.once(statement), counts=True)
            count: int = changed[0][0]
            return count

        changed: int = await self._database.write(Other(steps))
        return changed


def _settings(key: ApiKey) -> dict[str, Any]:
    """Give as columns what may be changed."""
    return {
        "name": clean(key.name),
        "scopes": " ".join(sorted(scope.value for scope in key.scopes)),
        "allowed_networks": " ".join(str(network) for network in key.allowed_networks),
        "allowed_domains": " ".join(sorted(key.allowed_domains)),
        "expires_at": _millis(key.expires_at),
        "revoked_at": _millis(key.revoked_at),
    }


def _api_key(row: Row, account: SmtpAccount) -> ApiKey:
    key_id, customer_id, _, name, mode, scopes, secret_sha256, networks, *rest = row
    created_at, expires_at, revoked_at, last_used_at, last_used_from, domains, last_used_by = rest
    return ApiKey(
        key_id=key_id,
        customer_id=customer_id,
        customer_name=account.customer_name,
        name=name,
        mode=Mode(mode),
        scopes=frozenset(Scope(word) for word in scopes.split()),
        secret_sha256=bytes(secret_sha256),
        account=account,
        created_at=to_datetime(created_at),
        allowed_networks=tuple(ip_network(word) for word in networks.split()),
        expires_at=_datetime(expires_at),
        revoked_at=_datetime(revoked_at),
        last_used_at=_datetime(last_used_at),
        last_used_from=last_used_from,
        allowed_domains=frozenset(domains.split()),
        last_used_by=last_used_by,
    )


def _in_order(entry: tuple[tuple[str, KeyDay], int]) -> tuple[str, date, str]:
    """Give rows in the order in which every node locks them."""
    (key_id, day), _ = entry
    return key_id, day.day, day.cause


def _millis(at: datetime | None) -> int | None:
    return None if at is None else to_millis(at)


def _datetime(millis: int | None) -> datetime | None:
    return None if millis is None else to_datetime(millis)
