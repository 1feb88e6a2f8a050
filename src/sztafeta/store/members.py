"""Members of customers, and the firms they work for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from sztafeta.account.company import Company
from sztafeta.account.member import Area, Member, Right
from sztafeta.service.ports import AlreadyThere, Credentials, LastAdministrator, Networks, NotThere
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import (
    customer,
    member,
    passkey,
    recovery_code,
    sending_domain,
    session,
    ticket,
)
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

T = TypeVar("T")

MEMBER_COLUMNS: Final = (
    member.c.member_id,
    member.c.customer_id,
    customer.c.name.label("customer_name"),
    member.c.account_name,
    member.c.email,
    member.c.name,
    member.c.phone,
    member.c.is_administrator,
    member.c.rights,
    member.c.smtp_accounts,
    member.c.language,
    member.c.must_change_password,
    member.c.enabled,
    customer.c.enabled.label("customer_enabled"),
    sa.or_(
        member.c.totp_sealed.is_not(None),
        sa.exists().where(passkey.c.member_id == member.c.member_id),
    ).label("has_second_factor"),
    sa.select(sa.func.min(sending_domain.c.verified_at))
    .where(sending_domain.c.customer_id == member.c.customer_id)
    .scalar_subquery()
    .label("verified_domain_since"),
    member.c.created_at,
)
"""What `member_of` reads."""
MEMBERS: Final = sa.join(member, customer, customer.c.customer_id == member.c.customer_id)

_BY_ID: Final = (
    sa.select(*MEMBER_COLUMNS).select_from(MEMBERS).where(member.c.member_id == number("member_id"))
)
_BY_LOGIN: Final = (
    sa.select(*MEMBER_COLUMNS, member.c.password_hash, member.c.password_set_at)
    .select_from(MEMBERS)
    .where(
        sa.or_(
            member.c.email == number("login", sa.Text),
            member.c.account_name == number("login", sa.Text),
        )
    )
)
_OF_CUSTOMER: Final = (
    sa.select(*MEMBER_COLUMNS)
    .select_from(MEMBERS)
    .where(member.c.customer_id == number("customer_id"))
    .order_by(member.c.name, member.c.member_id)
)
_ADMINISTRATORS: Final = (
    sa.select(member.c.member_id)
    .where(
        member.c.customer_id == number("customer_id"),
        member.c.is_administrator == 1,
        member.c.enabled == 1,
    )
    .with_for_update()
)
"""Whoever takes one away waits for whoever takes the other."""
_COMPANY: Final = sa.select(
    customer.c.company,
    customer.c.nip,
    customer.c.street,
    customer.c.postcode,
    customer.c.city,
    customer.c.sends,
    customer.c.terms_accepted_at,
).where(customer.c.customer_id == number("customer_id"))
_NETWORKS: Final = sa.select(customer.c.panel_networks).where(
    customer.c.customer_id == number("customer_id")
)
_NAMESAKES: Final = sa.select(member.c.member_id).where(
    member.c.email == number("email", sa.Text), member.c.member_id != number("member_id")
)


class Members:
    """Implements `MemberStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- read -------------------------------------------------------------------------------------

    async def member(self, member_id: int) -> Member | None:
        """Find by number, switched off or not."""
        found = await self._rows(_BY_ID, member_id=member_id)
        return member_of(found[0]) if found else None

    async def credentials(self, login: str) -> Credentials | None:
        """Find by account name or e-mail address; neither minds capital letters."""
        found = await self._rows(_BY_LOGIN, login=_folded(login))
        if not found:
            return None
        *row, password_hash, password_set_at = found[0]
        return Credentials(
            member=member_of(row),
            password_hash=password_hash,
            password_set_at=to_datetime(password_set_at),
        )

    async def members(self, customer_id: int) -> Sequence[Member]:
        """List a customer's members by name."""
        return [member_of(row) for row in await self._rows(_OF_CUSTOMER, customer_id=customer_id)]

    async def company(self, customer_id: int) -> Company:
        """Give what a customer says of itself. Raises: NotThere."""
        found = await self._rows(_COMPANY, customer_id=customer_id)
        if not found:
            raise NotThere(f"there is no customer number {customer_id}")
        return _company(found[0])

    async def panel_networks(self, customer_id: int) -> Networks:
        """Give the networks that the panel may be used from; none: from anywhere."""
        found = await self._rows(_NETWORKS, customer_id=customer_id)
        return networks_of(found[0][0]) if found else ()

    async def _rows(self, statement: sa.Executable, **values: object) -> Rows:
        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(statement, **values))

        return await self._database.read(steps)

    # -- members ----------------------------------------------------------------------------------

    async def register(
        self, company: Company, member: Member, *, password_hash: str, now: datetime
    ) -> Member:
        """Keep a new customer with its first member; both or nothing. Raises: AlreadyThere."""
        values = _company_values(company) | {
            "name": clean(member.customer_name),
            "enabled": 1,
            "created_at": to_millis(now),
        }

        def steps() -> Steps[Member]:
            insert = self._database.dialect.insert_if_new(customer).values(values)
            made = yield self._database.dialect.once(insert.returning(customer.c.customer_id))
            if not made:
                raise AlreadyThere(f"customer {member.customer_name!r} is taken already")
            first = replace(member, customer_id=made[0][0])
            return (yield from self._create(first, password_hash, now))

        return await self._write(steps)

    async def create_member(self, member: Member, *, password_hash: str, now: datetime) -> Member:
        """Keep a new member; the number is filled in. Raises: AlreadyThere, NotThere."""
        return await self._write(lambda: self._create(member, password_hash, now))

    def _create(self, new: Member, password_hash: str, now: datetime) -> Steps[Member]:
        dialect = self._database.dialect
        owner = yield dialect.query(_NETWORKS, customer_id=new.customer_id)
        if not owner:
            raise NotThere(f"there is no customer number {new.customer_id}")
        values = _settings(new) | {
            "customer_id": new.customer_id,
            "account_name": _folded(new.account_name) or None,
            "password_hash": password_hash,
            "must_change_password": int(new.must_change_password),
            "password_set_at": to_millis(now),
            "totp_last_step": 0,
            "created_at": to_millis(now),
        }
        insert = dialect.insert_if_new(member).values(values).returning(member.c.member_id)
        made = yield dialect.once(insert)
        if not made:
            raise AlreadyThere(f"a member with {new.email!r} or this account name is there already")
        found = yield dialect.query(_BY_ID, member_id=made[0][0])
        return member_of(found[0])

    async def change_member(self, member: Member) -> None:
        """Write what may be changed. Raises: AlreadyThere, LastAdministrator, NotThere."""
        await self._write(lambda: self._change(member))

    def _change(self, changed: Member) -> Steps[None]:
        dialect = self._database.dialect
        if not (changed.is_administrator and changed.is_enabled):
            yield from self._spare(changed.customer_id, changed.member_id)
        namesakes = yield dialect.query(
            _NAMESAKES, email=_folded(changed.email), member_id=changed.member_id
        )
        if namesakes:
            raise AlreadyThere(f"a member with {changed.email!r} is there already")
        yield from self._must_change(
            sa.update(member)
            .values(_settings(changed))
            .where(_is(changed.customer_id, changed.member_id))
        )

    async def delete_member(self, customer_id: int, member_id: int) -> None:
        """Forget a member with sessions and second factors. Raises: LastAdministrator, NotThere."""
        await self._write(lambda: self._delete(customer_id, member_id))

    def _delete(self, customer_id: int, member_id: int) -> Steps[None]:
        yield from self._spare(customer_id, member_id)
        yield from self._must_change(sa.delete(member).where(_is(customer_id, member_id)))
        for table in (session, ticket, recovery_code, passkey):
            yield self._database.dialect.once(
                sa.delete(table).where(table.c.member_id == member_id)
            )

    def _spare(self, customer_id: int, member_id: int) -> Steps[None]:
        """Insist that somebody else can run the customer's account, if this member could."""
        found = yield self._database.dialect.query(_ADMINISTRATORS, customer_id=customer_id)
        if [row[0] for row in found] == [member_id]:
            raise LastAdministrator("nobody else could run the customer's account")

    async def set_password(
        self, member_id: int, password_hash: str, *, must_change: bool, now: datetime
    ) -> None:
        """Give a member another password. Raises: NotThere."""
        values = {
            "password_hash": password_hash,
            "must_change_password": int(must_change),
            "password_set_at": to_millis(now),
        }
        change = sa.update(member).values(values).where(member.c.member_id == member_id)
        await self._write(lambda: self._must_change(change))

    # -- firms ------------------------------------------------------------------------------------

    async def change_company(self, customer_id: int, company: Company) -> None:
        """Write what a customer says of itself. Raises: NotThere."""
        await self._change_customer(customer_id, **_company_values(company))

    async def set_panel_networks(self, customer_id: int, networks: Networks) -> None:
        """Say where the panel may be used from. Raises: NotThere."""
        await self._change_customer(customer_id, panel_networks=" ".join(map(str, networks)))

    async def _change_customer(self, customer_id: int, **values: object) -> None:
        one = customer.c.customer_id == customer_id
        change = sa.update(customer).values(values).where(one)
        await self._write(lambda: self._must_change(change))

    # -- how all of it is written -----------------------------------------------------------------

    def _must_change(self, statement: sa.Executable) -> Steps[None]:
        changed = yield replace(self._database.dialect.once(statement), counts=True)
        if not changed[0][0]:
            raise NotThere("there is no such member or customer")

    async def _write(self, steps: Callable[[], Steps[T]]) -> T:
        result: T = await self._database.write(Other(steps))
        return result


def member_of(row: Row) -> Member:
    """Read the columns that `MEMBER_COLUMNS` names."""
    member_id, customer_id, customer_name, account_name, email, name, phone, *rest = row
    is_administrator, rights, smtp_accounts, language, must_change, *state = rest
    enabled, customer_enabled, has_second_factor, verified_since, created_at = state
    return Member(
        member_id=member_id,
        customer_id=customer_id,
        customer_name=customer_name,
        account_name=account_name or "",
        email=email,
        name=name,
        phone=phone,
        is_administrator=bool(is_administrator),
        rights=_rights(rights),
        smtp_accounts=None if smtp_accounts is None else frozenset(map(int, smtp_accounts.split())),
        language=language,
        must_change_password=bool(must_change),
        has_second_factor=bool(has_second_factor),
        verified_domain_since=None if verified_since is None else to_datetime(verified_since),
        is_enabled=bool(enabled and customer_enabled),
        created_at=to_datetime(created_at),
    )


def networks_of(text: str) -> Networks:
    """Read an allow-list."""
    return tuple(ip_network(word) for word in text.split())


def _is(customer_id: int, member_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(member.c.customer_id == customer_id, member.c.member_id == member_id)


def _folded(login: str) -> str:
    return clean(login).strip().lower()


def _rights(text: str) -> Mapping[Area, Right]:
    return {Area(area): Right(right) for area, right in json.loads(text).items()}


def _settings(one: Member) -> dict[str, Any]:
    """Give as columns what may be changed."""
    accounts = one.smtp_accounts
    return {
        "email": _folded(one.email),
        "name": clean(one.name),
        "phone": clean(one.phone),
        "is_administrator": int(one.is_administrator),
        "rights": json.dumps({area.value: int(right) for area, right in one.rights.items()}),
        "smtp_accounts": None if accounts is None else " ".join(map(str, sorted(accounts))),
        "language": clean(one.language),
        "enabled": int(one.is_enabled),
    }


def _company_values(company: Company) -> dict[str, Any]:
    accepted_at = company.terms_accepted_at
    return {
        "company": clean(company.name),
        "nip": clean(company.nip),
        "street": clean(company.street),
        "postcode": clean(company.postcode),
        "city": clean(company.city),
        "sends": clean(company.sends),
        "terms_accepted_at": None if accepted_at is None else to_millis(accepted_at),
    }


def _company(row: Row) -> Company:
    name, nip, street, postcode, city, sends, accepted_at = row
    return Company(
        name=name,
        nip=nip,
        street=street,
        postcode=postcode,
        city=city,
        sends=sends,
        terms_accepted_at=None if accepted_at is None else to_datetime(accepted_at),
    )
