"""The destination: Postfix's own smtp-sink, which counts what it took and throws it away."""

from __future__ import annotations

import re
import subprocess
import threading
from pathlib import Path
from time import monotonic
from typing import IO, Self

from bench.machine import free_port, program, wait_for_port

_COUNTS = re.compile(rb"mesg=(\d+)")


class Sink:
    """One smtp-sink at a loopback port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [
                program("smtp-sink"),
                "-c",
                "-u",
                "postfix",
                "-m",
                "1000",
                f"127.0.0.1:{self.port}",
                "1000",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        self._count = 0
        self._changed = threading.Condition()
        assert self.process.stdout is not None
        threading.Thread(target=self._watch, args=(self.process.stdout,), daemon=True).start()
        wait_for_port(self.port)

    @property
    def count(self) -> int:
        """Messages taken so far."""
        return self._count

    def wait_until(self, count: int, *, seconds: float) -> float:
        """Wait until `count` messages are there; give the monotonic time at which they were."""
        end = monotonic() + seconds
        with self._changed:
            while self._count < count:
                if not self._changed.wait(end - monotonic()):
                    raise TimeoutError(f"the sink has {self._count} of {count} messages")
            return monotonic()

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _watch(self, output: IO[bytes]) -> None:
        """Read the running counters, which come without line ends."""
        while block := output.read1(65536):  # type: ignore[attr-defined]
            found = _COUNTS.findall(block)
            if found:
                with self._changed:
                    self._count = max(self._count, int(found[-1]))
                    self._changed.notify_all()
