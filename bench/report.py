"""The document that `make bench` writes: the table, and all that is needed to judge and repeat it."""

from __future__ import annotations

from bench.postfix import TUNING
from bench.table import Row, as_markdown

_HEAD = """\
# Performance

Printed by `make bench`; do not edit. All systems ran on the same machine in the same run, taking turns,
their queues on the same disk, every message synced before it is acknowledged. Each number is the median of
three runs. A ratio is ours through the peer's, and is what counts: absolute numbers depend on the machine.
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
    )
