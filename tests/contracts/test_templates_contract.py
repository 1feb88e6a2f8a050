"""What every store promises about templates: drafts, live versions, history, each customer's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.houses import House

from sztafeta.mail.template_source import MissingRule, TemplateSource
from sztafeta.service.ports import AlreadyThere, NotThere, Template, TemplateVersion

ALICE, CHARLIE = 1, 3
SOURCE = TemplateSource(subject="Zamówienie {{ id }}", html="<p>zażółć</p>", text="zażółć")


def draft(house: House, template_id: int, number: int = 1, author: str = "bob") -> TemplateVersion:
    return TemplateVersion(
        template_id=template_id,
        number=number,
        source=SOURCE,
        published_html="",
        author=author,
        created_at=house.writer.now,
        published_at=None,
    )


async def new_template(
    house: House, external_id: str = "order", *, customer_id: int = ALICE
) -> Template:
    template = Template(
        template_id=house.writer.ids.next(house.writer.now),
        customer_id=customer_id,
        external_id=external_id,
        name="Potwierdzenie",
        missing=MissingRule.REFUSE,
        live=None,
        newest=1,
        created_at=house.writer.now,
        changed_at=house.writer.now,
    )
    await house.templates.create_template(template, draft(house, template.template_id))
    return template


async def publish(house: House, template: Template, number: int, html: str = "<p>1</p>") -> None:
    await house.templates.publish(
        template.template_id, number, published_html=html, now=house.writer.now
    )


async def present(house: House, template: Template) -> Template:
    found = await house.templates.template(template.customer_id, template.template_id)
    assert found is not None
    return found


async def test_a_template_is_found_by_its_id_and_by_its_name(house: House) -> None:
    template = await new_template(house)
    assert await house.templates.template(ALICE, template.template_id) == template
    assert await house.templates.template(ALICE, "order") == template
    assert await house.templates.versions(template.template_id) == [
        draft(house, template.template_id)
    ]


async def test_a_name_is_taken_once_by_each_customer(house: House) -> None:
    await new_template(house)
    await new_template(house, customer_id=CHARLIE)
    with pytest.raises(AlreadyThere):
        await new_template(house)


async def test_settings_change_and_the_versions_stay(house: House) -> None:
    template = await new_template(house)
    await publish(house, template, 1)
    house.writer.clock.advance(timedelta(minutes=1))
    changed = replace(
        template,
        name="Nowe",
        external_id="new",
        missing=MissingRule.BLANK,
        changed_at=house.writer.now,
    )
    await house.templates.change_template(changed)
    assert await present(house, template) == replace(changed, live=1)


async def test_a_name_that_another_template_has_cannot_be_taken_over(house: House) -> None:
    await new_template(house)
    other = await new_template(house, "invoice")
    with pytest.raises(AlreadyThere):
        await house.templates.change_template(replace(other, external_id="order"))


async def test_a_draft_is_written_over_until_it_is_published(house: House) -> None:
    template = await new_template(house)
    await house.templates.save_draft(draft(house, template.template_id, 1, author="carol"))
    assert [one.author for one in await house.templates.versions(template.template_id)] == ["carol"]
    await publish(house, template, 1)
    await house.templates.save_draft(draft(house, template.template_id, 2))
    versions = await house.templates.versions(template.template_id)
    assert [one.number for one in versions] == [2, 1]
    found = await present(house, template)
    assert (found.live, found.newest) == (1, 2)


async def test_a_published_version_never_changes(house: House) -> None:
    template = await new_template(house)
    await publish(house, template, 1)
    before = await house.templates.version(template.template_id, 1)
    with pytest.raises(AlreadyThere):
        await house.templates.save_draft(draft(house, template.template_id, 1, author="carol"))
    house.writer.clock.advance(timedelta(minutes=1))
    await publish(house, template, 1, html="<p>other</p>")
    assert await house.templates.version(template.template_id, 1) == before
    assert before is not None
    assert before.published_html == "<p>1</p>"


async def test_of_two_who_add_the_next_version_one_is_told(house: House) -> None:
    template = await new_template(house)
    await publish(house, template, 1)
    await house.templates.save_draft(draft(house, template.template_id, 2))
    await publish(house, template, 2)
    with pytest.raises(AlreadyThere):
        await house.templates.save_draft(draft(house, template.template_id, 2, author="carol"))


async def test_an_older_version_can_be_made_the_live_one_again(house: House) -> None:
    template = await new_template(house)
    await publish(house, template, 1)
    await house.templates.save_draft(draft(house, template.template_id, 2))
    await publish(house, template, 2, html="<p>2</p>")
    assert (await present(house, template)).live == 2
    await publish(house, template, 1)
    assert (await present(house, template)).live == 1


async def test_a_version_that_is_not_there_is_not_published(house: House) -> None:
    template = await new_template(house)
    with pytest.raises(NotThere):
        await publish(house, template, 2)
    assert (await present(house, template)).live is None
    assert await house.templates.version(template.template_id, 2) is None


async def test_a_deleted_template_leaves_nothing_behind(house: House) -> None:
    template = await new_template(house)
    await house.templates.delete_template(ALICE, template.template_id)
    assert await house.templates.template(ALICE, "order") is None
    assert await house.templates.versions(template.template_id) == []
    with pytest.raises(NotThere):
        await house.templates.delete_template(ALICE, template.template_id)
    with pytest.raises(NotThere):
        await house.templates.save_draft(draft(house, template.template_id))


async def test_templates_are_listed_page_by_page(house: House) -> None:
    made = [await new_template(house, f"t{number}") for number in range(3)]
    first = await house.templates.templates(ALICE, limit=2)
    assert first == made[:2]
    assert await house.templates.templates(ALICE, limit=2, after=first[-1].template_id) == made[2:]


async def test_charlie_neither_sees_nor_changes_the_templates_of_alice(house: House) -> None:
    """W-01, W-02."""
    template = await new_template(house)
    await new_template(house, "other", customer_id=CHARLIE)
    assert await house.templates.template(CHARLIE, template.template_id) is None
    assert await house.templates.template(CHARLIE, "order") is None
    assert [one.external_id for one in await house.templates.templates(CHARLIE, limit=9)] == [
        "other"
    ]
    with pytest.raises(NotThere):
        await house.templates.change_template(replace(template, customer_id=CHARLIE))
    with pytest.raises(NotThere):
        await house.templates.delete_template(CHARLIE, template.template_id)
    assert await present(house, template) == template


@pytest.mark.parametrize("name", ["", "a\0b", "'; --", "\udce9", "ordę"])
async def test_a_name_that_nobody_gave_is_not_there(house: House, name: str) -> None:
    """W-23."""
    await new_template(house)
    assert await house.templates.template(ALICE, name) is None
