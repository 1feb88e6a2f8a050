"""Who may send what: customers, SMTP accounts, sending domains and their sealed keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from sztafeta.account.sending_domain import DkimKey, KeyAlgorithm, SendingDomain
from sztafeta.account.smtp_account import FormerPassword, SenderRule, SmtpAccount
from sztafeta.service.ports import AlreadyThere, Customer, NotThere
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import (
    customer,
    dkim_key,
    record_check,
    sending_domain,
    smtp_account,
)
from sztafeta.store.seal import Seal
from sztafeta.store.statements import Dialect, Row, Rows, Steps, number
from sztafeta.store.units import Other

T = TypeVar("T")
_MILLISECOND: Final = timedelta(milliseconds=1)

# -- statements -----------------------------------------------------------------------------------


def _text(name: str) -> sa.BindParameter[Any]:
    return number(name, sa.Text)


_ACCOUNT_COLUMNS: Final = (
    smtp_account.c.account_id,
    smtp_account.c.customer_id,
    customer.c.name,
    smtp_account.c.login,
    smtp_account.c.password_sha256,
    smtp_account.c.enabled,
    customer.c.enabled.label("customer_enabled"),
    smtp_account.c.cleartext_auth,
    smtp_account.c.sender_rule,
    smtp_account.c.may_send_bounces,
    smtp_account.c.failure_notices,
    smtp_account.c.max_connections,
    smtp_account.c.ttl,
    smtp_account.c.display_name,
    smtp_account.c.allowed_networks,
    smtp_account.c.former_sha256,
    smtp_account.c.former_until,
    smtp_account.c.former_replaced_at,
    smtp_account.c.former_replaced_by,
    smtp_account.c.egress,
)
_ACCOUNTS: Final = sa.select(*_ACCOUNT_COLUMNS).join_from(
    smtp_account, customer, customer.c.customer_id == smtp_account.c.customer_id
)
_ACCOUNT: Final = _ACCOUNTS.where(smtp_account.c.login == _text("login"))
_ACCOUNT_BY_ID: Final = _ACCOUNTS.where(smtp_account.c.account_id == number("account_id"))
_ALL_ACCOUNTS: Final = _ACCOUNTS.order_by(smtp_account.c.login)
_DOMAINS_OF: Final = sa.select(sending_domain.c.domain).where(
    sending_domain.c.customer_id == number("customer_id"),
    sending_domain.c.verified_at.is_not(None),
)
_DOMAINS: Final = sa.select(
    sending_domain.c.domain_id,
    sending_domain.c.domain,
    sending_domain.c.customer_id,
    sending_domain.c.verified_at,
    sending_domain.c.needs_proof,
    sending_domain.c.created_at,
).order_by(sending_domain.c.domain)
_OWN_DOMAINS: Final = _DOMAINS.where(sending_domain.c.customer_id == number("customer_id"))
_DOMAIN: Final = _DOMAINS.where(sending_domain.c.domain == _text("domain"))
_KEYS: Final = (
    sa.select(
        dkim_key.c.selector,
        dkim_key.c.algorithm,
        dkim_key.c.sealed_private_key,
        dkim_key.c.active,
    )
    .where(dkim_key.c.domain_id == number("domain_id"))
    .order_by(dkim_key.c.key_id)
)
_CUSTOMERS: Final = sa.select(
    customer.c.customer_id, customer.c.name, customer.c.enabled, customer.c.created_at
).order_by(customer.c.name)
_CUSTOMER: Final = _CUSTOMERS.where(customer.c.name == _text("name"))
_CUSTOMER_BY_ID: Final = _CUSTOMERS.where(customer.c.customer_id == number("customer_id"))


class Accounts:
    """Implements `AccountStore` and `AccountAdministration`."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    # -- read -------------------------------------------------------------------------------------

    async def smtp_account(self, login: str) -> SmtpAccount | None:
        """Find by login, as it is in the store at this moment."""

        def steps() -> Steps[SmtpAccount | None]:
            found = yield self._ask(_ACCOUNT, login=login)
            return (yield from self._account(found[0])) if found else None

        return await self._database.read(steps)

    async def smtp_accounts(self, customer_name: str | None = None) -> Sequence[SmtpAccount]:
        """List them by login."""

        def steps() -> Steps[list[SmtpAccount]]:
            accounts = []
            for row in (yield self._ask(_ALL_ACCOUNTS)):
                if customer_name in (None, row[2]):
                    accounts.append((yield from self._account(row)))
            return accounts

        return await self._database.read(steps)

    async def sending_domain(self, domain: str) -> SendingDomain | None:
        """Find a domain and its keys.

        Raises:
            WrongMasterKey: a key cannot be unsealed.
        """

        def steps() -> Steps[SendingDomain | None]:
            found = yield self._ask(_DOMAIN, domain=domain)
            return (yield from self._domain(found[0])) if found else None

        return await self._database.read(steps)

    async def sending_domains(self, customer_id: int | None = None) -> Sequence[SendingDomain]:
        """List them by name, with their keys."""

        def steps() -> Steps[list[SendingDomain]]:
            if customer_id is None:
                found = yield self._ask(_DOMAINS)
            else:
                found = yield self._ask(_OWN_DOMAINS, customer_id=customer_id)
            domains = []
            for row in found:
                domains.append((yield from self._domain(row)))
            return domains

        return await self._database.read(steps)

    async def customers(self) -> Sequence[Customer]:
        """List them by name."""

        def steps() -> Steps[Rows]:
            return (yield self._ask(_CUSTOMERS))

        return [_customer(row) for row in await self._database.read(steps)]

    def _account(self, row: Row) -> Steps[SmtpAccount]:
        return (yield from _with_domains(row, self._database.dialect))

    def _domain(self, row: Row) -> Steps[SendingDomain]:
        domain_id, domain, customer_id, verified_at, needs_proof, created_at = row
        rows = yield self._ask(_KEYS, domain_id=domain_id)
        keys = [(self._key(domain, *key), active) for *key, active in rows]
        return SendingDomain(
            domain=domain,
            customer_id=customer_id,
            keys=tuple(key for key, active in keys if active),
            pending=tuple(key for key, active in keys if not active),
            is_verified=verified_at is not None,
            needs_proof=bool(needs_proof),
            created_at=to_datetime(created_at),
        )

    def _key(self, domain: str, selector: str, algorithm: str, sealed: bytes) -> DkimKey:
        opened = self._seal.open(bytes(sealed), context=_context(domain, selector))
        return DkimKey(selector=selector, algorithm=KeyAlgorithm(algorithm), private_key=opened)

    # -- customers --------------------------------------------------------------------------------

    async def create_customer(self, name: str, *, now: datetime) -> Customer:
        """Raises: AlreadyThere."""
        values = {"name": name, "enabled": 1, "created_at": to_millis(now)}

        def steps() -> Steps[Customer]:
            yield from self._insert(customer, f"customer {name!r}", values)
            return (yield from self._customer(name))

        return await self._write(steps)

    async def enable_customer(self, name: str, *, enabled: bool) -> None:
        """Let a customer send, or suspend it with all its accounts. Raises: NotThere."""
        change = sa.update(customer).where(customer.c.name == name).values(enabled=int(enabled))
        await self._write(lambda: self._change(change, f"customer {name!r}"))

    def _customer(self, name: str) -> Steps[Customer]:
        found = yield self._ask(_CUSTOMER, name=name)
        if not found:
            raise NotThere(f"there is no customer {name!r}")
        return _customer(found[0])

    # -- SMTP accounts ----------------------------------------------------------------------------

    async def create_smtp_account(
        self, account: SmtpAccount, *, password: str, now: datetime
    ) -> SmtpAccount:
        """Create a login for the customer `account.customer_name`; ids and hash are filled in.

        Raises:
            AlreadyThere: the login is taken.
            NotThere: there is no such customer.
        """
        hashed = replace(account, password_sha256=_hash(password))

        def steps() -> Steps[SmtpAccount]:
            owner = yield from self._customer(account.customer_name)
            values = _account_values(hashed) | {
                "customer_id": owner.customer_id,
                "login": account.login,
                "password_sha256": hashed.password_sha256,
                "created_at": to_millis(now),
            }
            yield from self._insert(smtp_account, f"login {account.login!r}", values)
            found = yield self._ask(_ACCOUNT, login=account.login)
            return (yield from self._account(found[0]))

        return await self._write(steps)

    async def change_smtp_account(self, account: SmtpAccount) -> None:
        """Write an account's settings (not its password). Raises: NotThere."""
        await self._change_login(account.login, **_account_values(account))

    async def set_password(
        self, login: str, password: str, former: FormerPassword | None = None
    ) -> None:
        """Give an account another password; `former` says what becomes of the one before.

        Raises:
            NotThere: there is no such login.
        """
        values = {"password_sha256": _hash(password)} | _former_values(former)
        await self._change_login(login, **values)

    async def end_former_password(self, login: str, *, now: datetime) -> None:
        """Let the password before the present one end now. Raises: NotThere."""
        await self._change_login(login, former_until=to_millis(now))

    async def delete_smtp_account(self, login: str) -> None:
        """Take a login away; its mail stays. Raises: NotThere."""
        deletion = sa.delete(smtp_account).where(smtp_account.c.login == login)
        await self._write(lambda: self._change(deletion, f"login {login!r}"))

    async def _change_login(self, login: str, **values: object) -> None:
        change = sa.update(smtp_account).where(smtp_account.c.login == login).values(values)
        await self._write(lambda: self._change(change, f"login {login!r}"))

    # -- sending domains --------------------------------------------------------------------------

    async def add_sending_domain(self, domain: SendingDomain, *, now: datetime) -> None:
        """Keep a customer's domain, with its keys sealed; an unverified one of another's makes room.

        Raises:
            AlreadyThere: it is verified, or the customer has it already.
            NotThere: there is no such customer.
        """
        values = {
            "customer_id": domain.customer_id,
            "domain": domain.domain,
            "created_at": to_millis(now),
            "verified_at": to_millis(now) if domain.is_verified else None,
            "needs_proof": int(domain.needs_proof),
        }

        def steps() -> Steps[None]:
            owner = yield self._ask(_CUSTOMER_BY_ID, customer_id=domain.customer_id)
            if not owner:
                raise NotThere(f"there is no customer number {domain.customer_id}")
            yield from self._make_room_for(domain)
            yield from self._insert(sending_domain, f"sending domain {domain.domain!r}", values)
            found = yield self._ask(_DOMAIN, domain=domain.domain)
            yield from self._write_keys(found[0][0], domain)

        await self._write(steps)

    def _make_room_for(self, domain: SendingDomain) -> Steps[None]:
        """Drop what another customer only claimed."""
        found = yield self._ask(_DOMAIN, domain=domain.domain)
        for domain_id, _, owner, verified_at, *_ in found:
            if verified_at is None and (owner != domain.customer_id or domain.is_verified):
                yield from self._forget(domain_id)
                mine = sending_domain.c.domain_id == domain_id
                yield self._once(sa.delete(sending_domain).where(mine))

    def _forget(self, domain_id: int) -> Steps[None]:
        """Drop what belongs to a domain that leaves; its number may be given again."""
        for table in (dkim_key, record_check):
            yield self._once(sa.delete(table).where(table.c.domain_id == domain_id))

    async def change_sending_domain(self, domain: SendingDomain, *, now: datetime) -> None:
        """Write its keys and whether it is verified. Raises: NotThere."""

        def steps() -> Steps[None]:
            found = yield self._ask(_DOMAIN, domain=domain.domain)
            for domain_id, _, owner, verified_at, *_ in found:
                if owner != domain.customer_id:
                    break
                if domain.is_verified != (verified_at is not None):
                    since = to_millis(now) if domain.is_verified else None
                    yield self._once(_verification(domain_id, since))
                yield self._once(sa.delete(dkim_key).where(dkim_key.c.domain_id == domain_id))
                yield from self._write_keys(domain_id, domain)
                return
            raise NotThere(f"there is no sending domain {domain.domain!r} of this customer")

        await self._write(steps)

    def _write_keys(self, domain_id: int, domain: SendingDomain) -> Steps[None]:
        for keys, active in ((domain.keys, 1), (domain.pending, 0)):
            for key in keys:
                yield self._once(self._key_row(domain_id, domain.domain, key, active))

    async def remove_sending_domain(self, domain: str) -> None:
        """Forget a domain and its keys. Raises: NotThere."""

        def steps() -> Steps[None]:
            for domain_id, *_ in (yield self._ask(_DOMAIN, domain=domain)):
                yield from self._forget(domain_id)
            deletion = sa.delete(sending_domain).where(sending_domain.c.domain == domain)
            yield from self._change(deletion, f"sending domain {domain!r}")

        await self._write(steps)

    def _key_row(self, domain_id: int, domain: str, key: DkimKey, active: int) -> sa.Insert:
        sealed = self._seal.close(key.private_key, context=_context(domain, key.selector))
        return sa.insert(dkim_key).values(
            domain_id=domain_id,
            selector=key.selector,
            algorithm=key.algorithm.value,
            sealed_private_key=sealed,
            active=active,
        )

    # -- how all of it is written -----------------------------------------------------------------

    def _ask(self, statement: sa.Executable, **values: object) -> Any:
        return self._database.dialect.query(statement, **values)

    def _once(self, statement: sa.Executable) -> Any:
        return self._database.dialect.once(statement)

    async def _write(self, steps: Callable[[], Steps[T]]) -> T:
        result: T = await self._database.write(Other(steps))
        return result

    def _insert(self, table: sa.Table, what: str, values: dict[str, Any]) -> Steps[None]:
        """Insert a row whose name nobody has."""
        insert = self._database.dialect.insert_if_new(table).values(values)
        query = self._once(insert)
        changed = yield replace(query, counts=True)
        if changed[0][0] == 0:
            raise AlreadyThere(f"{what} is taken already")

    def _change(self, statement: sa.Executable, what: str) -> Steps[None]:
        """Change or delete a row that must be there."""
        changed = yield replace(self._once(statement), counts=True)
        if changed[0][0] == 0:
            raise NotThere(f"there is no {what}")


