"""Money is never a float, and only the ledger changes a balance."""

from __future__ import annotations

import ast
import re

from tests.house.source import Module, modules, rooms, statements

ROOMS = ("money", "ledger", "payments", "mandates", "leaving", "payscore")

ALLOWED = {
    "src/qianbao/leaving/statement_pdf.py": "places on a page, in points",
}
"""Floats in money rooms that are not money, and what they are: a file, or one text in it."""

MAKES_A_PAST = ("src/qianbao/bench/existing.py", "src/qianbao/bench/population.py")
"""Fill an empty database for a bench, by the million; tests say what they made."""

LEDGERS_TABLES = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|COPY|TRUNCATE)\s+(?:ONLY\s+)?"
    r"(accounts|entries|transfers|holds)\b",
    re.IGNORECASE,
)


def floats(module: Module) -> list[str]:
    """Every float literal, `float` and true division of numbers in a module."""
    found = []
    for node in ast.walk(module.tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        named = isinstance(node, ast.Name) and node.id == "float"
        divided = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if isinstance(node, ast.BinOp) and divided:
            # A path is also joined with a slash, to a text.
            divided = not any(_text(side) for side in (node.left, node.right))
        if literal or named or divided:
            found.append(f"{module.where}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}")
    return found


def _text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_no_float_near_money() -> None:
    found = [place for module in rooms(*ROOMS) for place in floats(module)]
    wrong = [place for place in found if not allowed(place) or "minor" in place]
    assert wrong == []


def allowed(place: str) -> bool:
    """Whether `ALLOWED` has the file of `path:line: text`, or that text in that file."""
    where, _, text = place.partition(": ")
    path = where.rpartition(":")[0]
    return path in ALLOWED or f"{path}: {text}" in ALLOWED


def test_amounts_are_annotated_as_integers() -> None:
    wrong = [
        f"{module.where}:{node.lineno}: {ast.unparse(node)}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.AnnAssign | ast.arg)
        and _name(node).endswith("_minor")
        and node.annotation is not None
        and "float" in ast.unparse(node.annotation)
    ]
    assert wrong == []


def _name(node: ast.AnnAssign | ast.arg) -> str:
    return node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)


def test_only_the_ledger_writes_its_tables() -> None:
    wrong = [
        f"{where}: {found.group(0)}"
        for where, text in statements(without="ledger")
        if where.partition(":")[0] not in MAKES_A_PAST
        for found in LEDGERS_TABLES.finditer(text)
    ]
    assert wrong == []
