"""What a family of processes cost, read from /proc: CPU time and resident memory.

A family is a process with all its descendants. Children that have ended are counted through their parent's
cutime and cstime, so that a server that forks a process a message is charged for each of them.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def family(*roots: int) -> list[int]:
    """Give the living processes among `roots` and below them."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            children[int(fields[1])].append(int(entry))
    found, waiting = [], list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, ()))
    return found


def cpu_seconds(*roots: int) -> float:
    """Give user and system time of a family, its ended children included."""
    ticks = 0
    for pid in family(*roots):
        if fields := _stat(pid):
            ticks += sum(int(fields[at]) for at in (11, 12, 13, 14))
    return ticks * _TICK


def resident_bytes(*roots: int) -> int:
    """Give the resident memory of a family; shared pages count once for each process."""
    total = 0
    for pid in family(*roots):
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        except (OSError, IndexError):
            continue
    return total


def _stat(pid: int) -> list[str]:
    """Read the fields after the command's name, or nothing when the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
