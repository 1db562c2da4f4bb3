"""`qianbao bench lint`: how long it takes to prove that the shipped policies leave a way out."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import msgspec
import typer

from qianbao.policy.policies import load_pack
from qianbao.remedies.lint import lint


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Lint the shipped policies once, from nothing remembered."""
    policies, combinations = load_pack(), 0

    def tell(done: int, _total: int) -> None:
        nonlocal combinations
        combinations = done

    started = time.perf_counter()
    found = lint(policies, tell)
    seconds = time.perf_counter() - started
    figures = {
        "bench": "lint",
        "policies": len(policies),
        "combinations": combinations,
        "findings": len(found),
        "seconds": round(seconds, 3),
    }
    if as_json:
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    else:
        sys.stdout.write("".join(f"{name:<14}{value:>10,}\n" for name, value in figures.items()
                                 if name != "bench"))  # fmt: skip