def account_of(account_id: int, dialect: Dialect) -> Steps[SmtpAccount | None]:
    """Find an SMTP account by its number."""
    found = yield dialect.query(_ACCOUNT_BY_ID, account_id=account_id)
    return (yield from _with_domains(found[0], dialect)) if found else None


def _with_domains(row: Row, dialect: Dialect) -> Steps[SmtpAccount]:
    domains = yield dialect.query(_DOMAINS_OF, customer_id=row[1])
    return _account(row, frozenset(domain for (domain,) in domains))


def _verification(domain_id: int, since: int | None) -> sa.Update:
    one = sending_domain.c.domain_id == domain_id
    return sa.update(sending_domain).where(one).values(verified_at=since)


def _hash(password: str) -> bytes:
    return sha256(password.encode("utf-8", "surrogateescape")).digest()


def _context(domain: str, selector: str) -> str:
    """Name the row that a sealed key belongs to."""
    return f"DKIM key {selector}._domainkey.{domain}"


def _customer(row: Row) -> Customer:
    customer_id, name, enabled, created_at = row
    return Customer(
        customer_id=customer_id,
        name=name,
        enabled=bool(enabled),
        created_at=to_datetime(created_at),
    )


def _account_values(account: SmtpAccount) -> dict[str, Any]:
    """Give the settings of an account as columns."""
    return {
        "enabled": int(account.enabled),
        "cleartext_auth": int(account.cleartext_auth),
        "sender_rule": account.sender_rule.value,
        "may_send_bounces": int(account.may_send_bounces),
        "failure_notices": int(account.failure_notices),
        "max_connections": account.max_connections,
        "ttl": account.ttl // _MILLISECOND,
        "display_name": clean(account.display_name),
        "allowed_networks": " ".join(map(str, account.allowed_networks)),
        "egress": account.egress,
    }


