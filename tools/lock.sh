#!/usr/bin/env bash
# Resolves requirements/*.in into *.txt with a hash for every file. Versions stay unless UPGRADE=1.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=.run/lock
[ -x "$tool/bin/uv" ] || { python3 -m venv "$tool" && "$tool/bin/pip" install --quiet uv; }
cd requirements
for set in runtime dev; do
  echo "Locking $set.in …"
  "../$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url \
    --generate-hashes ${UPGRADE:+--upgrade} "$set.in" --output-file "$set.txt"
done
