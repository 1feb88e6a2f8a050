"""Forms as PHP reads them, odd corners included (emaillabs.md §1.4)."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.api.compat.php_form import (
    DEEPEST,
    MOST_FIELDS,
    FormFault,
    Node,
    Tree,
    parse_form,
    text_at,
    texts_at,
    tree_at,
)


@pytest.mark.parametrize(
    ("form", "tree"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "2"}),
        ("a[]=1&a[]=2&a=&b[]=3", {"a": "", "b": {"0": "3"}}),
        ("to[]=a@x.pl&to[]=b@x.pl", {"to": {"0": "a@x.pl", "1": "b@x.pl"}}),
        ("to[5]=a&to[]=b", {"to": {"5": "a", "6": "b"}}),
        ("to[a@x.pl]=", {"to": {"a@x.pl": ""}}),
        ("to%5Ba%40x.pl%5D%5Bvars%5D%5Bk%5D=v", {"to": {"a@x.pl": {"vars": {"k": "v"}}}}),
        ("to[a@x.pl]=&to[a@x.pl][message_id]=1", {"to": {"a@x.pl": {"message_id": "1"}}}),
        ("to[a@x.pl]]=", {"to": {"a@x.pl": ""}}),
        ("to[a@x.pl]x[b]=1", {"to": {"a@x.pl": "1"}}),
        ("a.b[c.d]=1", {"a_b": {"c.d": "1"}}),
        ("a[b=1", {"a_b": "1"}),
        ("[a]=1&=2&x", {"x": ""}),
        ("subject=Za%C5%BC%C3%B3%C5%82%C4%87+g%C4%99%C5%9Bl%C4%85", {"subject": "Zażółć gęślą"}),
        ("a%00b=1", {"a": "1"}),
        ("  a=1", {"a": "1"}),
        ("a[[b=1", {"a__b": "1"}),
        ("a[ b]=1&a[ ]=2", {"a": {" b": "1", "0": "2"}}),
        ("a[01]=1&a[]=2&b[-3]=1&b[]=2", {"a": {"01": "1", "0": "2"}, "b": {"-3": "1", "-2": "2"}}),
        ("", {}),
    ],
)
def test_a_form_is_read_as_php_reads_it(form: str, tree: Tree) -> None:
    assert parse_form(form.encode()) == tree


def test_a_form_is_bounded_in_fields_and_in_depth() -> None:
    """W-19"""
    with pytest.raises(FormFault, match="fields"):
        parse_form(b"&" * MOST_FIELDS)
    with pytest.raises(FormFault, match="nested"):
        parse_form(b"a" + b"[b]" * (DEEPEST + 1))


keys = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="[]\0 .\t\n\r\f\v"), min_size=1
)
values = st.text(st.characters(exclude_categories=("Cs",)))
trees = st.dictionaries(
    keys, st.recursive(values, lambda below: st.dictionaries(keys, below, min_size=1))
)


def written(node: Node, name: str) -> list[str]:
    if isinstance(node, str):
        return [f"{quote_plus(name)}={quote_plus(node)}"]
    return [pair for key, below in node.items() for pair in written(below, f"{name}[{key}]")]


@given(trees)
def test_what_a_client_builds_is_what_we_read(tree: Tree) -> None:
    form = "&".join(pair for key, node in tree.items() for pair in written(node, key))
    assert parse_form(form.encode()) == tree


def test_a_tree_is_looked_at_by_kind() -> None:
    tree = parse_form(b"txt=hi&text=&tags[]=a&tags[]=b&tag=c&to[x]=1")
    assert text_at(tree, "text", "txt") == "hi"
    assert text_at(tree, "tags", "none") == ""
    assert texts_at(tree, "tags") == ["a", "b"]
    assert texts_at(tree, "tag") == ["c"]
    assert tree_at(tree, "to") == {"x": "1"}
    assert tree_at(tree, "txt") == {}
