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

CPU time of each thread, from `/proc`, in 15,000 relayed messages of 4 KB, on a machine that signs RSA-2048
in 0.22 ms:

| thread | CPU a message | what it does |
| --- | --- | --- |
| event loop | 0.29 ms | receives, composes, schedules, sends, logs |
| two signers | 0.33 ms | RSA-2048 (0.22 ms when measured alone), Ed25519, canonicalisation |
| writer | 0.1 ms | one transaction for all that waits: accepts, claims, outcomes |
| log, readers, checkpoints | 0.03 ms | |

- The absolute numbers and the ratios depend on the machine. One that took 0.88 ms for an RSA-2048 signature,
  with a Python built without a profile and the code of a day before, reached 1.2, 2.3 and 1.7 times Postfix
  when accepting and 2.6 times when relaying: on slow processors Postfix, which uses both, loses less.
- Accepting alone takes 0.1 ms of the loop and 0.03 ms of the writer. No single function stands out in the
  loop: writing to sockets is a quarter of its samples, everything else a long tail of small steps.
- A batch that has Python's interpreter lock to itself costs the writer 13 µs a message; one that contends
  with the loop for it up to 260 µs, and the loop runs a fifth slower besides. So units are handed over once
  a turn of the loop has brought no more (`store/sqlite/writer.py`): that made accepting a fifth quicker at
  10 sessions, a tenth at 50. Handing over earlier, so that both work at the same time, made it slower.
- A commit writes every page that it touched, a dozen for a message of its own: pages of 4 KB instead of 8
  made accepting at one session a quarter quicker.
- Python: a distribution's build is made with a profile; one compiled at home seldom is, and everything takes
  a sixth longer (`tools/venv.sh` prefers the system's).
- Full garbage collections held the loop for a tenth of a second each and made the slowest answers (p99 of
  the final dot at 50 sessions: 90 ms before, a third of that after). What lives as long as the process is
  now left out of them.
- The writer gives up the interpreter lock at every step of SQLite and waits for it up to a switch interval:
  0.5 ms instead of Python's 5 ms made relaying about 8 % quicker in alternating runs.
- A backlog's messages are read with their page, not one by one: that took four of nineteen thread switches
  off each message.
- Accepting takes 467 calls of functions a message (585 before): which commands may come is a table made
  once for a connection, replies are written for the wire once, what a sender repeats is read once, and a
  plain message waits for nothing but its commit. That took a tenth off the loop's time. Compiling the path
  with mypyc was tried: a sixth more messages, for two minutes of compiling and a compiler on every machine;
  left out.
- HTTP: calls that send go past the framework's middle layers (`api/shortcuts.py`), a common call is read
  by msgspec (`api/routes/common_call.py`), and its answer is written at once (`net/whole_answers.py`): 540
  calls of functions instead of 892, a third less CPU.
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
