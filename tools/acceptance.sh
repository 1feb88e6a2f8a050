#!/bin/bash
# Test with foreign mail programs and a real browser.
# VENV names the virtual environment; arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/peers.sh acceptance
tests=("$@")
if [ "${#tests[@]}" = 0 ]; then
    tests=(tests/acceptance)
fi
exec "${VENV:-.venv}/bin/pytest" -n "${JOBS:-$(nproc)}" --dist worksteal -m "acceptance" --timeout=900 "${tests[@]}"
