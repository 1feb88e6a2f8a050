"""API keys: who calls, by which key, and how keys are made, rotated and revoked.

A key that was proved is trusted for a second, so that a busy caller costs no question a call and a revoked
key is dead within that second on every node (issue 3, W-16).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from sztafeta.account.api_key import (
    ApiKey,
    KeyFault,
    KeyText,
    Mode,
    Scope,
    digest_of,
    make_key_text,
    parse_key,
)
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import ApiKeyStore, Clock, KeyDay, KeyUse

TRUSTED_SECONDS: Final = 1.0
KEPT: Final = 10_000
LONGEST_OVERLAP: Final = timedelta(days=30)
CALLS_KEPT: Final = timedelta(days=30)
"""Counts of calls a day."""
LONGEST_CLIENT: Final = 200

UNKNOWN: Final = Refusal(
    code="key_unknown",
    http_status=401,
    text="The API key is not known.",
    fix="Copy the key whole, as it was shown once, or make a new one.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """What a new key should be like."""

    name: str
    mode: Mode
    scopes: frozenset[Scope]
    account: SmtpAccount
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    allowed_domains: frozenset[str] = frozenset()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    """A new key; its text is shown now and never again."""

    key: ApiKey
    text: str


class ApiKeys:
    """Proves keys and keeps them; one instance serves all faces."""

    def __init__(self, *, store: ApiKeyStore, clock: Clock, time: Callable[[], float]) -> None:
        """`time` gives seconds of a steady clock."""
        self._store = store
        self._clock = clock
        self._time = time
        self._recent: OrderedDict[str, tuple[ApiKey, float]] = OrderedDict()
        self._proved: dict[bytes, ApiKey] = {}
        """By the SHA-256 of the whole text that proved it."""
        self._uses: dict[str, KeyUse] = {}
        self._calls: Counter[tuple[str, date, str]] = Counter()
        """By key, day and cause."""

    # -- who calls -------------------------------------------------------------------------------

    async def prove(self, text: str, address: str, client: str = "") -> ApiKey | Refusal:
        """Find the key that a caller showed, if it may be used from there now.

        `client` is what the program calls itself. What the key is refused for is counted here, what became
        of the call by `count`.
        """
        key = self._shown_before(text) or await self._find(text)
        if isinstance(key, Refusal):
            return key
        now = self._clock.now()
        refusal = _refuse(key, address, now)
        if refusal is not None:
            self.count(key, refusal.code)
            return refusal
        self._uses[key.key_id] = KeyUse(now, address, client[:LONGEST_CLIENT])
        return key

    def _shown_before(self, text: str) -> ApiKey | None:
        """Find the key that this very text proved while the key is trusted."""
        key = self._proved.get(digest_of(text))
        return key if key is not None and self._trusted(key.key_id) is key else None

    async def _find(self, text: str) -> ApiKey | Refusal:
        """Read what was shown, find the key and compare the secret."""
        try:
            shown = parse_key(text)
        except KeyFault as fault:
            return replace(UNKNOWN, text=f"{fault}.")
        key = self._trusted(shown.key_id) or await self._ask(shown.key_id)
        if key is None or key.mode is not shown.mode or not key.is_proved_by(shown.secret):
            return UNKNOWN
        if len(self._proved) >= KEPT:
            self._proved.clear()
        self._proved[digest_of(text)] = key
        return key

    def count(self, key: ApiKey, cause: str = "") -> None:
        """Count a call, and why it was refused; empty: it was not."""
        self._calls[key.key_id, self._today(), cause] += 1

    def _trusted(self, key_id: str) -> ApiKey | None:
        entry = self._recent.get(key_id)
        if entry is None or self._time() - entry[1] > TRUSTED_SECONDS:
            return None
        return entry[0]

    async def _ask(self, key_id: str) -> ApiKey | None:
        asked_at = self._time()
        key = await self._store.api_key(key_id)
        if key is None:
            self._recent.pop(key_id, None)
            return None
        self._recent[key_id] = (key, asked_at)
        self._recent.move_to_end(key_id)
        if len(self._recent) > KEPT:
            self._recent.popitem(last=False)
        return key

    async def note_uses(self) -> None:
        """Write down when keys were last used, and their calls; called now and then."""
        uses, self._uses = self._uses, {}
        calls, self._calls = self._calls, Counter()
        if uses or calls:
            by_day = {(key, KeyDay(day, cause)): n for (key, day, cause), n in calls.items()}
            await self._store.note_use(uses, by_day)

    async def calls_of(self, key: ApiKey) -> Mapping[KeyDay, int]:
        """Count a key's calls of the last days, by day and outcome."""
        await self.note_uses()
        return await self._store.calls_of_key(key.key_id, since=self._today() - CALLS_KEPT)

    async def forget_calls(self) -> None:
        """Forget the counts of days that nobody is shown any more."""
        await self._store.forget_calls(self._today() - CALLS_KEPT)

    def _today(self) -> date:
        return self._clock.now().date()

    # -- keeping keys ----------------------------------------------------------------------------

    async def all_of(self, customer_id: int) -> Sequence[ApiKey]:
        """List a customer's keys, the newest first."""
        return await self._store.api_keys(customer_id)

    async def find(self, customer_id: int, key_id: str) -> ApiKey | None:
        """Find one of a customer's keys."""
        key = await self._store.api_key(key_id)
        return key if key is not None and key.customer_id == customer_id else None

    async def make(self, wish: KeyWish) -> MadeKey:
        """Make a key; it is in force when this returns."""
        return await self.keep(wish, make_key_text(wish.mode))

    async def keep(self, wish: KeyWish, text: KeyText) -> MadeKey:
        """Make a key of a text that was drawn before."""
        key = _new_key(wish, text, self._clock.now())
        await self._store.create_api_key(key)
        return MadeKey(key=key, text=str(text))

    async def change(self, key: ApiKey) -> ApiKey:
        """Write a key's name, scopes, networks, domains and expiry."""
        await self._store.change_api_key(key)
        self._recent.pop(key.key_id, None)
        return key

    async def revoke(self, key: ApiKey) -> ApiKey:
        """End a key."""
        return await self.change(replace(key, revoked_at=key.revoked_at or self._clock.now()))

    async def rotate(self, key: ApiKey, *, overlap: timedelta) -> MadeKey:
        """Make a key like this one; the old one ends after the overlap."""
        made = await self.make(
            KeyWish(
                name=key.name,
                mode=key.mode,
                scopes=key.scopes,
                account=key.account,
                allowed_networks=key.allowed_networks,
                allowed_domains=key.allowed_domains,
            )
        )
        end = self._clock.now() + overlap
        ends = end if key.expires_at is None else min(end, key.expires_at)
        await self.change(replace(key, expires_at=ends))
        return made


