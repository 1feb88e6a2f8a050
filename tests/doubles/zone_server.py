"""A name server on loopback that answers from data: the world's DNS, written in a test.

A zone is a mapping from a name to its records, or to a `Misbehaviour`. UDP and TCP on one port, as dnspython
asks them; what the zone does not know is NXDOMAIN.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Records = Mapping[str, Sequence[str]]
"""Record type → values in zone file notation, for example `{"MX": ["10 mx.example.com."]}`."""


class Misbehaviour(Enum):
    """What a name server may do instead of answering."""

    SERVFAIL = auto()
    REFUSED = auto()
    FORMERR = auto()
    SILENT = auto()
    TRUNCATED = auto()
    """Over UDP only: ask again over TCP, where it answers `ANSWERS_AFTER_TRUNCATION`."""


ANSWERS_AFTER_TRUNCATION: Records = {"MX": ["10 mx.example.org."]}
_RCODES = {
    Misbehaviour.SERVFAIL: dns.rcode.SERVFAIL,
    Misbehaviour.REFUSED: dns.rcode.REFUSED,
    Misbehaviour.FORMERR: dns.rcode.FORMERR,
}


class ZoneServer:
    """Answers questions until left."""

    def __init__(
        self,
        zone: Mapping[str, Records | Misbehaviour],
        *,
        ttl: int = 300,
        address: str = "127.0.0.1",
        port: int = 0,
        is_authoritative: bool = False,
    ) -> None:
        """An authoritative one says so, follows no CNAME, and names its SOA when there is nothing."""
        self.zone = dict(zone)
        self.ttl = ttl
        self.host = address
        self.port = port
        self.is_authoritative = is_authoritative
        self.questions: list[tuple[str, str]] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._serve_tcp, self.host, self.port)
        self.port = self._tcp.sockets[0].getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(self.host, self.port)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._udp.close()
        self._tcp.close()

    @property
    def address(self) -> str:
        """`127.0.0.1:port`, as the settings write it."""
        return f"{self.host}:{self.port}"

    def answer(self, octets: bytes, *, over_tcp: bool) -> bytes | None:
        """Give the answer to a question, or None for silence."""
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.questions.append((name, dns.rdatatype.to_text(question.rdtype)))
        response = dns.message.make_response(query)
        if self.is_authoritative:
            response.flags |= dns.flags.AA
        known = self._known(name)
        if known is Misbehaviour.SILENT:
            return None
        if known is Misbehaviour.TRUNCATED and not over_tcp:
            response.flags |= dns.flags.TC
        elif isinstance(known, Misbehaviour) and known in _RCODES:
            response.set_rcode(_RCODES[known])
        elif known is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            records = ANSWERS_AFTER_TRUNCATION if isinstance(known, Misbehaviour) else known
            self._fill(response, question, records)
        if not response.answer:
            self._name_the_zone(response, name)
        return response.to_wire(max_size=65535)

    def _known(self, name: str) -> Records | Misbehaviour | None:
        """Find a name, or a wildcard over it (RFC 4592)."""
        above = name.partition(".")[2]
        while name not in self.zone and above:
            if f"*.{above}" in self.zone:
                return self.zone[f"*.{above}"]
            above = above.partition(".")[2]
        return self.zone.get(name)

    def _name_the_zone(self, response: dns.message.Message, name: str) -> None:
        """Put the SOA of the nearest zone above into a negative answer (RFC 2308 §3)."""
        while name:
            known = self.zone.get(name)
            if isinstance(known, Mapping) and "SOA" in known:
                soa = dns.rrset.from_text(f"{name}.", self.ttl, "IN", "SOA", *known["SOA"])
                response.authority.append(soa)
                return
            name = name.partition(".")[2]

    def _fill(
        self, response: dns.message.Message, question: dns.rrset.RRset, records: Records
    ) -> None:
        """Put the records in, following CNAMEs inside the zone as a recursive server does."""
        name = question.name
        for _ in range(20):
            if "CNAME" not in records:
                break
            target = records["CNAME"][0]
            response.answer.append(dns.rrset.from_text(name, self.ttl, "IN", "CNAME", target))
            name = dns.name.from_text(target)
            if self.is_authoritative:
                return
            found = self.zone.get(name.to_text(omit_final_dot=True).lower(), {})
            records = {} if isinstance(found, Misbehaviour) else found
        values = records.get(dns.rdatatype.to_text(question.rdtype))
        if values:
            rrset = dns.rrset.from_text(name, self.ttl, "IN", question.rdtype, *values)
            response.answer.append(rrset)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        answer = self.answer(await reader.readexactly(size), over_tcp=True)
        if answer is not None:
            writer.write(len(answer).to_bytes(2, "big") + answer)
            await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: ZoneServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data, over_tcp=False)
        if answer is None:
            return
        if len(answer) > 1232:
            query = dns.message.from_wire(data)
            response = dns.message.make_response(query)
            response.flags |= dns.flags.TC
            answer = response.to_wire()
        self._wire.sendto(answer, addr)  # type: ignore[attr-defined]
