"""Records as resources of Terraform, for the provider that runs the zone.

Providers disagree about names and texts: some take a text as it is and cut it themselves, some take the
strings of RFC 1035 §5.1 in quotation marks. Each row of `PROVIDERS` says what its documentation asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sztafeta.account.dns_records import (
    TTL,
    ExpectedRecord,
    Purpose,
    RecordType,
    plain_text,
    relative_name,
    txt_strings,
    zone_value,
)

Attributes = Sequence[tuple[str, str]]
"""Names with their expressions, already written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of Terraform, and how it takes records."""

    key: str
    name: str
    resources: tuple[str, str]
    """The resource of a TXT record, and that of a CNAME."""
    attributes: Callable[[ExpectedRecord, str], Attributes]
    """Of a record in a zone."""
    variable: str = ""
    """What its user has to tell: the zone's id, for example."""
    keeps_sets: bool = False
    """All texts at one name are one resource: others must be put into it."""


def terraform(provider: Provider, zone: str, records: Sequence[ExpectedRecord]) -> str:
    """Write records as resources of a provider."""
    return "\n".join(_blocks(provider, zone, records))


def provider_of(key: str) -> Provider | None:
    """Find a provider."""
    return next((one for one in PROVIDERS if one.key == key), None)


def _blocks(provider: Provider, zone: str, records: Sequence[ExpectedRecord]) -> Iterator[str]:
    if provider.variable:
        yield f'variable "{provider.variable}" {{\n  type = string\n}}\n'
    for record in records:
        yield _resource(provider, zone, record)


def _resource(provider: Provider, zone: str, record: ExpectedRecord) -> str:
    is_alias = record.type is RecordType.CNAME
    is_shared = provider.keeps_sets and record.purpose is Purpose.SPF
    note = "# Add the other TXT records of this name to the list: it replaces them.\n"
    body = "".join(f"  {name} = {value}\n" for name, value in provider.attributes(record, zone))
    head = f'resource "{provider.resources[is_alias]}" "{_label(record)}"'
    return f"{note if is_shared else ''}{head} {{\n{body}}}\n"


def _label(record: ExpectedRecord) -> str:
    """Name a resource: a letter first, then letters, digits and underscores."""
    return "sztafeta_" + re.sub(r"[^a-z0-9]+", "_", record.name.lower()).strip("_")


def _string(text: str) -> str:
    """Write a string of HCL: `${` and `%{` would begin a template, as macros of SPF do (RFC 7208 §7)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("${", "$${").replace("%{", "%%{") + '"'


def _var(name: str) -> str:
    return f"var.{name}"


def _common(record: ExpectedRecord, name: str) -> list[tuple[str, str]]:
    return [
        ("name", _string(name)),
        ("type", _string(record.type.value)),
        ("ttl", str(TTL)),
    ]


def _with_dot(record: ExpectedRecord) -> str:
    """Give a text as it is, and where an alias leads with a dot at its end."""
    return f"{record.value}." if record.type is RecordType.CNAME else plain_text(record.value)


def _cloudflare(record: ExpectedRecord, zone: str) -> Attributes:
    is_alias = record.type is RecordType.CNAME
    content = record.value if is_alias else zone_value(record)
    return [
        ("zone_id", _var("zone_id")),
        *_common(record, record.name),
        ("content", _string(content)),
        *([("proxied", "false")] if is_alias else []),
    ]


def _aws(record: ExpectedRecord, zone: str) -> Attributes:
    """The outer quotation marks are put there by the provider."""
    is_alias = record.type is RecordType.CNAME
    value = record.value if is_alias else '""'.join(txt_strings(record.value))
    return [
        ("zone_id", _var("zone_id")),
        *_common(record, record.name),
        ("records", f"[{_string(value)}]"),
    ]


def _ovh(record: ExpectedRecord, zone: str) -> Attributes:
    name = relative_name(record.name, zone)
    return [
        ("zone", _string(zone)),
        ("subdomain", _string("" if name == "@" else name)),
        ("fieldtype", _string(record.type.value)),
        ("ttl", str(TTL)),
        ("target", _string(zone_value(record))),
    ]


def _google(record: ExpectedRecord, zone: str) -> Attributes:
    return [
        ("managed_zone", _var("managed_zone")),
        *_common(record, f"{record.name}."),
        ("rrdatas", f"[{_string(zone_value(record))}]"),
    ]


def _digitalocean(record: ExpectedRecord, zone: str) -> Attributes:
    return [
        ("domain", _string(zone)),
        *_common(record, relative_name(record.name, zone)),
        ("value", _string(_with_dot(record))),
    ]


def _hcloud(record: ExpectedRecord, zone: str) -> Attributes:
    return [
        ("zone", _string(zone)),
        *_common(record, relative_name(record.name, zone)),
        ("records", f"[{{ value = {_string(zone_value(record))} }}]"),
    ]


PROVIDERS: Final[Sequence[Provider]] = (
    Provider(
        key="cloudflare",
        name="Cloudflare",
        resources=("cloudflare_dns_record", "cloudflare_dns_record"),
        attributes=_cloudflare,
        variable="zone_id",
    ),
    Provider(
        key="aws",
        name="Amazon Route 53",
        resources=("aws_route53_record", "aws_route53_record"),
        attributes=_aws,
        variable="zone_id",
        keeps_sets=True,
    ),
    Provider(
        key="ovh",
        name="OVHcloud",
        resources=("ovh_domain_zone_record", "ovh_domain_zone_record"),
        attributes=_ovh,
    ),
    Provider(
        key="google",
        name="Google Cloud DNS",
        resources=("google_dns_record_set", "google_dns_record_set"),
        attributes=_google,
        variable="managed_zone",
        keeps_sets=True,
    ),
    Provider(
        key="digitalocean",
        name="DigitalOcean",
        resources=("digitalocean_record", "digitalocean_record"),
        attributes=_digitalocean,
    ),
    Provider(
        key="hcloud",
        name="Hetzner",
        resources=("hcloud_zone_rrset", "hcloud_zone_rrset"),
        attributes=_hcloud,
        keeps_sets=True,
    ),
)
