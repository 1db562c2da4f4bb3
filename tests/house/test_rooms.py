"""A room imports only rooms above it; the pure ones know no database, clock or request."""

from __future__ import annotations

import ast

from tests.house.source import called, imports, modules, rooms

ORDER = (
    {
        "errors",
        "money",
        "ids",
        "clock",
        "settings",
        "keyring",
        "kept_page",
        "logs",
        "bank_names",
        "http_client",
        "client_address",
    },
    {"names"},
    {"policy"},
    {"remedies"},
    {"db"},
    {"ledger"},
    {"identity"},
    {"banks"},
    {"notices"},
    {"wallets"},
    {"payments"},
    {"mandates"},
    {"payscore"},
    {"leaving"},
    {"rollouts"},
    {"cast", "installation"},
    {"services"},
    {"worker"},
    {"api", "web", "console", "advise"},
    {"app", "seed"},
    {"terminal", "processes"},
    {"admission"},
    {"lint_command", "simulation_commands"},
    {"policy_commands"},
    {"bench", "demo", "ledger_commands", "reference", "names_commands", "mrz_command"},
    {"cli"},
    {"__main__"},
)
"""From the top down. Rooms on one line do not know each other, but for the first line's."""

BASE = ORDER[0]
PURE = ("names", "policy", "remedies")
OUTSIDE = {
    "asyncio", "httpx", "litestar", "os", "procrastinate", "psycopg", "psycopg_pool", "random",
    "requests", "secrets", "socket", "subprocess", "time", "urllib",
}  # fmt: skip
"""Modules through which a pure room would reach the world."""

PRESENT = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time")


def rank(room: str) -> int:
    """The line of `ORDER` that a room stands on."""
    return next(number for number, line in enumerate(ORDER) if room in line)


def test_every_room_has_its_place() -> None:
    known = set().union(*ORDER) | {"qianbao"}
    assert {module.room for module in modules()} - known == set()


def test_a_room_imports_only_rooms_above_it() -> None:
    wrong = []
    for module in modules():
        for line, name in imports(module):
            parts = name.split(".")
            if parts[0] != "qianbao" or len(parts) < 2 or module.room == "qianbao":
                continue
            other = parts[1]
            if other in (module.room, "__version__") or {other, module.room} <= BASE:
                continue
            if other not in set().union(*ORDER) or rank(other) >= rank(module.room):
                wrong.append(f"{module.where}:{line} ({module.room}) imports {name}")
    assert wrong == []


def test_only_the_seed_and_commands_know_the_sandbox_banks() -> None:
    """They are a process of their own, reached over HTTP as real banks are."""
    wrong = [
        f"{module.where}:{line}"
        for module in modules()
        for line, name in imports(module)
        if name.startswith("qianbao.banks.sandbox")
        and not module.name.startswith("qianbao.banks.sandbox")
        and module.room not in ("cli", "reference")
    ]
    assert wrong == []


def test_pure_rooms_reach_nothing_outside() -> None:
    wrong = [
        f"{module.where}:{line} imports {name}"
        for module in rooms(*PURE)
        for line, name in imports(module)
        if name.split(".")[0] in OUTSIDE
    ]
    assert wrong == []


def test_only_the_clock_reads_the_time() -> None:
    wrong = [
        f"{module.where}:{node.lineno} calls {called(node)}"
        for module in modules()
        if module.room != "clock"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and called(node).endswith(PRESENT)
    ]
    assert wrong == []
