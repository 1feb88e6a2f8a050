"""What every store promises about the uses of templates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.contracts.test_samples_contract import template

from sztafeta.service.ports import LastData, TemplateUse, TemplateUser, TemplateUseStore
from sztafeta.store.open import Store

NOW = datetime(2026, 1, 2, 23, 59, tzinfo=UTC)
TOMORROW = NOW + timedelta(minutes=2)
SHOP = TemplateUser(7, 1, 5, "0AbC", "api")
POS = TemplateUser(7, 2, 6, "", "submission")


async def test_uses_add_up_over_nodes_and_days(template_uses: TemplateUseStore) -> None:
    uses = template_uses
    for _ in range(2):
        await uses.note_template_uses([TemplateUse(SHOP, 3, NOW), TemplateUse(POS, 1, NOW)], {})
    await uses.note_template_uses([TemplateUse(POS, 9, TOMORROW)], {})
    other = replace(SHOP, template_id=8)
    await uses.note_template_uses([TemplateUse(other, 1, NOW)], {})
    assert await uses.template_uses([7], since=NOW.date()) == [
        TemplateUse(POS, 11, TOMORROW),
        TemplateUse(SHOP, 6, NOW),
    ]
    assert await uses.template_uses([7], since=TOMORROW.date()) == [TemplateUse(POS, 9, TOMORROW)]
    assert await uses.template_uses([], since=NOW.date()) == []
    await uses.forget_template_uses(TOMORROW.date())
    assert await uses.template_uses([7, 8], since=NOW.date()) == [TemplateUse(POS, 9, TOMORROW)]


async def test_the_last_data_takes_the_place_of_the_one_before(
    template_uses: TemplateUseStore,
) -> None:
    uses = template_uses
    assert await uses.last_data(7) is None
    await uses.note_template_uses([], {7: LastData('{"a": "x"}', NOW)})
    await uses.note_template_uses([], {7: LastData('{"b": "ćma"}', TOMORROW)})
    assert await uses.last_data(7) == LastData('{"b": "ćma"}', TOMORROW)
    assert await uses.last_data(8) is None


async def test_a_template_takes_its_uses_along(real_store: Store) -> None:
    await real_store.templates.create_template(*template())
    uses = real_store.template_uses
    await uses.note_template_uses([TemplateUse(SHOP, 1, NOW)], {7: LastData("{}", NOW)})
    await real_store.templates.delete_template(1, 7)
    assert await uses.template_uses([7], since=NOW.date()) == []
    assert await uses.last_data(7) is None


async def test_data_that_was_written_after_its_template_was_deleted_is_forgotten(
    real_store: Store,
) -> None:
    await real_store.templates.create_template(*template())
    uses = real_store.template_uses
    await uses.note_template_uses([], {7: LastData("{}", NOW), 8: LastData("{}", NOW)})
    await uses.forget_template_uses(NOW.date())
    assert await uses.last_data(7) == LastData("{}", NOW)
    assert await uses.last_data(8) is None
