#!/usr/bin/env bash
# Makes the virtual environment and installs what requirements/<set>.txt locks by hash. Usage: venv.sh FOLDER SET
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 set=$2

# A distribution's Python is built with the profile of a training run; one compiled at home, as by pyenv, seldom
# is, and all that we do then takes a sixth longer. So the system's own is taken if it is new enough.
suits() { "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
if [ -z "${PYTHON:-}" ] && suits /usr/bin/python3; then PYTHON=/usr/bin/python3; fi
python=${PYTHON:-python3}

fail() { printf '\n%s\n' "$@" >&2; exit 1; }

command -v "$python" >/dev/null || fail "$python is not installed. On Debian: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Sztafeta needs Python 3.11 or newer; $python is $("$python" -V). Name another with: make PYTHON=python3.12 …"

if [ ! -x "$folder/bin/pip" ]; then
  echo "Making a virtual environment in $folder …"
  rm -rf "$folder"
  log=$(mktemp)
  "$python" -m venv "$folder" >"$log" 2>&1 || {
    rm -rf "$folder"
    fail "$python cannot make virtual environments. On Debian: apt-get install python3-venv" "$(cat "$log")"
  }
  rm -f "$log"
fi

echo "Installing locked packages (requirements/$set.txt) …"
pip() { "$folder/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
cannot() {
  fail "The packages could not be installed; what pip said is above. Is the package index reachable?"
}
# dkimpy comes as source alone: it is built last, with the locked setuptools, not with whatever is newest.
lock=requirements/$set.txt
awk '/^[^ #]/ {source = /^dkimpy==/} !source' "$lock" >"$folder/.wheels.txt"
awk '/^[^ #]/ {source = /^dkimpy==/} source' "$lock" >"$folder/.sources.txt"
pip install --require-hashes --no-deps --only-binary :all: -r "$folder/.wheels.txt" || cannot
pip install --require-hashes --no-deps --no-build-isolation --use-pep517 -r "$folder/.sources.txt" || cannot
pip install --no-deps --no-build-isolation --no-index -e .
touch "$folder/.$set"
