"""The rendering process: reads jobs, writes what came of them, and may be ended by its own limits.

It holds nothing but templates and the values of one call, and it can open nothing: what a hostile template
gains here is its own end. Processor time is limited for each rendering, memory for the whole process
(acceptance W-12).

    python -m sztafeta.renderer.worker          # frames on standard input and output
"""

from __future__ import annotations

import resource
import signal
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from sztafeta.mail.html_parts import html_from_mjml, text_from_html, with_inlined_css
from sztafeta.mail.template import CompiledTemplate
from sztafeta.mail.template_source import MissingRule, Rendered, TemplateFault, TemplateSource
from sztafeta.renderer.jobs import LENGTH, Done, Fault, Job, Task, decode_job, encode, frame

CPU_SECONDS: Final = {Task.RENDER: 0.2, Task.PUBLISH: 1.0, Task.TEXT: 1.0}
"""Processor time of one rendering, or of one job of another kind."""
MEMORY: Final = {
    Task.RENDER: 32 * 1024 * 1024,
    Task.PUBLISH: 128 * 1024 * 1024,
    Task.TEXT: 128 * 1024 * 1024,
}
"""Octets that a job may add to what the process has."""
KEPT: Final = 64
"""Compiled templates in memory."""


class Workshop:
    """Does jobs; remembers the templates it read."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], CompiledTemplate] = OrderedDict()
        self._tasks: dict[Task, Callable[[Job], Done]] = {
            Task.RENDER: self._render,
            Task.PUBLISH: self._publish,
            Task.TEXT: self._text,
        }

    def do(self, job: Job) -> Done:
        """Do a job; a template's fault is an answer, too."""
        try:
            return self._tasks[job.task](job)
        except TemplateFault as fault:
            return Done(faults=[_as_fault(fault, 0)])

    def _render(self, job: Job) -> Done:
        compiled = self._compiled(job)
        parts: list[tuple[str, str, str]] = []
        faults: list[Fault] = []
        for index, own in enumerate(job.data):
            _wind_up(job.task)
            try:
                rendered = _with_text(compiled.render({**job.shared, **own}))
                parts.append((rendered.subject, rendered.html, rendered.text))
            except TemplateFault as fault:
                faults.append(_as_fault(fault, index))
        return Done(faults=faults) if faults else Done(parts=parts)

    def _publish(self, job: Job) -> Done:
        _read_as_written(job)
        html = html_from_mjml(job.mjml) if job.mjml else job.html
        html = with_inlined_css(html)
        source = TemplateSource(subject=job.subject, html=html, text=job.text)
        compiled = CompiledTemplate(source, missing=MissingRule.REFUSE)
        return Done(parts=[(job.subject, html, job.text)], variables=sorted(compiled.variables()))

    def _text(self, job: Job) -> Done:
        return Done(parts=[("", "", text_from_html(job.html))])

    def _compiled(self, job: Job) -> CompiledTemplate:
        key = (job.subject, job.html, job.text, job.refuses_missing)
        found = self._kept.get(key)
        if found is None:
            source = TemplateSource(subject=job.subject, html=job.html, text=job.text)
            rule = MissingRule.REFUSE if job.refuses_missing else MissingRule.BLANK
            found = self._kept[key] = CompiledTemplate(source, missing=rule)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


def _read_as_written(job: Job) -> None:
    """Find what is wrong with the author's own text, where lines are his own. Raises: TemplateFault."""
    source = TemplateSource(subject=job.subject, html=job.html or job.mjml, text=job.text)
    try:
        CompiledTemplate(source, missing=MissingRule.REFUSE)
    except TemplateFault as fault:
        if job.mjml and fault.part == "html":
            fault.part = "mjml"
        raise


def _with_text(rendered: Rendered) -> Rendered:
    """Make the text part of the HTML when the template has none."""
    if rendered.text or not rendered.html:
        return rendered
    text = text_from_html(rendered.html)
    return Rendered(subject=rendered.subject, html=rendered.html, text=text)


def _as_fault(fault: TemplateFault, index: int) -> Fault:
    return Fault(
        text=str(fault),
        part=fault.part,
        line=fault.line,
        column=fault.column,
        missing=fault.missing,
        index=index,
    )


def _wind_up(task: Task) -> None:
    """Give the next rendering its processor time; when that is over, the system ends this process."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS[task])


def _limit_memory(task: Task) -> None:
    """Bound what a job may still ask for; what it is refused ends the process."""
    with open("/proc/self/statm", encoding="ascii") as sizes:
        pages = int(sizes.read().split()[0])
    limit = pages * resource.getpagesize() + MEMORY[task]
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def frames(stream: BinaryIO) -> Iterator[bytes]:
    """Read frames until the stream ends."""
    while len(head := stream.read(LENGTH)) == LENGTH:
        yield stream.read(int.from_bytes(head, "big"))


def main() -> None:
    """Work until nobody asks any more."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which ends us
    workshop, output = Workshop(), sys.stdout.buffer
    for task in (Task.PUBLISH, Task.TEXT):  # loads the libraries
        workshop.do(Job(task=task, html="<style>p{}</style><p>"))
    for octets in frames(sys.stdin.buffer):
        job = decode_job(octets)
        _limit_memory(job.task)
        _wind_up(job.task)
        done = workshop.do(job)
        signal.setitimer(signal.ITIMER_PROF, 0)
        output.write(frame(encode(done)))
        output.flush()


if __name__ == "__main__":
    main()
