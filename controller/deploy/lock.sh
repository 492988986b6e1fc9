#!/usr/bin/env bash
# Write the lock files anew from pyproject.toml (needs `uv` on the PATH); review the change before it is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
compile() { uv pip compile -q --generate-hashes --no-annotate --no-header --python-version 3.11 "$@"; }
compile pyproject.toml --group build -o requirements.lock
compile pyproject.toml --group build --group dev -o requirements-dev.lock
# the recogniser lives in an environment of its own, so its lock holds nothing else
python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["qa"], sep="\n")' \
  | compile - -o requirements-qa.lock
