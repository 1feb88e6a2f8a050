"""`make bench`: compare with tuned Postfix on this machine, in one run, and write docs/performance.md.

python -m bench             everything, about ten minutes
python -m bench --quick     one short run of each, about two minutes, nothing written
"""

from __future__ import annotations

import argparse
import shutil
import sys

from bench.machine import ROOT, NotPossibleHere, description, workplace
from bench.report import as_document
from bench.rows import QUICK, Plan, all_rows
from bench.table import as_text


def main() -> int:
    """Measure, print, write."""
    arguments = _arguments()
    plan = QUICK if arguments.quick else Plan()
    folder = workplace()
    try:
        machine = description()
        rows = all_rows(folder, plan, lambda what: print(f"… {what}", file=sys.stderr, flush=True))
    except NotPossibleHere as why:
        print(f"bench: {why}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(as_text(rows))
    if not arguments.quick:
        (ROOT / "docs" / "performance.md").write_text(as_document(rows, machine))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs; writes no document")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
