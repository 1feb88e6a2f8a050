"""Two readers of a call that sends: whatever the quick one takes, the shape takes, and both find the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sztafeta.api.routes.call_shapes import LONGEST_PERSON, MOST_FIELDS, SendShape
from sztafeta.api.routes.common_call import read_common_call
from sztafeta.service.sending.call import Call

SHAPE = TypeAdapter(SendShape)


def shaped(octets: bytes) -> tuple[Call, bool] | None:
    """Read a call by its shape; None: it is refused."""
    try:
        shape = SHAPE.validate_json(octets)
    except ValueError:
        return None
    return shape.read(), shape.dry_run


def agree(octets: bytes) -> None:
    """Fail when the quick reader takes a call that the shape refuses or reads otherwise."""
    call = read_common_call(octets)
    assert call is None or (call, False) == shaped(octets)


words = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["", " ", "a" * LONGEST_PERSON, "a" * (LONGEST_PERSON + 1), "zażółć", "\0", "😀"]
    ),
)
addresses = st.one_of(
    words,
    st.sampled_from(
        ["anna@example.com", " Anna <anna@example.com> ", '"A, \\"b\\"" <a@b.pl>', "<>"]
    ),
    st.builds("{} <{}>".format, words, words),
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=4,
)
people = st.one_of(
    addresses,
    st.fixed_dictionaries({"email": addresses}, optional={"name": words}),
)
lists = st.one_of(people, st.lists(people, max_size=3))
fields = st.one_of(
    st.dictionaries(words, words, max_size=3),
    st.sampled_from([{str(n): "" for n in range(MOST_FIELDS + more)} for more in (0, 1)]),
)
common = {"from": people, "to": lists, "text": words}
further = {
    "cc": lists,
    "bcc": lists,
    "reply_to": lists,
    "subject": words,
    "html": words,
    "headers": fields,
    "metadata": fields,
    "tags": st.one_of(st.lists(words, max_size=3), st.just([""] * (MOST_FIELDS + 1))),
}
rare = {
    "recipients": st.lists(st.fixed_dictionaries({"to": people}), max_size=2),
    "template": st.fixed_dictionaries({"id": words}),
    "data": st.dictionaries(words, anything, max_size=2),
    "attachments": st.just([{"filename": "a.txt", "content": "YQ=="}]),
    "send_at": st.just("2031-01-01T00:00:00Z"),
    "expires_at": st.just("2031-01-01T00:00:00+01:00"),
    "dry_run": st.booleans(),
}
calls = st.one_of(
    st.fixed_dictionaries(common, optional=further),
    st.fixed_dictionaries(common, optional=further | rare),
    st.fixed_dictionaries({}, optional=common | further | rare),
)


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """Give a call in which something else stands in one place."""
    call = dict(draw(calls))
    place = draw(st.sampled_from([*common, *further, *rare, "from_", "From", "unknown"]))
    return call | {place: draw(anything)}


@st.composite
def torn(draw: st.DrawFn) -> bytes:
    """Give a call with octets put in, taken out or changed."""
    octets = json.dumps(draw(calls), ensure_ascii=draw(st.booleans())).encode(
        "utf-8", "surrogatepass"
    )
    start = draw(st.integers(0, len(octets)))
    end = draw(st.integers(start, min(len(octets), start + 3)))
    patch = draw(st.one_of(st.binary(max_size=3), st.sampled_from(PATCHES)))
    return octets[:start] + patch + octets[end:]


PATCHES = [
    b"\\ud800",
    b"\\u0000",
    b"\\",
    b'"',
    b",",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"NaN",
    b"//",
]


@given(calls)
def test_what_is_written_in_order_is_read_alike(call: dict[str, Any]) -> None:
    agree(json.dumps(call).encode())
    agree(json.dumps(call, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(spoiled())
def test_what_has_another_shape_is_left_to_the_shape(call: dict[str, Any]) -> None:
    agree(json.dumps(call).encode())


@given(torn())
@example(b'{"from":"a@b.pl","to":"c@d.pl","text":"\\ud800"}')
@example(b'{"from":"a@b.pl","to":"c@d.pl","text":"\xed\xa0\x80"}')
@example(b'{"from":"a@b.pl","to":"c@d.pl","text":"x"} {}')
@example(b'{"from":"a@b.pl","to":"c@d.pl","text":"x",}')
@example(b'{"from":"a@b.pl","to":"c@d.pl","text":"x","text":""}')
@example(b'{"from":"a@b.pl","to":"c@d.pl","text":"x","headers":{"A":"1","B":"2","A":"3"}}')
@example(b'{"from":"a@b.pl","to":"c@d.pl","text":"x","to":null}')
def test_what_is_hardly_json_is_read_alike(octets: bytes) -> None:
    agree(octets)


@given(st.fixed_dictionaries({"from": addresses, "to": lists, "text": st.text(min_size=1)}))
def test_a_common_call_is_read_by_the_quick_reader(call: dict[str, Any]) -> None:
    octets = json.dumps(call).encode()
    assert (read_common_call(octets) is None) == (shaped(octets) is None)


@pytest.mark.parametrize("name", [*further])
def test_every_name_of_a_common_call_is_known_to_the_quick_reader(name: str) -> None:
    """Else the shape would read it all the same, and nobody would see that it is slow."""
    found = {"headers": {"X-A": "b"}, "metadata": {"a": "b"}, "tags": ["a"]}.get(name, "a@b.pl")
    call = {"from": "a@b.pl", "to": "c@d.pl", "text": "x", name: found}
    assert read_common_call(json.dumps(call).encode()) is not None


@pytest.mark.parametrize(
    "rare_value",
    [
        {"template": {"id": "welcome"}, "text": ""},
        {"recipients": [{"to": "e@f.pl", "data": {"a": 1}}]},
        {"data": {"a": 1}},
        {"attachments": [{"filename": "a.txt", "content": "YQ=="}]},
        {"send_at": "2031-01-01T00:00:00Z"},
        {"dry_run": True},
        {"dry_run": False},
    ],
)
def test_what_is_rare_is_left_to_the_shape(rare_value: dict[str, Any]) -> None:
    octets = json.dumps({"from": "a@b.pl", "to": "c@d.pl", "text": "x"} | rare_value).encode()
    assert shaped(octets) is not None
    assert read_common_call(octets) is None
