"""What both databases promise about test data of templates, and about two who change one at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sztafeta.mail.template_source import MissingRule, TemplateSource
from sztafeta.service.ports import (
    ChangedMeanwhile,
    Sample,
    Template,
    TemplateVersion,
)
from sztafeta.store.open import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(milliseconds=1)


def template() -> tuple[Template, TemplateVersion]:
    owner = Template(
        template_id=7,
        customer_id=1,
        external_id="order",
        name="Order",
        missing=MissingRule.REFUSE,
        live=None,
        newest=1,
        created_at=NOW,
        changed_at=NOW,
    )
    version = TemplateVersion(
        template_id=7,
        number=1,
        source=TemplateSource(subject="x"),
        published_html="",
        author="alice",
        created_at=NOW,
        published_at=None,
    )
    return owner, version


def changed(name: str, at: datetime) -> Template:
    return Template(
        template_id=7,
        customer_id=1,
        external_id="order",
        name=name,
        missing=MissingRule.REFUSE,
        live=None,
        newest=1,
        created_at=NOW,
        changed_at=at,
    )


async def test_test_data_is_kept_by_name_and_replaced(real_store: Store) -> None:
    samples = real_store.samples
    await samples.keep_sample(7, Sample(name="Łucja", data='{"a": 1}'), most=9)
    await samples.keep_sample(7, Sample(name="Anna", data="{}"), most=9)
    await samples.keep_sample(7, Sample(name="Łucja", data='{"a": 2}'), most=9)
    await samples.keep_sample(8, Sample(name="other", data="{}"), most=9)
    assert [(one.name, one.data) for one in await samples.samples(7)] == [
        ("Anna", "{}"),
        ("Łucja", '{"a": 2}'),
    ]
    await samples.forget_sample(7, "Anna")
    await samples.forget_sample(7, "nobody")
    assert [one.name for one in await samples.samples(7)] == ["Łucja"]


async def test_there_is_room_for_so_much_test_data_and_no_more(real_store: Store) -> None:
    samples = real_store.samples
    assert await samples.keep_sample(7, Sample(name="a", data="{}"), most=1)
    assert not await samples.keep_sample(7, Sample(name="b", data="{}"), most=1)
    assert await samples.keep_sample(7, Sample(name="a", data="[]"), most=1)


async def test_test_data_goes_with_its_template(real_store: Store) -> None:
    await real_store.templates.create_template(*template())
    await real_store.samples.keep_sample(7, Sample(name="a", data="{}"), most=9)
    await real_store.templates.delete_template(1, 7)
    assert await real_store.samples.samples(7) == []


async def test_of_two_changes_from_one_sight_the_second_is_refused(real_store: Store) -> None:
    await real_store.templates.create_template(*template())
    await real_store.templates.change_template(changed("first", LATER), seen=NOW)
    with pytest.raises(ChangedMeanwhile):
        await real_store.templates.change_template(changed("second", LATER), seen=NOW)
    found = await real_store.templates.template(1, 7)
    assert found is not None
    assert found.name == "first"
