"""Doors translate, call one verb and render: no SQL."""

from __future__ import annotations

import ast
import re

from tests.house.source import PACKAGE, called, rooms, strings

DOORS = ("api", "web", "console", "advise")
SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b", re.DOTALL
)


def test_no_sql_in_doors() -> None:
    wrong = [
        f"{module.where}:{line}: {text[:60]}"
        for module in rooms(*DOORS)
        for line, text in strings(module)
        if SQL.search(text)
    ]
    assert wrong == []


def test_doors_execute_nothing() -> None:
    wrong = [
        f"{module.where}:{node.lineno}: {called(node)}"
        for module in rooms(*DOORS)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and called(node).endswith((".execute", ".executemany"))
    ]
    assert wrong == []
    assert [path for door in DOORS for path in (PACKAGE / door).rglob("*.sql")] == []
