"""What is compared: each function measures one group of rows, its systems taking turns (A B A B …).

Every number is the median of its runs. Postfix gets the better of two generators: ours, and its own
smtp-source; Sztafeta is only offered ours, with AUTH.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

from bench.http_rows import http_rows
from bench.load import Load
from bench.machine import free_port
from bench.measure import Relayed, relay, rsa_signature_ms, send, send_with_smtp_source
from bench.opendkim import OpenDkim
from bench.postfix import Postfix
from bench.queued import measure_full_queue
from bench.sink import Sink
from bench.sztafeta import LOGIN, Sztafeta
from bench.table import Row

SMALL, LARGE = 4096, 51200
MEGABYTE = 1_000_000
ACCEPT_TARGETS = {1: 2.0, 10: 3.5, 50: 6.0}
"""Sessions → how many times Postfix, for messages of 4 KB (issue 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How thorough a run is."""

    seconds: float = 3.0
    """How long one measurement should take."""
    runs: int = 3
    queued: int = 1_000_000
    """Recipients in the queue of the last rows."""


QUICK = Plan(seconds=1.0, runs=1, queued=20_000)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Peers:
    """Postfix with its milter, and the sink that all send to."""

    postfix: Postfix
    opendkim: OpenDkim
    sink: Sink

    def cpu_seconds(self) -> float:
        """What Postfix and its milter have used together."""
        return self.postfix.cpu_seconds() + self.opendkim.cpu_seconds()


@contextmanager
def peers(folder: Path) -> Iterator[Peers]:
    """Start the peers and end them."""
    opendkim = OpenDkim(folder / "opendkim")
    with Sink(folder) as sink:
        postfix = Postfix(folder / "postfix", sink_port=sink.port, milter=opendkim.milter)
        opendkim.start()
        try:
            postfix.start()
            try:
                yield Peers(postfix, opendkim, sink)
            finally:
                postfix.stop()
        finally:
            opendkim.stop()


def all_rows(folder: Path, plan: Plan, say: Say) -> list[Row]:
    """Measure everything."""
    with peers(folder) as others:
        rows = accept_rows(folder, others, plan, say)
        rows += relay_rows(folder, others, plan, say)
    say("calls over HTTP, beside the plain framework's echo")
    rows += http_rows(folder, seconds=plan.seconds, runs=plan.runs)
    return rows + queue_rows(folder, plan, say)


# -- durable accept ------------------------------------------------------------------------------


def accept_rows(folder: Path, others: Peers, plan: Plan, say: Say) -> list[Row]:
    """Compare accepting alone: Postfix puts mail on hold, ours waits for a receiver that is down."""
    ours = Sztafeta(folder / "accepting", hop_port=free_port())
    ours.start()
    rows = []
    try:
        for size in (SMALL, LARGE):
            for sessions in ACCEPT_TARGETS:
                say(f"durable accept, {size // 1024} KB, {sessions} sessions")
                rows += _accept(ours, others.postfix, plan, size=size, sessions=sessions)
    finally:
        ours.stop()
    return rows


def _accept(ours: Sztafeta, postfix: Postfix, plan: Plan, *, size: int, sessions: int) -> list[Row]:
    to_ours = Load(
        port=ours.port,
        messages=0,
        sessions=sessions,
        size=size,
        login=LOGIN,
        password=ours.password,
    )
    to_postfix = Load(port=postfix.hold_port, messages=0, sessions=sessions, size=size)
    to_ours, to_postfix = (_long_enough(load, plan) for load in (to_ours, to_postfix))
    rates: list[tuple[float, float]] = []
    waits: list[tuple[float, float]] = []
    for _ in range(plan.runs):
        mine, theirs = send(to_ours), send(to_postfix)
        postfix.forget_held()
        rates.append((mine.rate, max(theirs.rate, send_with_smtp_source(to_postfix))))
        waits.append((mine.dot_p99_ms, theirs.dot_p99_ms))
        postfix.forget_held()
    what = f"durable accept, {size // 1024} KB, {sessions} kept session{'s'[: sessions > 1]}"
    (ours_rate, their_rate), (ours_wait, their_wait) = _medians(rates), _medians(waits)
    least = ACCEPT_TARGETS[sessions] if size == SMALL else None
    rate = Row(
        what=what,
        ours=ours_rate,
        unit="msg/s",
        peer="Postfix",
        theirs=their_rate,
        least_ratio=least,
    )
    if sessions != max(ACCEPT_TARGETS) or size != SMALL:
        return [rate]
    return [rate, _wait_row("while accepting", ours_wait, "Postfix", their_wait)]


def _wait_row(when: str, ours: float, peer: str, theirs: float) -> Row:
    return Row(
        what=f"p99 of the final dot's answer, 50 sessions, {when}",
        ours=ours,
        unit="ms",
        peer=peer,
        theirs=theirs,
        most=40,
    )


def _long_enough(load: Load, plan: Plan) -> Load:
    """Warm up, and choose how many messages make a run of the wanted length."""
    probe = send(replace(load, messages=max(200, load.sessions * 10)))
    return replace(load, messages=int(min(max(probe.rate * plan.seconds, 200), 30_000)))


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return median(one for one, _ in pairs), median(other for _, other in pairs)


# -- relay, end to end ---------------------------------------------------------------------------


def relay_rows(folder: Path, others: Peers, plan: Plan, say: Say) -> list[Row]:
    """Compare the whole way, until the sink has every message."""
    ours = Sztafeta(folder / "relaying", hop_port=others.sink.port)
    ours.start()
    try:
        say("relay end to end with DKIM, 4 KB, 50 sessions")
        mine, signed, plain = _relay_runs(ours, others, plan)
        peak = ours.peak_resident_bytes()
    finally:
        ours.stop()
    rsa = rsa_signature_ms()
    what = "relay with DKIM RSA-2048, 4 KB, 50 sessions"
    own = _middle(mine)
    return [
        _relay_row(what, own, "Postfix + OpenDKIM", _middle(signed), least_ratio=4.0),
        _relay_row(f"{what}; the peer does not sign", own, "Postfix", _middle(plain)),
        _wait_row(
            "while relaying", own.dot_p99_ms, "Postfix + OpenDKIM", _middle(signed).dot_p99_ms
        ),
        Row(
            what="CPU a relayed message with DKIM, 4 KB",
            ours=own.cpu_ms,
            unit="ms",
            peer="Postfix + OpenDKIM",
            theirs=_middle(signed).cpu_ms,
            most=0.9,
        ),
        Row(
            what=f"the same without the RSA signature itself ({rsa:.2f} ms)",
            ours=own.cpu_ms - rsa,
            unit="ms",
            peer="Postfix, unsigned",
            theirs=_middle(plain).cpu_ms,
        ),
        Row(what="resident memory while relaying", ours=peak / MEGABYTE, unit="MB", most=150),
    ]


def _relay_row(
    what: str, ours: Relayed, peer: str, theirs: Relayed, *, least_ratio: float | None = None
) -> Row:
    return Row(
        what=what,
        ours=ours.rate,
        unit="msg/s",
        peer=peer,
        theirs=theirs.rate,
        least_ratio=least_ratio,
    )


def _relay_runs(
    ours: Sztafeta, others: Peers, plan: Plan
) -> tuple[list[Relayed], list[Relayed], list[Relayed]]:
    """Run ours, Postfix with OpenDKIM and plain Postfix in turns."""
    postfix, sink = others.postfix, others.sink
    to_ours = Load(
        port=ours.port, messages=300, sessions=50, size=SMALL, login=LOGIN, password=ours.password
    )
    to_signed = Load(port=postfix.milter_port, messages=300, sessions=50, size=SMALL)
    to_plain = replace(to_signed, port=postfix.relay_port)
    for_each: list[Load] = []
    for load, system in ((to_ours, ours), (to_signed, others), (to_plain, postfix)):
        probe = relay(system, sink, partial(send, load), load.messages)
        for_each.append(
            replace(load, messages=int(min(max(probe.rate * plan.seconds, 300), 20_000)))
        )
    to_ours, to_signed, to_plain = for_each
    mine, signed, plain = [], [], []
    for _ in range(plan.runs):
        mine.append(relay(ours, sink, partial(send, to_ours), to_ours.messages))
        signed.append(_better(others, sink, to_signed))
        plain.append(_better(postfix, sink, to_plain))
    return mine, signed, plain


def _better(system: Peers | Postfix, sink: Sink, load: Load) -> Relayed:
    """Measure with both generators: the peer keeps the better rate and the lower CPU time."""
    one = relay(system, sink, partial(send, load), load.messages)
    other = relay(system, sink, partial(send_with_smtp_source, load), load.messages)
    return Relayed(
        rate=max(one.rate, other.rate),
        cpu_ms=min(one.cpu_ms, other.cpu_ms),
        dot_p99_ms=one.dot_p99_ms,
    )


def _middle(runs: list[Relayed]) -> Relayed:
    """Give the median of each number."""
    return Relayed(
        rate=median(run.rate for run in runs),
        cpu_ms=median(run.cpu_ms for run in runs),
        dot_p99_ms=median(run.dot_p99_ms for run in runs),
    )


# -- a long queue --------------------------------------------------------------------------------


def queue_rows(folder: Path, plan: Plan, say: Say) -> list[Row]:
    """Measure memory and restart with a long queue."""
    say(f"filling a queue with {plan.queued:,} recipients")
    found = measure_full_queue(folder / "queued", plan.queued)
    queued = f"{plan.queued:,} recipients queued"
    return [
        Row(
            what=f"resident memory, {queued}",
            ours=found.peak_bytes / MEGABYTE,
            unit="MB",
            most=250,
        ),
        Row(
            what=f"from start to the first 250 after `kill -9`, {queued}",
            ours=found.seconds_to_accept,
            unit="s",
            most=5,
        ),
        Row(
            what=f"durable accept, 4 KB, 10 kept sessions, {queued}",
            ours=found.accept_rate,
            unit="msg/s",
        ),
    ]
