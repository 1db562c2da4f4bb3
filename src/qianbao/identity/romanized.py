"""Names that a country's passports once spelled by other rules: YURLOV and IURLOV are both Юрлов.

Here belong the published tables of states that changed theirs, and whether two spellings come from
one name by two of them, letter for letter. What a bank or a clerk may have written is wider, and
belongs to `names`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import permutations

Table = Mapping[str, tuple[str, ...]]
"""Spellings by letter or run of letters; `^`: at the beginning of a word."""


def _table(*rows: str) -> Table:
    """From `ё=e/ye`: a letter or run, and its spellings."""
    pairs = (pair.split("=") for row in rows for pair in row.split())
    return {piece: tuple(spellings.split("/")) for piece, spellings in pairs}


_RUSSIAN = (
    "а=a б=b в=v г=g д=d е=e ж=zh з=z и=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ч=ch "
    "ш=sh щ=shch ы=y э=e"
)
_UKRAINIAN = (
    "а=a б=b в=v ґ=g д=d е=e ж=zh з=z и=y і=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh "
    "ц=ts ч=ch ш=sh щ=shch є=ie ї=i й=i ю=iu я=ia"
)
TABLES: Mapping[str, tuple[Table, ...]] = {
    "RUS": (
        # Orders of the Ministry of the Interior 310 (1997) and 782 (2000)
        _table(_RUSSIAN, "е=e/ye ё=e/ye/yo й=y ц=ts ю=yu я=ya ьи=i/yi ъе=ye ъё=ye ъю=yu ъя=ya"),
        # GOST R 52535.1-2006, from 2010
        _table(_RUSSIAN, "ё=e й=i ц=tc ю=iu я=ia ьи=i ъе=e ъё=e ъю=iu ъя=ia"),
        # ICAO Doc 9303, from 2014
        _table(_RUSSIAN, "ё=e й=i ц=ts ю=iu я=ia ьи=i ъе=iee ъё=iee ъю=ieiu ъя=ieia"),
    ),
    "UKR": (
        # Resolution 858 of the Cabinet of Ministers (2007)
        _table(_UKRAINIAN, "г=g зг=zg"),
        # its Resolution 55 (2010)
        _table(_UKRAINIAN, "г=h зг=zgh ^є=ye ^ї=yi ^й=y ^ю=yu ^я=ya"),
    ),
}
"""By ISO alpha-3 code, the oldest first. Signs that are not spelled (ь) are left out."""


def rewritten(old: str, new: str, country: str) -> bool:
    """Whether `old` and `new` (A to Z, words apart by spaces or <) are one name by `country`'s
    tables, word for word; a word may have kept its spelling, as states allow on request."""
    words, others = (re.split("[ <-]+", text.strip("< ").lower()) for text in (old, new))
    if country not in TABLES or not words[0] or len(words) != len(others):
        return False
    return all(_same_word(a, b, country) for a, b in zip(words, others, strict=True))


def _same_word(a: str, b: str, country: str) -> bool:
    if a == b:
        return True
    return any(_from_one(a, b, *pair) for pair in permutations(TABLES[country], 2))


def _from_one(a: str, b: str, table: Table, other: Table) -> bool:
    """Whether one row of letters is spelled `a` by `table` and `b` by `other`."""
    reached, todo = set[tuple[int, int]](), [(0, 0)]
    while todo:
        here = todo.pop()
        if here in reached:
            continue
        reached.add(here)
        for piece in table:
            if piece[0] != "^":
                todo += _after(
                    a, b, here, _spelled(table, piece, here), _spelled(other, piece, here)
                )
    return (len(a), len(b)) in reached


def _spelled(table: Table, piece: str, here: tuple[int, int]) -> tuple[str, ...]:
    return table.get(f"^{piece}", table[piece]) if here == (0, 0) else table[piece]


def _after(
    a: str, b: str, here: tuple[int, int], ways: tuple[str, ...], others: tuple[str, ...]
) -> list[tuple[int, int]]:
    at, other_at = here
    return [
        (at + len(way), other_at + len(other))
        for way in ways
        if a.startswith(way, at)
        for other in others
        if b.startswith(other, other_at)
    ]
