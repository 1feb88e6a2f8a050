"""A zone's own name servers, asked directly; then the configured resolver.

Implements `ports.ZoneLookUp`. Whose servers are asked is said by the customer's DNS, so an address that is
not a public one is left out (W-10): a question must not reach into our own network.
"""

from __future__ import annotations

import asyncio
from typing import Final

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.resolver
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

from sztafeta.account.dns_records import RecordType
from sztafeta.account.record_check import UNKNOWN, Seen
from sztafeta.delivery.forbidden import is_forbidden
from sztafeta.net.resolver import ResolverSettings, make_resolver
from sztafeta.service.ports import Zone

DNS_PORT: Final = 53
MOST_SERVERS: Final = 4
"""Servers of a zone that are asked, one after the other, until one answers."""
MOST_TEXTS: Final = 20
LONGEST_TEXT: Final = 4096
PATIENCE: Final = 3.0
"""Seconds for one server."""
DEEPEST_ALIAS: Final = 8

_TROUBLE: Final = (dns.exception.DNSException, OSError, UnicodeError, ValueError, EOFError)


class DnsZones:
    """Finds zones and asks their servers."""

    def __init__(
        self,
        settings: ResolverSettings | None = None,
        *,
        port: int = DNS_PORT,
        asks_private: bool = False,
    ) -> None:
        """`asks_private` is for networks whose own zones are administered inside."""
        self._resolver = make_resolver(settings or ResolverSettings())
        self._resolver.cache = None
        self._port = port
        self._asks_private = asks_private

    async def zone_of(self, name: str) -> Zone:
        """Find the zone that a name belongs to, and its servers."""
        try:
            apex = await dns.asyncresolver.zone_for_name(
                dns.name.from_text(name), resolver=self._resolver
            )
            found = await self._resolver.resolve(apex, dns.rdatatype.NS)
        except _TROUBLE:
            return Zone()
        servers = sorted(_plain(record.target) for record in found)[:MOST_SERVERS]
        addresses = await asyncio.gather(*(self._addresses(server) for server in servers))
        return Zone(
            apex=_plain(apex),
            servers=tuple(servers),
            addresses=tuple(one for several in addresses for one in several),
        )

    async def at_zone(self, zone: Zone, name: str, kind: RecordType) -> Seen:
        """Ask the zone's own servers; where a CNAME leads out of the zone, the resolver goes on."""
        for address in zone.addresses[:MOST_SERVERS]:
            response = await self._ask(address, name, kind)
            if response is not None:
                return await self._followed(_seen(response, name, kind), kind)
        return UNKNOWN

    async def in_caches(self, name: str, kind: RecordType) -> Seen:
        """Ask the configured resolver, as receivers ask theirs."""
        try:
            answer = await self._resolver.resolve(
                dns.name.from_text(name), _rdatatype(kind), raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN as absent:
            said = tuple(absent.kwargs["responses"].values())
            return _seen(said[-1], name, kind)
        except _TROUBLE:
            return UNKNOWN
        return _seen(answer.response, name, kind)

    async def _addresses(self, server: str) -> list[str]:
        """Give the public addresses of a name server."""
        try:
            found = await self._resolver.resolve_name(dns.name.from_text(server))
        except _TROUBLE:
            return []
        addresses = list(found.addresses())
        return [one for one in addresses if self._asks_private or not is_forbidden(one)][:2]

    async def _ask(self, address: str, name: str, kind: RecordType) -> dns.message.Message | None:
        """Ask one server; None when it does not know about the name, or does not answer."""
        try:
            query = dns.message.make_query(name, _rdatatype(kind), flags=dns.flags.Flag(0))
            response, _ = await dns.asyncquery.udp_with_fallback(
                query, address, timeout=PATIENCE, port=self._port
            )
        except _TROUBLE:
            return None
        is_answer = response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        return response if is_answer and response.flags & dns.flags.AA else None

    async def _followed(self, seen: Seen, kind: RecordType) -> Seen:
        """Read what stands where an alias leads; the zone's servers know only that it leads there."""
        if not seen.alias or seen.texts or kind is RecordType.CNAME:
            return seen
        target = await self.in_caches(seen.alias, kind)
        return Seen(texts=target.texts, alias=seen.alias, ttl=seen.ttl)


def _seen(response: dns.message.Message, name: str, kind: RecordType) -> Seen:
    """Read an answer: the first CNAME at the name, and the records at its end."""
    at = dns.name.from_text(name)
    alias = ""
    for _ in range(DEEPEST_ALIAS):
        found = _records(response, at, RecordType.CNAME)
        if found is None:
            break
        at = found[0].target
        alias = alias or _plain(at)
    records = None if kind is RecordType.CNAME else _records(response, at, kind)
    texts = () if records is None else tuple(_text(one) for one in list(records)[:MOST_TEXTS])
    return Seen(texts=texts, alias=alias, ttl=_ttl(response))


def _records(
    response: dns.message.Message, name: dns.name.Name, kind: RecordType
) -> dns.rrset.RRset | None:
    wanted = _rdatatype(kind)
    return next((one for one in response.answer if (one.name, one.rdtype) == (name, wanted)), None)


def _text(record: dns.rdata.Rdata) -> str:
    """Read a record as text; whatever a stranger wrote into it is cut to a bearable length."""
    if isinstance(record, TXT):
        return b"".join(record.strings).decode("utf-8", "replace")[:LONGEST_TEXT]
    return record.to_text()


def _ttl(response: dns.message.Message) -> int:
    """Say how long an answer is kept; that there is nothing, as long as the zone says (RFC 2308 §5)."""
    if response.answer:
        return min(rrset.ttl for rrset in response.answer)
    for rrset in response.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return min(rrset.ttl, int(rrset[0].minimum))
    return 0


def _rdatatype(kind: RecordType) -> dns.rdatatype.RdataType:
    return dns.rdatatype.from_text(kind.value)


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
