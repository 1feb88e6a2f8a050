"""Hops, routes and a name service that do as a test tells them: DELIVER's outside world without a socket.

Implements `ports.Router`, `ports.Dialer` and `ports.Connection`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sztafeta.delivery.egress import EgressSource
from sztafeta.delivery.route import Hop, Route
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.delivery.verdict import Answer, Failure, FailureKind, Stage
from sztafeta.service.ports import Connection, DialFailure, Dialogue, Parcel
from sztafeta.smtp.reply import reply

OK = Answer(Stage.DOT, reply(250, "2.0.0", "Ok"))
NO_USER = Answer(Stage.RCPT, reply(550, "5.1.1", "No such user"))
LATER = Answer(Stage.RCPT, reply(450, "4.2.1", "Greylisted"))
TOO_MANY = Answer(Stage.RCPT, reply(452, "4.5.3", "Too many recipients"))
CLOSING = Answer(Stage.MAIL, reply(421, "4.7.0", "Too many connections"))
SILENCE = Answer(Stage.DOT, Failure(FailureKind.TIMEOUT, "the hop took too long over the dot"))
DEAD = DialFailure(
    answer=Answer(Stage.CONNECT, Failure(FailureKind.REFUSED, "the hop refused the connection")),
    hop="mx.example.net[192.0.2.1]:25",
    transcript="# the hop refused the connection\n",
    tried=1,
)
NO_DOMAIN = Failure(FailureKind.NO_SUCH_DOMAIN, "the domain does not exist")


def route_to(site: str, *, seconds: float = 300) -> Route:
    """Give a route to a site of this name."""
    hop = Hop(host=f"mx.{site}", addresses=("192.0.2.1",))
    return Route(site=site, hops=(hop,), valid_for_seconds=seconds)


@dataclass(eq=False)
class ScriptedRouter:
    """Every domain is a site of its own, unless told otherwise."""

    routes: dict[str, Route | Failure] = field(default_factory=dict)
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    """Domains whose look-up ends when the event is set."""
    asked: list[str] = field(default_factory=list)

    async def route(self, domain: str) -> Route | Failure:
        self.asked.append(domain)
        if domain in self.slow:
            await self.slow[domain].wait()
        return self.routes.get(domain, route_to(domain))


@dataclass(eq=False)
class ScriptedConnection:
    """One connection; it says what the dialer was told to say."""

    world: ScriptedDialer
    site: str
    tls: str = "TLSv1.3"
    transactions: int = 0
    usable: bool = True
    has_quit: bool = False

    @property
    def hop(self) -> str:
        return f"mx.{self.site}[192.0.2.1]:25"

    async def transact(self, parcel: Parcel) -> Dialogue:
        paths = parcel.envelope.forward_paths
        if self in self.world.stale:
            self.usable = False
            return Dialogue(
                answers=(CLOSING,) * len(paths), transcript="", reusable=False, stale=True
            )
        self.transactions += 1
        self.world.parcels.append(parcel)
        if (gate := self.world.slow.get(self.site)) is not None:
            await gate.wait()
        answers = tuple(self.world.answer(str(path.mailbox)) for path in paths)
        return Dialogue(
            answers=answers,
            transcript="C: MAIL FROM:<>\n",
            reusable=self.world.keeps,
            dsn_passed=self.world.passes_dsn,
        )

    async def quit(self) -> None:
        self.usable, self.has_quit = False, True

    def is_usable(self) -> bool:
        return self.usable


@dataclass(eq=False)
class ScriptedDialer:
    """Opens connections to hops that answer 250, unless told otherwise."""

    answers: dict[str, Sequence[Answer]] = field(default_factory=dict)
    """By address; the last one repeats."""
    failures: Mapping[str, DialFailure] = field(default_factory=dict)
    """By site."""
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    """Sites whose transactions end when the event is set."""
    keeps: bool = True
    passes_dsn: bool = False
    stale: list[Connection] = field(default_factory=list)
    """Connections that the hop has closed without our noticing."""
    bug: Exception | None = None
    on_dial: Callable[[str], None] = lambda site: None
    dialled: list[str] = field(default_factory=list)
    """Sites, in order."""
    opened: list[ScriptedConnection] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)

    async def dial(
        self, route: Route, *, source: EgressSource, tls: TlsRequirement
    ) -> Connection | DialFailure:
        self.on_dial(route.site)
        self.dialled.append(route.site)
        if self.bug is not None:
            raise self.bug
        if route.site in self.failures:
            return self.failures[route.site]
        self.opened.append(ScriptedConnection(self, route.site))
        return self.opened[-1]

    def answer(self, address: str) -> Answer:
        script = self.answers.get(address, (OK,))
        if len(script) > 1:
            self.answers[address] = script[1:]
        return script[0]

    @property
    def sent(self) -> list[list[str]]:
        """The recipients of each transaction."""
        return [[str(p.mailbox) for p in one.envelope.forward_paths] for one in self.parcels]
