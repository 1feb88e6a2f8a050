"""The document that `make bench` writes: the table, and all that is needed to judge and repeat it."""

from __future__ import annotations

from bench.postfix import TUNING
from bench.table import Row, as_markdown

_HEAD = """\
# Performance

Printed by `make bench`; do not edit. All systems ran on the same machine in the same run, taking turns,
their queues on the same disk, every message synced before it is acknowledged. Each number is the median of
three runs. A ratio is ours through the peer's, and is what counts: absolute numbers depend on the machine.
Rates are better when higher; times, CPU and memory when lower. A target of the form `≥ 2×` is a ratio to
reach, one of the form `≤ 40 ms` a number of ours to stay below; rows without a target are there to compare.
"""

_HOW = """\
## How it was measured

- **Load**: `bench/load.py`, kept sessions, MAIL, RCPT and DATA in one packet, the next message after the
  answer to the final dot. Sztafeta is asked to authenticate; Postfix is not. Postfix is measured with its
  own `smtp-source`, too, and keeps the better number.
- **Durable accept**: Postfix puts each message on HOLD; Sztafeta's only receiver refuses connections, so
  that mail is accepted and waits.
- **Relay**: from the first MAIL until Postfix's `smtp-sink` has the last message. Sztafeta runs with its
  default settings and everything on: authentication, events, attempts, log, RSA-2048 and Ed25519
  signatures. OpenDKIM signs with RSA-2048. Postfix's log goes nowhere, which costs it nothing.
- **CPU**: user and system time of all processes of a system, ended children included, from `/proc`.
- **Memory**: the peak resident set (`VmHWM`) of the service.
- **Long queue**: one message a recipient over a thousand domains, all due, their receivers down.
"""

_WHERE = """\
## Where the time goes

CPU time of each thread, from `/proc`, in 15,000 relayed messages of 4 KB with other programs running beside:

| thread | CPU a message | what it does |
| --- | --- | --- |
| event loop | 0.7 ms | receives, composes, schedules, sends, logs |
| two signers | 0.5 ms | RSA-2048 (0.26 ms when measured alone), Ed25519, canonicalisation |
| writer | 0.2 ms | one transaction for all that waits: accepts, claims, outcomes |
| readers | 0.1 ms | messages of a backlog, read back |

- py-spy found no single function that stands out in the event loop: handing units to the writer took 9 % of
  its samples, writing to the clients' sockets 7 %, JSON for the log and the history 4 %.
- A message makes about 19 voluntary thread switches. Shorter switch intervals of the interpreter were tried
  in two pairs of runs: 0.2 ms was quicker in one, 0.5 ms slower in the other. Nothing was changed.
- A lone commit writes about eleven pages and syncs once; SQLite as `pysqlite3` builds it calls `fsync`. On
  the disk of these tests `fsync` of a file took 2 to 3 ms at the median and `fdatasync` 0.2 to 0.3 ms. That
  this is what holds one session back is likely, and not proven. A WAL made long in advance showed no gain.
- The first table and these times were made with accepted messages kept in memory behind the window, too
  (8 MiB), and a quicker look at Sender fields. That halved the readers' thread switches, showed no gain in
  rate beyond the noise, and failed a crash test, so it is not in the program. Measure again before quoting.
"""


def as_document(rows: list[Row], machine: dict[str, str]) -> str:
    """Write the whole page."""
    tuning = ", ".join(f"`{name} = {value}`" for name, value in TUNING.items())
    facts = "".join(f"- {name}: {value}\n" for name, value in machine.items())
    missed = [row.what for row in rows if row.is_met is False]
    verdict = (
        "Targets not reached: " + "; ".join(missed) + ".\n"
        if missed
        else "All targets are reached.\n"
    )
    return (
        f"{_HEAD}\n{as_markdown(rows)}\n{verdict}\n## The machine\n\n{facts}\n"
        f"{_HOW}- **Postfix tuning**: {tuning}; fsync as always; no chroot; no local delivery.\n"
        f"\n{_WHERE}"
    )
