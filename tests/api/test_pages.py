"""The pages for people and the OpenAPI document: they work offline and say something about everything."""

from __future__ import annotations

import re
from typing import Any

from tests.doubles.native_house import BASE_URL, NativeHouse


async def document(house: NativeHouse) -> dict[str, Any]:
    answer = await house.call("GET", "/v1/openapi.json")
    assert answer.status == 200
    return dict(answer.json)


async def test_the_document_is_openapi_3_1_on_our_own_host(house: NativeHouse) -> None:
    found = await document(house)
    assert found["openapi"].startswith("3.1")
    assert found["servers"] == [{"url": BASE_URL}]


async def test_every_call_is_described(house: NativeHouse) -> None:
    found = await document(house)
    for path, operations in found["paths"].items():
        for method, one in operations.items():
            where = f"{method} {path}"
            assert one["summary"], where
            assert one["description"].endswith((".", ")")), where
            assert one["tags"], where
            assert {"4XX", "5XX"} <= one["responses"].keys(), where
            assert one["security"], where
            for parameter in one.get("parameters", ()):
                in_path = parameter["in"] == "path"
                assert in_path or parameter.get("description"), f"{where} {parameter['name']}"


async def test_operation_ids_are_told_apart(house: NativeHouse) -> None:
    found = await document(house)
    ids = [one["operationId"] for path in found["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


async def test_every_field_has_a_sentence(house: NativeHouse) -> None:
    """A reader never has to guess what a field holds."""
    found = await document(house)
    silent = [
        f"{name}.{field}"
        for name, schema in found["components"]["schemas"].items()
        for field, shape in schema.get("properties", {}).items()
        if not shape.get("description") and name != "Problem"
    ]
    assert silent == []


async def test_every_reference_leads_somewhere(house: NativeHouse) -> None:
    answer = await house.call("GET", "/v1/openapi.json")
    schemas = answer.json["components"]["schemas"]
    wanted = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.content.decode()))
    assert wanted <= schemas.keys()


async def test_the_reference_shows_every_call_and_loads_nothing_from_elsewhere(
    house: NativeHouse,
) -> None:
    found = await document(house)
    page = await house.call("GET", "/v1/reference")
    text = page.content.decode()
    for path in found["paths"]:
        assert f"<code>{path}</code>" in text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert "<script" not in text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    style = await house.call("GET", "/v1/reference.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"


async def test_anchors_of_the_contents_are_on_the_page(house: NativeHouse) -> None:
    text = (await house.call("GET", "/v1/reference")).content.decode()
    anchors = set(re.findall(r'href="#([^"]+)"', text))
    assert anchors <= set(re.findall(r'id="([^"]+)"', text))
