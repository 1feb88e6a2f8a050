#!/bin/bash
# Install the peers of the bench, then compare. VENV names the virtual environment; arguments go to `python -m bench`.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/peers.sh bench
exec "${VENV:-.venv}/bin/python" -m bench "$@"
