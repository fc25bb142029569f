#!/bin/sh
# Writes the hashed requirements anew, without any address in them. Needs uv on the PATH.
set -eu
cd "$(dirname "$0")/.."
lock() { uv pip compile -q --universal --python-version 3.11 --generate-hashes \
    --no-annotate --no-header "$@"; }
lock --extra server --extra drills pyproject.toml -o requirements/server.txt
lock --extra server --extra postgres --extra mlflow --extra drills --extra victims --extra dask --extra envoy pyproject.toml requirements/dev.in -o requirements/dev.txt
printf 'uv\nhatchling\neditables\n' | lock - -o requirements/tools.txt
# Its data alone are read, by night: what it depends on is left out.
printf 'nannyml\n' | lock --no-deps - -o requirements/nightly.txt
printf 'virtualenv\n' | lock - -o requirements/virtualenv.txt
