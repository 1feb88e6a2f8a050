"""The audit log, API keys, templates and suppressions in memory: small tables that no mail moves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sztafeta.account.api_key import ApiKey
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.ports import (
    AccountAdministration,
    AlreadyThere,
    AuditEntry,
    AuditQuery,
    ChangedMeanwhile,
    KeyDay,
    KeyUse,
    LastData,
    NotThere,
    Suppression,
    SuppressionQuery,
    SuppressionReason,
    Template,
    TemplateUse,
    TemplateUser,
    TemplateVersion,
)


class MemoryAudit:
    """Implements `AuditStore`; what is kept cannot be touched, so the chain holds."""

    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []

    async def add_audit_entry(self, entry: AuditEntry) -> AuditEntry:
        of_the_customer = [one for one in self._entries if one.customer_id == entry.customer_id]
        added = replace(entry, number=len(of_the_customer) + 1)
        self._entries.append(added)
        return added

    async def audit_entries(
        self, customer_id: int, query: AuditQuery, *, limit: int, before: int | None = None
    ) -> Sequence[AuditEntry]:
        assert query == AuditQuery(), "this double does not narrow"
        found = [
            one
            for one in reversed(self._entries)
            if one.customer_id == customer_id and (before is None or one.number < before)
        ]
        return found[:limit]

    async def broken_audit_entry(self, customer_id: int) -> int | None:
        return None


class MemoryApiKeys:
    """Implements `ApiKeyStore`; the SMTP accounts are those of the store."""

    def __init__(self, accounts: AccountAdministration) -> None:
        self._accounts = accounts
        self._keys: dict[str, ApiKey] = {}
        self._calls: Counter[tuple[str, KeyDay]] = Counter()

    async def api_key(self, key_id: str) -> ApiKey | None:
        key = self._keys.get(key_id)
        return None if key is None else await self._seen(key)

    async def api_keys(self, customer_id: int) -> Sequence[ApiKey]:
        keys = [key for key in self._keys.values() if key.customer_id == customer_id]
        seen = [await self._seen(key) for key in reversed(keys)]
        return [key for key in seen if key is not None]

    async def create_api_key(self, key: ApiKey) -> None:
        if key.key_id in self._keys:
            raise AlreadyThere(f"API key {key.key_id!r} is taken already")
        self._keys[key.key_id] = key

    async def change_api_key(self, key: ApiKey) -> None:
        present = self._keys.get(key.key_id)
        if present is None or present.customer_id != key.customer_id:
            raise NotThere(f"there is no API key {key.key_id!r}")
        self._keys[key.key_id] = replace(
            present,
            name=key.name,
            scopes=key.scopes,
            allowed_networks=key.allowed_networks,
            allowed_domains=key.allowed_domains,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )

    async def note_use(
        self, uses: Mapping[str, KeyUse], calls: Mapping[tuple[str, KeyDay], int]
    ) -> None:
        for key_id, use in uses.items():
            key = self._keys.get(key_id)
            if key is not None and (key.last_used_at is None or key.last_used_at < use.at):
                self._keys[key_id] = replace(
                    key,
                    last_used_at=use.at,
                    last_used_from=use.address,
                    last_used_by=use.client,
                )
        self._calls.update(calls)

    async def calls_of_key(self, key_id: str, *, since: date) -> Mapping[KeyDay, int]:
        found = [(day, n) for (key, day), n in self._calls.items() if key == key_id]
        found.sort(key=lambda one: (one[0].day, one[0].cause))
        return {day: count for day, count in found if day.day >= since}

    async def forget_calls(self, before: date) -> None:
        for key, day in [one for one in self._calls if one[1].day < before]:
            del self._calls[key, day]

    async def _seen(self, key: ApiKey) -> ApiKey | None:
        """Give a key with its account as it is now; none without."""
        account = await self._account(key.account.account_id)
        return None if account is None else replace(key, account=account)

    async def _account(self, account_id: int) -> SmtpAccount | None:
        accounts = await self._accounts.smtp_accounts()
        return next((one for one in accounts if one.account_id == account_id), None)


class MemoryTemplates:
    """Implements `TemplateStore`."""

    def __init__(self) -> None:
        self._templates: dict[int, Template] = {}
        self._versions: dict[tuple[int, int], TemplateVersion] = {}

    async def templates(
        self, customer_id: int, *, limit: int, after: int | None = None
    ) -> Sequence[Template]:
        found = [
            template
            for template_id, template in sorted(self._templates.items())
            if template.customer_id == customer_id and (after is None or template_id > after)
        ]
        return found[:limit]

    async def template(self, customer_id: int, ref: int | str) -> Template | None:
        for template in self._templates.values():
            names = (template.template_id, template.external_id)
            if template.customer_id == customer_id and ref in names:
                return template
        return None

    async def create_template(self, template: Template, version: TemplateVersion) -> None:
        self._refuse_taken(template)
        self._templates[template.template_id] = template
        self._versions[version.template_id, version.number] = version

    async def change_template(self, template: Template, *, seen: datetime | None = None) -> None:
        present = self._one(template.template_id, template.customer_id)
        if seen is not None and present.changed_at != seen:
            raise ChangedMeanwhile("somebody else was faster")
        self._refuse_taken(template)
        self._templates[template.template_id] = replace(
            present,
            name=template.name,
            external_id=template.external_id,
            missing=template.missing,
            changed_at=template.changed_at,
        )

    async def delete_template(self, customer_id: int, template_id: int) -> None:
        self._one(template_id, customer_id)
        del self._templates[template_id]
        for version in await self.versions(template_id):
            del self._versions[template_id, version.number]

    async def versions(self, template_id: int) -> Sequence[TemplateVersion]:
        found = [one for one in self._versions.values() if one.template_id == template_id]
        return sorted(found, key=lambda version: -version.number)

    async def version(self, template_id: int, number: int) -> TemplateVersion | None:
        return self._versions.get((template_id, number))

    async def save_draft(self, version: TemplateVersion) -> None:
        template = self._one(version.template_id)
        newest = self._versions[template.template_id, template.newest]
        expected = template.newest + (newest.published_at is not None)
        if version.number != expected:
            raise AlreadyThere(f"version {version.number} is taken already")
        if version.number == template.newest:
            version = replace(version, created_at=newest.created_at)
        self._versions[version.template_id, version.number] = version
        self._templates[template.template_id] = replace(
            template, newest=version.number, changed_at=version.created_at
        )

    async def publish(
        self, template_id: int, number: int, *, published_html: str, now: datetime
    ) -> None:
        template = self._one(template_id)
        version = self._versions.get((template_id, number))
        if version is None:
            raise NotThere(f"there is no version {number}")
        if version.published_at is None:
            self._versions[template_id, number] = replace(
                version, published_html=published_html, published_at=now
            )
        self._templates[template_id] = replace(template, live=number, changed_at=now)

    def _one(self, template_id: int, customer_id: int | None = None) -> Template:
        template = self._templates.get(template_id)
        if template is None or customer_id not in (None, template.customer_id):
            raise NotThere("there is no such template")
        return template

    def _refuse_taken(self, template: Template) -> None:
        for one in self._templates.values():
            is_other = one.template_id != template.template_id
            same_name = (one.customer_id, one.external_id) == (
                template.customer_id,
                template.external_id,
            )
            if is_other and same_name:
                raise AlreadyThere(f"external id {template.external_id!r} is taken already")


class MemorySuppressions:
    """Implements `SuppressionStore`."""

    def __init__(self) -> None:
        self._all: dict[tuple[int, str], Suppression] = {}

    async def suppressed(
        self, customer_id: int, addresses: Collection[str]
    ) -> Mapping[str, Suppression]:
        found = ((one, self._all.get((customer_id, one))) for one in addresses)
        return {address: entry for address, entry in found if entry is not None}

    async def suppressions(
        self,
        customer_id: int,
        *,
        limit: int,
        after: str | None = None,
        reason: SuppressionReason | None = None,
    ) -> Sequence[Suppression]:
        found = [
            entry
            for (owner, address), entry in sorted(self._all.items())
            if owner == customer_id
            and (after is None or address > after)
            and reason in (None, entry.reason)
        ]
        return found[:limit]

    async def find_suppressions(
        self, query: SuppressionQuery, *, limit: int, offset: int = 0, is_descending: bool = True
    ) -> tuple[Sequence[Suppression], int]:
        found = [entry for entry in self._all.values() if _is_meant(query, entry)]
        found.sort(key=lambda one: (one.created_at, one.address), reverse=is_descending)
        return found[offset : offset + limit], len(found)

    async def search_suppressions(
        self,
        query: SuppressionQuery,
        *,
        limit: int,
        before: tuple[datetime, str] | None = None,
    ) -> Sequence[Suppression]:
        found, _ = await self.find_suppressions(query, limit=len(self._all))
        return [one for one in found if before is None or (one.created_at, one.address) < before][
            :limit
        ]

    async def count_suppressions(self, customer_id: int) -> int:
        return sum(owner == customer_id for owner, _ in self._all)

    async def suppress(self, suppressions: Sequence[Suppression]) -> int:
        before = len(self._all)
        for entry in suppressions:
            self._all.setdefault((entry.customer_id, entry.address), entry)
        return len(self._all) - before

    async def unsuppress(self, customer_id: int, address: str) -> bool:
        return self._all.pop((customer_id, address), None) is not None


def _is_meant(query: SuppressionQuery, entry: Suppression) -> bool:
    start, end = query.created_from, query.created_to
    return (
        entry.customer_id == query.customer_id
        and query.address in ("", entry.address)
        and query.part in entry.address
        and query.reason in (None, entry.reason)
        and query.source in ("", entry.source)
        and (start is None or entry.created_at >= start)
        and (end is None or entry.created_at < end)
    )


class MemoryTemplateUses:
    """Implements `TemplateUseStore`."""

    def __init__(self) -> None:
        self._days: dict[tuple[TemplateUser, date], TemplateUse] = {}
        self._last: dict[int, LastData] = {}

    async def note_template_uses(
        self, uses: Sequence[TemplateUse], last: Mapping[int, LastData]
    ) -> None:
        for use in uses:
            day = (use.user, use.last_at.date())
            before = self._days.get(day)
            self._days[day] = use if before is None else _summed([before, use])
        self._last.update(last)

    async def template_uses(
        self, template_ids: Collection[int], *, since: date
    ) -> Sequence[TemplateUse]:
        found = defaultdict(list)
        for (user, day), use in self._days.items():
            if user.template_id in template_ids and day >= since:
                found[user].append(use)
        return sorted(map(_summed, found.values()), key=lambda one: -one.messages)

    async def last_data(self, template_id: int) -> LastData | None:
        return self._last.get(template_id)

    async def forget_template_uses(self, before: date) -> None:
        self._days = {key: use for key, use in self._days.items() if key[1] >= before}


def _summed(uses: Sequence[TemplateUse]) -> TemplateUse:
    messages = sum(one.messages for one in uses)
    return TemplateUse(uses[0].user, messages, max(one.last_at for one in uses))