def _former_values(former: FormerPassword | None) -> dict[str, Any]:
    """Give what is kept of the password before as columns."""
    if former is None:
        columns = ("former_sha256", "former_until", "former_replaced_at", "former_replaced_by")
        return dict.fromkeys(columns)
    return {
        "former_sha256": former.password_sha256,
        "former_until": to_millis(former.works_until),
        "former_replaced_at": to_millis(former.replaced_at),
        "former_replaced_by": clean(former.replaced_by),
    }


def _account(row: Row, domains: frozenset[str]) -> SmtpAccount:
    account_id, customer_id, customer_name, login, password_sha256, *settings = row
    enabled, customer_enabled, cleartext, sender_rule, bounces, notices, *settings = settings
    connections, ttl, display_name, networks, *former, egress = settings
    return SmtpAccount(
        account_id=account_id,
        customer_id=customer_id,
        customer_name=customer_name,
        login=login,
        password_sha256=bytes(password_sha256),
        enabled=bool(enabled and customer_enabled),
        cleartext_auth=bool(cleartext),
        sender_rule=SenderRule(sender_rule),
        may_send_bounces=bool(bounces),
        failure_notices=bool(notices),
        max_connections=connections,
        ttl=ttl * _MILLISECOND,
        sending_domains=domains,
        display_name=display_name,
        allowed_networks=tuple(map(ip_network, networks.split())),
        former_password=_former(former),
        egress=egress,
    )


def _former(row: Sequence[Any]) -> FormerPassword | None:
    password_sha256, until, replaced_at, replaced_by = row
    if password_sha256 is None:
        return None
    return FormerPassword(
        password_sha256=bytes(password_sha256),
        works_until=to_datetime(until),
        replaced_at=to_datetime(replaced_at),
        replaced_by=replaced_by or "",
    )
