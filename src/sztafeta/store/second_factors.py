"""Second factors: TOTP seeds sealed with the master key, recovery codes hashed, passkeys as they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from sztafeta.service.ports import AlreadyThere, LastFactor, NotThere, Passkey, Totp
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import member, passkey, recovery_code
from sztafeta.store.seal import Seal
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

T = TypeVar("T")
_TOTP: Final = sa.select(member.c.totp_sealed, member.c.totp_last_step).where(
    member.c.member_id == number("member_id")
)
_LOCK: Final = _TOTP.with_for_update()
_CODES: Final = (
    sa.select(sa.func.count())
    .select_from(recovery_code)
    .where(recovery_code.c.member_id == number("member_id"))
)
_PASSKEYS: Final = (
    sa.select(passkey)
    .where(passkey.c.member_id == number("member_id"))
    .order_by(passkey.c.created_at, passkey.c.credential_id)
)
_PASSKEY: Final = sa.select(passkey).where(
    passkey.c.credential_id == number("credential_id", sa.LargeBinary)
)


class SecondFactors:
    """Implements `SecondFactorStore`."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    # -- TOTP -------------------------------------------------------------------------------------

    async def totp(self, member_id: int) -> Totp | None:
        """Find a member's seed. Raises: WrongMasterKey."""
        found = await self._rows(_TOTP, member_id=member_id)
        if not found or found[0][0] is None:
            return None
        sealed, last_step = found[0]
        seed = self._seal.open(bytes(sealed), context=_context(member_id))
        return Totp(seed=seed, last_step=last_step)

    async def set_totp(self, member_id: int, seed: bytes) -> None:
        """Keep a seed. Raises: NotThere."""
        sealed = self._seal.close(seed, context=_context(member_id))
        change = sa.update(member).values(totp_sealed=sealed, totp_last_step=0)
        if not await self._count(change.where(member.c.member_id == member_id)):
            raise NotThere("there is no such member")

    async def remove_totp(self, member_id: int, *, may_be_last: bool) -> None:
        """Take the seed away. Raises: LastFactor."""
        change = (
            sa.update(member)
            .values(totp_sealed=None, totp_last_step=0)
            .where(member.c.member_id == member_id)
        )

        def steps() -> Steps[None]:
            _, passkeys = yield from self._locked(member_id)
            if not passkeys and not may_be_last:
                raise LastFactor
            yield self._database.dialect.once(change)

        await self._write(steps)

    async def use_step(self, member_id: int, step: int) -> bool:
        """Spend a time step; False when it or a later one was spent already."""
        is_fresh = sa.and_(member.c.member_id == member_id, member.c.totp_last_step < step)
        return bool(
            await self._count(sa.update(member).values(totp_last_step=step).where(is_fresh))
        )

    # -- recovery codes ---------------------------------------------------------------------------

    async def set_recovery_codes(self, member_id: int, codes_sha256: Collection[bytes]) -> None:
        """Replace a member's recovery codes."""

        def steps() -> Steps[None]:
            dialect = self._database.dialect
            yield dialect.once(
                sa.delete(recovery_code).where(recovery_code.c.member_id == member_id)
            )
            for code in codes_sha256:
                values = {"member_id": member_id, "code_sha256": code}
                yield dialect.once(sa.insert(recovery_code).values(values))

        await self._write(steps)

    async def use_recovery_code(self, member_id: int, code_sha256: bytes) -> bool:
        """Spend a recovery code; False when there is no such code."""
        one = sa.and_(
            recovery_code.c.member_id == member_id, recovery_code.c.code_sha256 == code_sha256
        )
        return bool(await self._count(sa.delete(recovery_code).where(one)))

    async def recovery_codes_left(self, member_id: int) -> int:
        """Count the codes that were not spent."""
        found = await self._rows(_CODES, member_id=member_id)
        count: int = found[0][0]
        return count

    # -- passkeys ---------------------------------------------------------------------------------

    async def passkeys(self, member_id: int) -> Sequence[Passkey]:
        """List a member's passkeys, the oldest first."""
        return [_passkey(row) for row in await self._rows(_PASSKEYS, member_id=member_id)]

    async def passkey(self, credential_id: bytes) -> Passkey | None:
        """Find a passkey by its id."""
        found = await self._rows(_PASSKEY, credential_id=credential_id)
        return _passkey(found[0]) if found else None

    async def add_passkey(self, new: Passkey) -> None:
        """Keep a new passkey. Raises: AlreadyThere."""
        insert = self._database.dialect.insert_if_new(passkey).values(_values(new))
        if not await self._count(insert):
            raise AlreadyThere("this passkey is there already")

    async def use_passkey(self, credential_id: bytes, *, sign_count: int, now: datetime) -> None:
        """Note that a passkey was used."""
        values = {"sign_count": sign_count, "last_used_at": to_millis(now)}
        one = passkey.c.credential_id == credential_id
        await self._count(sa.update(passkey).values(values).where(one))

    async def remove_passkey(
        self, member_id: int, credential_id: bytes, *, may_be_last: bool
    ) -> bool:
        """Forget one of a member's passkeys; say whether it was theirs. Raises: LastFactor."""
        deletion = sa.delete(passkey).where(passkey.c.credential_id == credential_id)

        def steps() -> Steps[bool]:
            has_totp, passkeys = yield from self._locked(member_id)
            if credential_id not in passkeys:
                return False
            if len(passkeys) == 1 and not has_totp and not may_be_last:
                raise LastFactor
            yield self._database.dialect.once(deletion)
            return True

        return await self._write(steps)

    def _locked(self, member_id: int) -> Steps[tuple[bool, Collection[bytes]]]:
        """Say what a member has; whoever takes one factor away waits for whoever takes the other."""
        rows = yield self._database.dialect.query(_LOCK, member_id=member_id)
        passkeys = yield self._database.dialect.query(_PASSKEYS, member_id=member_id)
        has_totp = bool(rows) and rows[0][0] is not None
        return has_totp, {bytes(row[0]) for row in passkeys}

    # -- how all of it is asked -------------------------------------------------------------------

    async def _rows(self, statement: sa.Executable, **values: object) -> Rows:
        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(statement, **values))

        return await self._database.read(steps)

    async def _count(self, statement: sa.Executable) -> int:
        def steps() -> Steps[int]:
            changed = yield replace(self._database.dialect.once(statement), counts=True)
            count: int = changed[0][0]
            return count

        return await self._write(steps)

    async def _write(self, steps: Callable[[], Steps[T]]) -> T:
        result: T = await self._database.write(Other(steps))
        return result


def _context(member_id: int) -> str:
    """Name the row that a sealed seed belongs to."""
    return f"TOTP seed of member {member_id}"


def _values(one: Passkey) -> dict[str, Any]:
    return {
        "credential_id": one.credential_id,
        "member_id": one.member_id,
        "name": clean(one.name),
        "public_key": one.public_key,
        "sign_count": one.sign_count,
        "created_at": to_millis(one.created_at),
        "last_used_at": None if one.last_used_at is None else to_millis(one.last_used_at),
    }


def _passkey(row: Row) -> Passkey:
    credential_id, member_id, name, public_key, sign_count, created_at, last_used_at = row
    return Passkey(
        credential_id=bytes(credential_id),
        member_id=member_id,
        name=name,
        public_key=bytes(public_key),
        sign_count=sign_count,
        created_at=to_datetime(created_at),
        last_used_at=None if last_used_at is None else to_datetime(last_used_at),
    )