def _new_key(wish: KeyWish, text: KeyText, now: datetime) -> ApiKey:
    return ApiKey(
        key_id=text.key_id,
        customer_id=wish.account.customer_id,
        customer_name=wish.account.customer_name,
        name=wish.name,
        mode=wish.mode,
        scopes=wish.scopes,
        secret_sha256=digest_of(text.secret),
        account=wish.account,
        created_at=now,
        allowed_networks=wish.allowed_networks,
        allowed_domains=wish.allowed_domains,
        expires_at=wish.expires_at,
    )


def _refuse(key: ApiKey, address: str, now: datetime) -> Refusal | None:
    """Say why a proved key may not be used, only to whoever holds it."""
    if not key.is_valid_at(now):
        is_revoked = key.revoked_at is not None and key.revoked_at <= now
        return Refusal(
            code="key_revoked" if is_revoked else "key_expired",
            http_status=401,
            text=f"The API key {key.name!r} {'was revoked' if is_revoked else 'has expired'}.",
            fix="Use a key that is in force, or make a new one.",
        )
    if not key.may_come_from(address):
        return Refusal(
            code="ip_not_allowed",
            http_status=403,
            text=f"The API key {key.name!r} may not be used from {address}.",
            fix="Add the address to the key's IP allow-list, or call from one that is on it.",
        )
    if not key.account.enabled:
        return Refusal(
            code="account_paused",
            http_status=403,
            text=f"The SMTP account {key.account.login} or its customer is suspended.",
            fix="Ask customer service why.",
        )
    return None
