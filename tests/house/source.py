"""The source as the house tests read it: modules, their rooms, their trees, their SQL."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

TOP = Path(__file__).resolve().parents[2]
SOURCE = TOP / "src"
PACKAGE = SOURCE / "qianbao"


class Module(msgspec.Struct, frozen=True):
    """One Python file of `src/qianbao`. `room` is its folder there, or its own name at the top."""

    path: Path
    name: str
    room: str
    tree: ast.Module

    @property
    def where(self) -> str:
        """The path from the top of the repository."""
        return str(self.path.relative_to(TOP))


@functools.cache
def modules() -> tuple[Module, ...]:
    """Every module there is."""
    return tuple(_module(path) for path in sorted(PACKAGE.rglob("*.py")))


def _module(path: Path) -> Module:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    room = parts[1] if parts[1:] != ("__init__",) else "qianbao"
    name = ".".join(part for part in parts if part != "__init__")
    return Module(path, name, room, ast.parse(path.read_text(encoding="utf-8")))


def rooms(*wanted: str) -> Iterator[Module]:
    """The modules of these rooms."""
    return (module for module in modules() if module.room in wanted)


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything `module` imports, anywhere in it."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(module, node)


def _imported_from(module: Module, node: ast.ImportFrom) -> Iterator[tuple[int, str]]:
    base = node.module or ""
    if node.level:
        own = module.name.split(".")
        kept = own[: len(own) - node.level + (module.path.name == "__init__.py")]
        base = ".".join([*kept, *filter(None, [node.module])])
    yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def strings(module: Module) -> Iterator[tuple[int, str]]:
    """(line, text) of every string in the code, of bytes too, docstrings left out."""
    documented = {
        id(node.body[0].value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Constant) or id(node) in documented:
            continue
        if isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node.value, bytes):
            yield node.lineno, node.value.decode(errors="replace")


def statements(*, without: str) -> Iterator[tuple[str, str]]:
    """(where, text) of everything that may be SQL outside the room `without`: strings of modules,
    and .sql files."""
    for module in modules():
        if module.room != without:
            for line, text in strings(module):
                yield f"{module.where}:{line}", text
    for path in sorted(PACKAGE.rglob("*.sql")):
        if path.relative_to(PACKAGE).parts[0] != without:
            uncommented = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
            yield str(path.relative_to(TOP)), uncommented


def functions(module: Module) -> Iterator[tuple[str, int]]:
    """(qualified name, length in lines, its docstring left out) of every function."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{prefix}{child.name}", _length(child)
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.")
            else:
                yield from walk(child, prefix)

    return walk(module.tree, "")


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def called(node: ast.Call) -> str:
    """The dotted name of what is called, as far as it is one: `datetime.now`."""
    return ast.unparse(node.func)
