"""What Terraform reads is what the table shows, for each provider in the form that it asks for.

The reader knows as much of HCL as we write: blocks of attributes, strings, and what strings escape.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from tests.account.dns_exports.samples import TEXTS, a_cname, a_txt

from sztafeta.account.dns_exports.terraform import PROVIDERS, Provider, provider_of, terraform
from sztafeta.account.dns_records import ExpectedRecord, Purpose, RecordType

ZONE = "shop.example"
BLOCK = re.compile(r'resource "(\w+)" "([a-z]\w*)" \{\n((?:  \w+ += .*\n)+)\}\n')
STRING = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
VALUES = ("content", "records", "target", "rrdatas", "value")
TAKES_TEXT_AS_IT_IS = ("digitalocean",)


def read(text: str) -> dict[str, str]:
    """Read one resource: its attributes, and its kind as `resource`."""
    block = BLOCK.fullmatch(text[text.index("resource") :])
    assert block, text
    attributes = (line.strip().split("=", 1) for line in block[3].splitlines())
    return {"resource": block[1]} | {name.strip(): value.strip() for name, value in attributes}


def string(expression: str) -> str:
    """Read the one string of an expression; what would begin a template must be escaped."""
    (written,) = STRING.findall(expression)
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", written)
    text = written.replace("$${", "${").replace("%%{", "%{")
    return re.sub(r'\\(["\\])', r"\1", text)


def value_of(attributes: dict[str, str]) -> str:
    (name,) = set(VALUES) & set(attributes)
    return string(attributes[name])


def joined(written: str) -> str:
    """Put the strings of a TXT record together (RFC 1035 §5.1)."""
    pieces = re.findall(r'"((?:[^"\\]|\\\d{3}|\\["\\])*)"', written)
    octets = b"".join(_octets(piece) for piece in pieces)
    assert all(len(_octets(piece)) <= 255 for piece in pieces)
    assert re.sub(r'"(?:[^"\\]|\\.)*"', "", written).strip() == ""
    return octets.decode()


def _octets(piece: str) -> bytes:
    found = re.findall(r"\\(\d{3})|\\(.)|(.)", piece)
    return b"".join(bytes([int(octal)]) if octal else (a or b).encode() for octal, a, b in found)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.key)
@given(text=TEXTS)
def test_any_text_comes_back_as_it_was(provider: Provider, text: str) -> None:
    value = value_of(read(terraform(provider, ZONE, [a_txt(text)])))
    if provider.key in TAKES_TEXT_AS_IT_IS:
        assert value == text
    else:
        assert joined(f'"{value}"' if provider.key == "aws" else value) == text


@pytest.mark.parametrize(
    ("key", "name", "target"),
    [
        ("cloudflare", "click.shop.example", "click.host.example"),
        ("aws", "click.shop.example", "click.host.example"),
        ("ovh", "click", "click.host.example."),
        ("google", "click.shop.example.", "click.host.example."),
        ("digitalocean", "click", "click.host.example."),
        ("hcloud", "click", "click.host.example."),
    ],
)
def test_names_are_written_as_each_provider_takes_them(key: str, name: str, target: str) -> None:
    provider = provider_of(key)
    assert provider
    record = a_cname("click.shop.example", "click.host.example")
    attributes = read(terraform(provider, ZONE, [record]))
    assert string(attributes.get("name") or attributes["subdomain"]) == name
    assert string(attributes.get("type") or attributes["fieldtype"]) == "CNAME"
    assert value_of(attributes) == target
    assert attributes["ttl"] == "3600"


def test_the_zone_itself_has_its_own_name_at_each_provider() -> None:
    spf = ExpectedRecord(purpose=Purpose.SPF, type=RecordType.TXT, name=ZONE, value="v=spf1 -all")
    names = {}
    for provider in PROVIDERS:
        attributes = read(terraform(provider, ZONE, [spf]))
        names[provider.key] = string(attributes.get("name") or attributes["subdomain"])
    assert names == {
        "cloudflare": ZONE,
        "aws": ZONE,
        "ovh": "",
        "google": f"{ZONE}.",
        "digitalocean": "@",
        "hcloud": "@",
    }


def test_who_replaces_the_other_texts_of_a_name_is_warned() -> None:
    spf = ExpectedRecord(purpose=Purpose.SPF, type=RecordType.TXT, name=ZONE, value="v=spf1 -all")
    warned = {one.key for one in PROVIDERS if "it replaces them" in terraform(one, ZONE, [spf])}
    assert warned == {"aws", "google", "hcloud"}


def test_a_cloudflare_alias_is_not_proxied() -> None:
    record = a_cname("click.shop.example", "click.host.example")
    assert "proxied = false" in re.sub(" +", " ", terraform(PROVIDERS[0], ZONE, [record]))
