"""One measurement of one system."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, process_time, sleep
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench.load import Load, Result
from bench.machine import ROOT, program
from bench.sink import Sink

SETTLE_SECONDS = 0.7
"""After the sink has the last message: time to write down what became of it, counted as CPU."""


class System(Protocol):
    """What can be measured."""

    def cpu_seconds(self) -> float:
        """User and system time so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """One relay run."""

    rate: float
    """Messages a second, from the first MAIL until the sink had the last message."""
    cpu_ms: float
    """CPU time a message of every process of the system."""
    dot_p99_ms: float


def send(load: Load) -> Result:
    """Run the load generator in a process of its own."""
    arguments = {name: getattr(load, name) for name in Load.__dataclass_fields__}
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return Result(**json.loads(done.stdout))


def send_with_smtp_source(load: Load) -> float:
    """Let Postfix's own generator send the same; give messages a second, connecting included."""
    options = {
        "-s": load.sessions,
        "-m": load.messages,
        "-l": load.size - 300,  # it adds a header of its own
        "-f": load.sender,
        "-t": load.recipient,
    }
    words = [str(word) for option in options.items() for word in option]
    started = monotonic()
    command = [program("smtp-source"), "-d", *words, f"127.0.0.1:{load.port}"]
    subprocess.run(command, check=True, timeout=300)
    return load.messages / (monotonic() - started)


def relay(system: System, sink: Sink, deliver: Callable[[], Result | float], count: int) -> Relayed:
    """Measure one run from the first message offered to the last one at the sink."""
    expected, cpu = sink.count + count, system.cpu_seconds()
    started = monotonic()
    result = deliver()
    ended = sink.wait_until(expected, seconds=120)
    if isinstance(result, Result):  # the generator's own start-up is not the system's time
        started = result.started_at
    sleep(SETTLE_SECONDS)
    return Relayed(
        rate=count / (ended - started),
        cpu_ms=(system.cpu_seconds() - cpu) / count * 1000,
        dot_p99_ms=result.dot_p99_ms if isinstance(result, Result) else 0.0,
    )


def rsa_signature_ms(count: int = 1500) -> float:
    """Measure the CPU time of one RSA-2048 signature, which nobody can avoid."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    started = process_time()
    for _ in range(count):
        key.sign(b"x" * 600, padding.PKCS1v15(), hashes.SHA256())
    return (process_time() - started) / count * 1000
