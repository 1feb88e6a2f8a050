"""SMTP logins: the last of each account, and those that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.account.login_cause import LoginCause
from sztafeta.service.ports import SmtpLogin
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import login_failure, smtp_login
from sztafeta.store.statements import Rows, Steps, number
from sztafeta.store.units import Other

_FAILURES: Final = (
    sa.select(
        login_failure.c.at,
        login_failure.c.address,
        login_failure.c.tls,
        login_failure.c.client_name,
        login_failure.c.cause,
    )
    .where(login_failure.c.account_id == number("account_id"))
    .order_by(login_failure.c.failure_id.desc())
    .limit(number("limit"))
)


class Logins:
    """Implements `LoginStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note_logins(
        self, last: Mapping[int, SmtpLogin], failures: Sequence[tuple[int, SmtpLogin]]
    ) -> None:
        """Keep the last login of accounts, and failed ones, by account number."""

        def steps() -> Steps[None]:
            once = self._database.dialect.once
            for account_id, login in last.items():
                own = smtp_login.c.account_id == account_id
                yield once(sa.delete(smtp_login).where(own))
                yield once(sa.insert(smtp_login).values(account_id=account_id, **_values(login)))
            for account_id, login in failures:
                cause = "" if login.cause is None else login.cause.value
                values = _values(login) | {"account_id": account_id, "cause": cause}
                yield once(sa.insert(login_failure).values(values))

        await self._database.write(Other(steps))

    async def last_logins(self, account_ids: Sequence[int]) -> Mapping[int, SmtpLogin]:
        """Give the last login of each account that ever had one."""
        wanted = smtp_login.c.account_id.in_(account_ids)

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.once(sa.select(smtp_login).where(wanted)))

        rows = await self._database.read(steps)
        return {row[0]: _login(*row[1:]) for row in rows}

    async def login_failures(self, account_id: int, *, limit: int) -> Sequence[SmtpLogin]:
        """Give the failed ones of an account, the newest first."""

        def steps() -> Steps[Rows]:
            return (
                yield self._database.dialect.query(_FAILURES, account_id=account_id, limit=limit)
            )

        return [_login(*row) for row in await self._database.read(steps)]

    async def forget_login_failures(self, before: datetime) -> int:
        """Forget old failures; give their number."""
        old = sa.delete(login_failure).where(login_failure.c.at < to_millis(before))

        def steps() -> Steps[int]:
            gone = yield self._database.dialect.once(old.returning(login_failure.c.failure_id))
            return len(gone)

        return int(await self._database.write(Other(steps)))


def _values(login: SmtpLogin) -> dict[str, Any]:
    return {
        "at": to_millis(login.at),
        "address": login.address,
        "tls": login.tls,
        "client_name": clean(login.client_name),
    }


def _login(at: int, address: str, tls: str, client_name: str, cause: str = "") -> SmtpLogin:
    return SmtpLogin(
        at=to_datetime(at),
        address=address,
        tls=tls,
        client_name=client_name,
        cause=LoginCause(cause) if cause else None,
    )
