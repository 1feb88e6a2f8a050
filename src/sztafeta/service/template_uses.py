"""Uses of templates: who sends by which, for their authors; beside the mail, which never waits for it.

They are kept in memory and written now and then; what is lost in a crash is no mail. Of data nothing is kept
but its shape, masked before anything else is done with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sztafeta.account.api_key import Mode
from sztafeta.mail.masking import masked
from sztafeta.service.ports import Clock, LastData, TemplateUse, TemplateUser, TemplateUseStore
from sztafeta.service.sending.call import Caller

KEPT: Final = timedelta(days=30)
MASKED_EVERY: Final = timedelta(minutes=1)
"""Of one template; more would show nothing new."""
LONGEST_DATA: Final = 8192
"""Letters of masked data; bigger data is not kept."""
REMEMBERED: Final = 10_000
"""Templates whose last masking is remembered."""


class TemplateUses:
    """Notes uses; one instance serves all faces of a node."""

    def __init__(self, *, store: TemplateUseStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._uses: dict[tuple[TemplateUser, date], TemplateUse] = {}
        self._last: dict[int, LastData] = {}
        self._masked_at: dict[int, datetime] = {}

    def note(
        self, caller: Caller, template: tuple[int, int], messages: int, data: Mapping[str, Any]
    ) -> None:
        """Note that messages were made of a template's version; quick, never fails.

        What a test key sends is nobody's mail and is not counted.
        """
        if caller.mode is not Mode.LIVE:
            return
        now, (template_id, version) = self._clock.now(), template
        user = TemplateUser(
            template_id,
            version,
            caller.account.account_id,
            caller.key_id,
            caller.dialect or caller.door,
        )
        before = self._uses.get((user, now.date()))
        total = messages + (0 if before is None else before.messages)
        self._uses[user, now.date()] = TemplateUse(user, total, now)
        self._mask(template_id, data, now)

    def _mask(self, template_id: int, data: Mapping[str, Any], now: datetime) -> None:
        masked_at = self._masked_at.get(template_id)
        if masked_at is not None and now - masked_at < MASKED_EVERY:
            return
        if len(self._masked_at) >= REMEMBERED:
            self._masked_at.clear()
        self._masked_at[template_id] = now
        written = json.dumps(masked(data), ensure_ascii=False, indent=2)
        if len(written) <= LONGEST_DATA:
            self._last[template_id] = LastData(written, now)

    async def write(self) -> None:
        """Write down what was noted."""
        uses, last = self._uses, self._last
        self._uses, self._last = {}, {}
        if uses or last:
            await self._store.note_template_uses(list(uses.values()), last)

    async def of(self, template_ids: Sequence[int]) -> Mapping[int, Sequence[TemplateUse]]:
        """Give the uses of the last days by template, the most frequent user first."""
        await self.write()
        since = self._clock.now().date() - KEPT
        found: dict[int, list[TemplateUse]] = {one: [] for one in template_ids}
        for use in await self._store.template_uses(template_ids, since=since):
            found[use.user.template_id].append(use)
        return found

    async def last_data(self, template_id: int) -> LastData | None:
        """Give the masked data of the last message of the last minutes, or of long ago."""
        await self.write()
        return await self._store.last_data(template_id)

    async def forget(self) -> None:
        """Forget uses of days that nobody is shown any more."""
        await self._store.forget_template_uses(self._clock.now().date() - KEPT)
