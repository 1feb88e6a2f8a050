"""The DNS records of a sending domain: what its owner publishes, and why.

DKIM proves that the domain is the customer's; without it nothing is sent. The others make receivers trust
the mail more, and are left out when the operator has not named the hosts that they would lead to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from sztafeta.account.sending_domain import DkimKey, SendingDomain
from sztafeta.mail import spf
from sztafeta.mail.dkim_key import TXT_STRING, record_name, record_text

DMARC_RECORD: Final = "v=DMARC1; p=none"
"""Asks nothing of receivers, and lets the owner tighten it (RFC 7489 §6.3). Never by CNAME: a policy is the
owner's, and an alias would take it out of their hands."""


class Purpose(Enum):
    """What a record is for."""

    DKIM = "dkim"
    SPF = "spf"
    DMARC = "dmarc"
    RETURN_PATH = "return_path"
    TRACKING = "tracking"


class RecordType(Enum):
    """Types that are published or asked for."""

    TXT = "TXT"
    CNAME = "CNAME"
    A = "A"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRecord:
    """A record to publish."""

    purpose: Purpose
    type: RecordType
    name: str
    """The whole name, without a dot at its end."""
    value: str
    is_required: bool = False
    """No mail is sent without it; the others are advice."""
    selector: str = ""
    """Of a DKIM key."""
    signs: bool = False
    """Its DKIM key signs; the others wait to be seen."""
    key: str = ""
    """The text that a DKIM record comes to in the end, though a CNAME stands here."""
    delegate: str = ""
    """Where a CNAME in the place of a DKIM key may lead: into the operator's zone."""
    mechanisms: tuple[str, ...] = ()
    """What an SPF record must name; the rest of it is its owner's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OurNames:
    """The operator's names that customers' records lead to; empty: not offered."""

    spf: tuple[str, ...] = ()
    """Mechanisms that name the hosts we send from, for example `include:spf.example.net`."""
    dkim_zone: str = ""
    """A zone of the operator's that holds the customers' keys, for CNAMEs to lead to."""
    return_path: str = ""
    tracking: str = ""


TTL: Final = 3600
"""Seconds that caches keep a record; editors suggest about as much."""
RETURN_PATH_LABEL: Final = "bounces"
TRACKING_LABEL: Final = "click"


def expected_records(domain: SendingDomain, ours: OurNames) -> tuple[ExpectedRecord, ...]:
    """Give the records of a domain in the order in which they matter."""
    return (*_dkim(domain, ours.dkim_zone), *_advice(domain.domain, ours))


def as_cname(record: ExpectedRecord) -> ExpectedRecord:
    """Have a key's name lead into the operator's zone, if there is one; other records stay as they are."""
    if not record.delegate:
        return record
    return replace(record, type=RecordType.CNAME, value=record.delegate)


def _dkim(domain: SendingDomain, zone: str) -> Iterator[ExpectedRecord]:
    keys = [(key, True) for key in domain.keys] + [(key, False) for key in domain.pending]
    for key, signs in keys:
        yield _dkim_record(domain.domain, key, zone, signs=signs)


def _dkim_record(domain: str, key: DkimKey, zone: str, *, signs: bool) -> ExpectedRecord:
    text = record_text(key)
    return ExpectedRecord(
        purpose=Purpose.DKIM,
        type=RecordType.TXT,
        name=record_name(domain, key),
        value=text,
        is_required=True,
        selector=key.selector,
        signs=signs,
        key=text,
        delegate=f"{key.selector}.{domain}.{zone}" if zone else "",
    )


def _advice(domain: str, ours: OurNames) -> Iterator[ExpectedRecord]:
    if ours.spf:
        yield ExpectedRecord(
            purpose=Purpose.SPF,
            type=RecordType.TXT,
            name=domain,
            value=spf.record_of(ours.spf),
            mechanisms=ours.spf,
        )
    yield ExpectedRecord(
        purpose=Purpose.DMARC, type=RecordType.TXT, name=f"_dmarc.{domain}", value=DMARC_RECORD
    )
    aliases = (
        (Purpose.RETURN_PATH, RETURN_PATH_LABEL, ours.return_path),
        (Purpose.TRACKING, TRACKING_LABEL, ours.tracking),
    )
    for purpose, label, host in aliases:
        if host:
            yield ExpectedRecord(
                purpose=purpose, type=RecordType.CNAME, name=f"{label}.{domain}", value=host
            )


# -- how records are written ---------------------------------------------------------------------

_UNWRITTEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
"""Controls, and what programs take for the end of a line."""


def relative_name(name: str, zone: str) -> str:
    """Write a name as an editor of its zone takes it: without the zone, `@` for the zone itself."""
    if name == zone:
        return "@"
    return name.removesuffix(f".{zone}") if zone else name


def delegated_lines(domain: SendingDomain, ours: OurNames) -> Iterator[str]:
    """Write the keys of a domain as the operator's zone holds them."""
    for record in _dkim(domain, ours.dkim_zone):
        yield zone_line(replace(record, name=record.delegate))


def zone_line(record: ExpectedRecord) -> str:
    """Write a record as a zone file takes it (RFC 1035 §5.1)."""
    return f"{record.name}. {TTL} IN {record.type.value} {zone_value(record)}"


def zone_value(record: ExpectedRecord) -> str:
    """Write a value as a zone file takes it: texts quoted, in strings of at most 255 octets."""
    if record.type is RecordType.CNAME:
        return f"{record.value}."
    return " ".join(f'"{piece}"' for piece in txt_strings(record.value))


def txt_strings(text: str) -> Iterator[str]:
    """Cut a text into the strings of a TXT record, as they stand between quotation marks (RFC 1035 §5.1)."""
    octets = plain_text(text).encode()
    for at in range(0, len(octets), TXT_STRING):
        yield "".join(map(_escaped, octets[at : at + TXT_STRING]))


def plain_text(text: str) -> str:
    """Leave out what no file of records holds: an owner's own text may hold anything."""
    return _UNWRITTEN.sub(" ", text)


def _escaped(octet: int) -> str:
    if octet >= 0x80:
        return f"\\{octet:03}"
    return f"\\{chr(octet)}" if chr(octet) in '"\\' else chr(octet)
