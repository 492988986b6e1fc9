#!/usr/bin/env bash
# Write the two lock files anew from pyproject.toml (needs `uv` on the PATH); review the change before it is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
compile() { uv pip compile -q --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml "$@"; }
compile --group build -o requirements.lock
compile --group build --group dev -o requirements-dev.lock
