#!/bin/sh
# Runs a script with the first Python on PATH that is new enough: sh tools/python.sh script.py ...
for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        exec "$name" "$@"
    fi
done
echo "Qianbao needs Python 3.11 or newer, and found none on PATH (tried python3, python3.14 to" >&2
echo "python3.11, python). Install one, or put it first on PATH, and run make again." >&2
exit 1
