"""`make check`: format, lint, types and house rules, each shown as it runs; all run, then it fails.

House rules themselves are tests in `tests/house/`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

STEPS = {
    "format": [BIN / "ruff", "format", "--check", "--quiet", "."],
    "lint": [BIN / "ruff", "check", "--quiet", "."],
    "types": [BIN / "mypy", "--no-error-summary"],
    "house": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/house"],
}


def main() -> int:
    """0 when every step passed."""
    failed = []
    for name, command in STEPS.items():
        print(f"{name:<8}", end="", flush=True)
        started = time.monotonic()
        done = subprocess.run(command, cwd=TOP, text=True, capture_output=True, check=False)
        word = "failed" if done.returncode else "ok"
        print(f"{word:<7}{time.monotonic() - started:5.1f} s", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout + done.stderr, flush=True)
    if failed:
        print(f"make check failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
