"""Reference pages printed from the code: settings, error codes, facts.

The pages under `docs/` are what these functions give; a house test compares them, so that nothing
goes undocumented. `make reference` writes them again.
"""

from __future__ import annotations

import importlib
import pkgutil
import typing

import msgspec

import qianbao
from qianbao.errors import TABLE, QianbaoError
from qianbao.settings import Settings


def settings_page() -> str:
    """docs/settings.md."""
    hints = typing.get_type_hints(Settings, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(Settings):
        plain, meta = typing.get_args(hints[field.name])
        default = str(field.default).lower() if plain is bool else field.default
        name = f"QIANBAO_{field.name.upper()}"
        rows.append((f"`{name}`", plain.__name__, f"`{default}`" if default != "" else "", meta))
    cells = [(name, kind, default, meta.description) for name, kind, default, meta in rows]
    return _page(
        "Settings",
        "Each is read from the environment; a secret may also be put in a file named by the "
        "setting with `_FILE` appended. They are defined in `src/qianbao/settings.py`.",
        ("setting", "type", "default", "what it decides"),
        cells,
    )


def errors_page() -> str:
    """docs/errors.md."""
    load_every_module()
    rows = []
    for code, error in sorted(TABLE.items()):
        english = f"{error.en}<br>{error.next_en}"
        chinese = f"{error.zh}<br>{error.next_zh}"
        retry = "yes" if error.retry else ""
        rows.append((f"`{code}`", str(error.status), retry, english, chinese))
    return _page(
        "Errors",
        "Every refusal has one of these codes; a code never changes its meaning. *Retry* means "
        "that the same request may succeed later without anything else being done. Words in "
        "braces are filled in.",
        ("code", "status", "retry", "English", "中文"),
        rows,
    )


def facts_page() -> str:
    """docs/facts.md."""
    from qianbao.policy import facts

    rows = [
        (f"`{fact.name}`", fact.type, fact.unit, fact.en, fact.zh, f"`{fact.source}`")
        for fact in facts.FACTS.values()
    ]
    return _page(
        "Facts",
        "What a policy's `applies_to` and `requires` may name. The room is the one that writes it. "
        "They are defined in `src/qianbao/policy/facts.py`.",
        ("fact", "type", "unit", "English", "中文", "room"),
        rows,
    )


def load_every_module() -> None:
    """Imports all of `qianbao`, so that every error has entered `errors.TABLE`."""
    for module in pkgutil.walk_packages(qianbao.__path__, "qianbao."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def error_codes() -> dict[str, type[QianbaoError]]:
    """Every error by its code."""
    load_every_module()
    return TABLE


def _page(
    title: str, about: str, heads: tuple[str, ...], rows: typing.Iterable[tuple[str, ...]]
) -> str:
    lines = [f"# {title}", "", about, "", _row(heads), _row(("---",) * len(heads))]
    return "\n".join([*lines, *map(_row, rows)]) + "\n"


def _row(cells: typing.Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
