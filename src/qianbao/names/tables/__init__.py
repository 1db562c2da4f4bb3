"""Tables of readings written from public sources by `tools/name_tables.py`; see LICENCES.md.

Only data and the reading of it; what a table means belongs to the module that asks for it.
"""

from __future__ import annotations

from importlib import resources


def rows(name: str) -> list[list[str]]:
    """The cells of each row of a table (`kanji.tsv`), without its head."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]
