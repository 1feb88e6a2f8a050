"""Starts the real service in this process, with a trap or a sabotage set at one of its documented seams.

    python -m tests.crash.launcher --trap POINT [--skip N] serve --config FILE
    python -m tests.crash.launcher --sabotage NAME serve --config FILE
    python -m tests.crash.launcher --forget DATA SHADOW [--sabotage NAME] serve --config FILE

A trap ends the process with SIGKILL when it is reached for the (N + 1)-th time. A sabotage makes the
service worse than it is, so that a campaign can prove that it would notice. No line of the service knows of
any of this.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tests.crash.power_loss import ForgetfulDisk
from tests.crash.sabotage import SABOTAGES
from tests.crash.traps import POINTS, set_trap

from sztafeta.cli import main as sztafeta


def main() -> None:
    """Set what was asked for, then run the program's own command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trap", choices=POINTS)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--sabotage", choices=SABOTAGES)
    parser.add_argument("--forget", nargs=2, type=Path, metavar=("DATA", "SHADOW"))
    arguments, rest = parser.parse_known_args()
    if arguments.sabotage:
        SABOTAGES[arguments.sabotage]()
    if arguments.forget:
        ForgetfulDisk(*arguments.forget).install()
    if arguments.trap:
        set_trap(arguments.trap, skip=arguments.skip)
    sys.argv = ["sztafeta", *rest]
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sztafeta()


if __name__ == "__main__":
    main()
