"""The service's side of rendering: a few processes, each with one job at a time, replaced when they end.

A template that takes too much time or memory ends its process, never the service; its author is told so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sztafeta.mail.template_source import MissingRule, Rendered, TemplateFault, TemplateSource
from sztafeta.renderer.jobs import LENGTH, Done, Fault, Job, Task, decode_done, encode, frame

PROCESSES: Final = 2
CHUNK: Final = 50
"""Recipients of one job: a process is not held for long by one call."""
PATIENCE: Final = 30.0
"""Seconds for a whole job, however slow the machine; processor time is limited within the process."""
TOO_MUCH: Final = "the template takes too much time or memory"


class Renderer:
    """Renders templates in processes; use it as a context."""

    def __init__(self, *, processes: int = PROCESSES) -> None:
        self._workers = [_Worker() for _ in range(processes)]
        self._free: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        for worker in self._workers:
            self._free.put_nowait(worker)

    async def __aenter__(self) -> Renderer:
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the processes."""
        await asyncio.gather(*(worker.end() for worker in self._workers))

    async def render(
        self,
        source: TemplateSource,
        *,
        missing: MissingRule,
        shared: Mapping[str, Any],
        data: Sequence[Mapping[str, Any]],
    ) -> Sequence[Rendered]:
        """Render a published source once for each of the values, on top of the shared ones.

        Raises:
            TemplateFault: it cannot be read, or goes wrong with some of the values (the first is told).
        """
        rendered: list[Rendered] = []
        for start in range(0, len(data), CHUNK):
            job = Job(
                task=Task.RENDER,
                subject=source.subject,
                html=source.html,
                text=source.text,
                refuses_missing=missing is MissingRule.REFUSE,
                shared=dict(shared),
                data=[dict(one) for one in data[start : start + CHUNK]],
            )
            done = await self._ask(job, first=start)
            rendered += [
                Rendered(subject=subject, html=html, text=text)
                for subject, html, text in done.parts
            ]
        return rendered

    async def publish(self, source: TemplateSource) -> tuple[str, Sequence[str]]:
        """Make the HTML that mail is made from, and name the variables.

        Raises:
            TemplateFault: a part cannot be read.
        """
        job = Job(
            task=Task.PUBLISH,
            subject=source.subject,
            html=source.html,
            mjml=source.mjml,
            text=source.text,
        )
        done = await self._ask(job)
        return done.parts[0][1], done.variables

    async def text_of(self, html: str) -> str:
        """Make text of HTML; empty when that takes too much."""
        try:
            done = await self._ask(Job(task=Task.TEXT, html=html))
        except TemplateFault:
            return ""
        return done.parts[0][2]

    async def _ask(self, job: Job, *, first: int = 0) -> Done:
        worker = await self._free.get()
        try:
            done = await worker.do(job)
        finally:
            self._free.put_nowait(worker)
        if done is None:
            raise TemplateFault(TOO_MUCH, part="html" if job.html or job.mjml else "text")
        if done.faults:
            raise _as_fault(done.faults[0], first)
        return done


def _as_fault(fault: Fault, first: int) -> TemplateFault:
    return TemplateFault(
        fault.text,
        part=fault.part,
        line=fault.line,
        column=fault.column,
        missing=fault.missing,
        index=first + fault.index,
    )


class _Worker:
    """One process, started when it is first wanted."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def do(self, job: Job) -> Done | None:
        """Have a job done; None when the process ended over it."""
        octets = encode(job)
        process = await self._running()
        finished = False
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await _converse(process, octets)
            finished = True
            return decode_done(answer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            return None
        finally:
            if not finished:  # a job half done, also when nobody waits for it any more
                await self.end()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "sztafeta.renderer.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(),
                close_fds=True,
            )
        return self._process

    async def end(self) -> None:
        """End the process and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


async def _converse(process: asyncio.subprocess.Process, octets: bytes) -> bytes:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
    process.stdin.write(frame(octets))
    await process.stdin.drain()
    head = await process.stdout.readexactly(LENGTH)
    return await process.stdout.readexactly(int.from_bytes(head, "big"))


def _environment() -> dict[str, str]:
    """Give the process what Python needs to start, and none of the service's secrets."""
    kept = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}
