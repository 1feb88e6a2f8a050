"""What the HTTP API is compared with: the plain framework's echo, in the same run, taking turns."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from bench.http_load import HttpLoad, one_message, templated
from bench.load import Result
from bench.machine import ROOT, free_port, wait_for_web_port
from bench.sztafeta import LOGIN, Sztafeta
from bench.table import Row

SIZE = 4096
CONNECTIONS = 32
RECIPIENTS, VARIABLES = 500, 20
ECHO = "the plain framework's echo"


def http_rows(folder: Path, *, seconds: float, runs: int) -> list[Row]:
    """Measure single calls, and a template to many recipients."""
    ours = Sztafeta(folder / "called", hop_port=free_port())
    ours.start()
    try:
        key = ours.command_json("key", "add", "--account", LOGIN, "--name", "bench")["secret"]
        with _echo() as port:
            to_ours = HttpLoad(
                port=ours.api_port,
                key=key,
                calls=300,
                connections=CONNECTIONS,
                body=one_message(SIZE),
            )
            single = _compared(to_ours, replace(to_ours, port=port), seconds, runs)
            _publish(ours.api_port, key)
            many = replace(to_ours, calls=4, connections=1, body=templated(RECIPIENTS, VARIABLES))
            batch = _compared(many, replace(many, port=port), seconds, runs)
    finally:
        ours.stop()
    return [*_single_rows(*single), _batch_row(*batch)]


def _single_rows(ours: list[Result], theirs: list[Result]) -> Iterator[Row]:
    what = f"POST /v1/messages, 4 KB, durable, {CONNECTIONS} connections"
    yield Row(
        what=what,
        ours=median(run.rate for run in ours),
        unit="calls/s",
        peer=ECHO,
        theirs=median(run.rate for run in theirs),
        least=2500,
    )
    yield Row(
        what=f"p99 of the answer, {what}",
        ours=median(run.dot_p99_ms for run in ours),
        unit="ms",
        peer=ECHO,
        theirs=median(run.dot_p99_ms for run in theirs),
        most=50,
    )


def _batch_row(ours: list[Result], theirs: list[Result]) -> Row:
    return Row(
        what=f"one call, a template with {VARIABLES} variables, {RECIPIENTS} recipients",
        ours=median(run.rate for run in ours) * RECIPIENTS,
        unit="recipients/s",
        peer=ECHO,
        theirs=median(run.rate for run in theirs) * RECIPIENTS,
        least=3000,
    )


def _compared(
    ours: HttpLoad, echo: HttpLoad, seconds: float, runs: int
) -> tuple[list[Result], list[Result]]:
    """Warm up, choose how many calls make a run, then take turns."""
    ours, echo = (
        replace(load, calls=max(4, min(20_000, int(_call(load).rate * seconds))))
        for load in (ours, echo)
    )
    mine, theirs = [], []
    for _ in range(runs):
        mine.append(_call(ours))
        theirs.append(_call(echo))
    return mine, theirs


def _call(load: HttpLoad) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "bench.http_load"],
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return Result(**json.loads(done.stdout))


@contextmanager
def _echo() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.echo", str(port)], cwd=ROOT)
    try:
        wait_for_web_port(port, seconds=30)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _publish(port: int, key: str) -> None:
    """Keep the template that the calls name."""
    variables = "".join(f"<li>{{{{ v{name} }}}}</li>" for name in range(VARIABLES))
    _post(
        port,
        key,
        "/v1/templates",
        {
            "name": "bench",
            "external_id": "bench",
            "subject": "Hello from {{ shop }}",
            "html": f"<h1>{{{{ shop }}}}</h1><ul>{variables}</ul>" + "<p>The baton.</p>" * 150,
            "text": "Hello from {{ shop }}: {{ v0 }}",
        },
    )
    _post(port, key, "/v1/templates/bench/publish", {})


def _post(port: int, key: str, path: str, body: object) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers)
    with urlopen(request, timeout=30):
        return
