"""TXT records from DNS, asked afresh each time: whoever just published one wants to know about now."""

from __future__ import annotations

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from sztafeta.net.resolver import ResolverSettings, make_resolver
from sztafeta.service.ports import TextAnswer


class DnsTexts:
    """Implements `ports.TextLookUp`."""

    def __init__(self, settings: ResolverSettings | None = None) -> None:
        self._resolver = make_resolver(settings or ResolverSettings())
        self._resolver.cache = None

    async def texts(self, name: str) -> TextAnswer:
        """Look a name up; never raises for what DNS says."""
        asked = dns.name.from_text(name)
        try:
            answer = await self._resolver.resolve(
                asked, dns.rdatatype.TXT, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN as absent:
            return TextAnswer(alias=_alias(asked, absent.canonical_name))
        except (dns.exception.DNSException, OSError):
            return TextAnswer(has_answered=False)
        records = [] if answer.rrset is None else list(answer.rrset)
        texts = tuple(b"".join(record.strings).decode("utf-8", "replace") for record in records)
        return TextAnswer(texts=texts, alias=_alias(asked, answer.canonical_name))


def _alias(asked: dns.name.Name, canonical: dns.name.Name) -> str:
    return "" if canonical == asked else canonical.to_text(omit_final_dot=True)
