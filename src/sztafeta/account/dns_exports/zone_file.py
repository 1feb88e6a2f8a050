"""A zone file: what every name server and many zone editors import (RFC 1035 §5)."""

from __future__ import annotations

from collections.abc import Sequence

from sztafeta.account.dns_records import ExpectedRecord, zone_line


def zone_file(domain: str, records: Sequence[ExpectedRecord]) -> str:
    """Write records as a zone file takes them."""
    return "".join(f"{line}\n" for line in (f"; {domain}", *map(zone_line, records)))
