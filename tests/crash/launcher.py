"""Starts the real service in this process, with a trap, a sabotage or a sick disk at one of its seams.

    --trap POINT [--skip N] serve --config FILE
    --sabotage NAME serve --config FILE
    --forget DATA SHADOW [--sabotage NAME] serve --config FILE
    --sick DATA BULLETIN [--sabotage NAME] serve --config FILE

A trap ends the process with SIGKILL when it is reached for the (N + 1)-th time. A sabotage makes the
service worse than it is, so that a campaign can prove that it would notice. No line of the service knows of
any of this.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.crash.power_loss import ForgetfulDisk
from tests.crash.sabotage import SABOTAGES
from tests.crash.sick_disk import SickDisk
from tests.crash.traps import POINTS, set_trap

from sztafeta.cli import main as sztafeta


def main(arguments: Sequence[str]) -> None:
    """Set what was asked for, then run the program's own command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trap", choices=POINTS)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--sabotage", choices=SABOTAGES)
    parser.add_argument("--forget", nargs=2, type=Path, metavar=("DATA", "SHADOW"))
    parser.add_argument("--sick", nargs=2, type=Path, metavar=("DATA", "BULLETIN"))
    chosen, rest = parser.parse_known_args(arguments)
    if chosen.forget:  # disks first: what a sabotage leaves out must not reach them
        ForgetfulDisk(*chosen.forget).install()
    if chosen.sick:
        SickDisk(*chosen.sick).install()
    if chosen.sabotage:
        SABOTAGES[chosen.sabotage]()
    if chosen.trap:
        set_trap(chosen.trap, skip=chosen.skip)
    sys.argv = ["sztafeta", *rest]
    sztafeta()
