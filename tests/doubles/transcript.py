"""Transcripts: SMTP dialogues in the notation of the RFCs, read from `tests/transcripts/*.smtp`.

This file knows the notation (`tests/transcripts/README.md`) and nothing else. A player walks over the steps:
it sends what a `Say` holds, compares what it hears with an `Expect`, and does what a `Mark` asks for. The
scripted MX does the same with the roles exchanged.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "transcripts"

Values = dict[str, str]
"""What the names in braces stand for: known from the start, or captured on the way."""

MARKS = frozenset(
    {"profile", "encrypted", "application"}  # before the first step
    | {"tls", "wait", "packet", "idle", "shutdown", "close", "accepted", "content"}
)


class Form(Enum):
    """How the octets of a step end."""

    LINE = ":"
    """One line; CRLF follows."""
    RAW = ">"
    """Exactly these octets."""
    REPLY = "*"
    """A whole reply of this code, however many lines it has."""


@dataclass(frozen=True, slots=True)
class Say:
    """One side sends octets; `template` still holds names and escapes."""

    line: int
    side: str
    template: str
    form: Form

    def octets(self, values: Values) -> bytes:
        """Fill in names, repetitions and escapes.

        Raises:
            KeyError: a name has no value yet.
        """
        text = _BRACES.sub(lambda found: _fill(found[1], values), self.template)
        return unescape(text) + (b"\r\n" if self.form is Form.LINE else b"")

    def matches(self, heard: bytes, values: Values) -> bool:
        """Compare a line that was heard, without its CRLF; capture names that have no value yet."""
        pattern, is_prefix = self.template, self.template.endswith("…")
        pattern = pattern.removesuffix("…")
        parts = _BRACES.split(pattern)
        regex = b"".join(
            _name_pattern(part, values) if index % 2 else re.escape(unescape(part))
            for index, part in enumerate(parts)
        )
        found = re.fullmatch(regex + (b".*" if is_prefix else b""), heard, re.DOTALL)
        if found is None:
            return False
        for group, text in found.groupdict().items():
            values[group.replace("_", "-")] = text.decode("latin-1")
        return True


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that is not an octet on the wire."""

    line: int
    word: str
    argument: str


Step = Say | Mark


@dataclass(frozen=True, slots=True)
class Transcript:
    """One dialogue."""

    name: str
    title: str
    """The comment at the top: what it proves."""
    steps: tuple[Step, ...]
    settings: dict[str, str] = field(default_factory=dict)
    """Fields of the listener's profile that differ from the default (`@profile`)."""
    is_encrypted: bool = False
    """TLS from the first octet (`@encrypted`)."""
    needs_application: bool = False
    """The replies are those of the in-memory application alone (`@application`)."""


class NotationFault(ValueError):
    """A line of the file is not in the notation."""


_BRACES = re.compile(r"\{([^{}]+)\}")
_REPEAT = re.compile(r"(\d+)\*(.+)")
_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.)")
_ESCAPES = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}


def unescape(text: str) -> bytes:
    r"""Turn `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` into octets; the rest is UTF-8."""

    def octet(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return _ESCAPES[code] if code in _ESCAPES else bytes([int(code[1:], 16)])

    return _ESCAPE.sub(octet, text.encode())


def _fill(name: str, values: Values) -> str:
    repeat = _REPEAT.fullmatch(name)
    return repeat[2] * int(repeat[1]) if repeat else values[name]


def _name_pattern(name: str, values: Values) -> bytes:
    if _REPEAT.fullmatch(name):
        return re.escape(unescape(_fill(name, values)))
    if name in values:
        return re.escape(values[name].encode())
    return rb"(?P<%s>\S+)" % name.replace("-", "_").encode()


def credentials(login: str, password: str) -> Values:
    """Give the names that transcripts use to log in."""
    return {
        "login": login,
        "password": password,
        "login64": b64encode(login.encode()).decode(),
        "password64": b64encode(password.encode()).decode(),
        "wrong64": b64encode(b"a wrong password").decode(),
        "plain": b64encode(f"\0{login}\0{password}".encode()).decode(),
        "wrong-plain": b64encode(f"\0{login}\0a wrong password".encode()).decode(),
    }


def parse(text: str, name: str) -> Transcript:
    """Read the notation.

    Raises:
        NotationFault: with the number of the line.
    """
    title: list[str] = []
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") and not steps:
            title.append(line[1:].strip())
        elif line.strip() and not line.startswith("#"):
            steps.append(_parse_step(number, line, name))
    marks = {step.word: step.argument for step in steps if isinstance(step, Mark)}
    settings = dict(word.split("=", 1) for word in marks.get("profile", "").split())
    start = {"profile", "encrypted", "application"}
    return Transcript(
        name=name,
        title=" ".join(title),
        steps=tuple(s for s in steps if not (isinstance(s, Mark) and s.word in start)),
        settings=settings,
        is_encrypted="encrypted" in marks,
        needs_application="application" in marks,
    )


def _parse_step(number: int, line: str, name: str) -> Step:
    if line.startswith("@"):
        word, _, argument = line[1:].partition(" ")
        if word not in MARKS:
            raise NotationFault(f"{name}:{number}: @{word} is not a mark")
        return Mark(number, word, argument)
    if line[:2] not in ("C:", "S:", "C>", "S>", "S*"):
        raise NotationFault(f"{name}:{number}: a step begins with C: S: C> S> S* or @")
    return Say(number, line[0], line[2:].removeprefix(" "), Form(line[1]))


def load(folder: Path = FOLDER) -> list[Transcript]:
    """Read all transcripts of a folder, by name."""
    return [parse(path.read_text(), path.stem) for path in sorted(folder.glob("*.smtp"))]
