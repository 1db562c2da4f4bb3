"""Writes the tables of character readings in `src/qianbao/names/tables/` from their sources.

    python tools/name_tables.py UNIHAN_FOLDER NOUN_NAME_CSV

UNIHAN_FOLDER holds Unihan_Readings.txt and Unihan_OtherMappings.txt (Debian: unicode-data, 15.0.0);
NOUN_NAME_CSV is Noun.name.csv of mecab-ipadic 2.7.0 (Debian: mecab-ipadic), as it is, in EUC-JP.
Their licences stand in `tables/LICENCES.md`. Run it again when a source has a new version.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

from qianbao.names.japanese import kana_to_latin

TABLES = Path(__file__).resolve().parent.parent / "src" / "qianbao" / "names" / "tables"
ROUNDS = 12
"""Rounds of counting after which the readings of single characters settle."""
SMALLEST_SHARE = 0.01
"""A reading heard in fewer of a character's names than this is taken for a wrong cut."""

REPEAT = "々"
"""Reads as the character before it, so it has no reading of its own."""

Field = dict[str, str]


def unihan(folder: Path) -> dict[str, Field]:
    """The fields of each character."""
    found: dict[str, Field] = defaultdict(dict)
    for name in ("Unihan_Readings.txt", "Unihan_OtherMappings.txt"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                code, field, value = line.split("\t")
                found[chr(int(code[2:], 16))][field] = value
    return found


def spoken(fields: Field) -> tuple[str, str]:
    """Korean syllables in Hangul, and Cantonese syllables in Jyutping without tones."""
    korean = "".join(word.partition(":")[0] for word in fields.get("kHangul", "").split())
    cantonese = dict.fromkeys(
        word.rstrip("123456") for word in fields.get("kCantonese", "").split()
    )
    return korean, " ".join(cantonese)


def in_use(fields: Field) -> bool:
    """Whether the character is common enough for a name: in GB 2312 or Big5's first level, or on
    the Korean list of characters for names."""
    common = fields.get("kBigFive", "FFFF") <= "C67E"
    return common or "kGB0" in fields or "kKoreanName" in fields


# Japanese readings

_SMALL = "ァィゥェォャュョ"


def moras(kana: str) -> list[str]:
    """`kana` cut into the pieces between which a character's reading may end."""
    found: list[str] = []
    for sign in kana:
        if found and sign in _SMALL:
            found[-1] += sign
        else:
            found.append(sign)
    return found


_KANJI = re.compile("[\u3005\u4e00-\u9fff]+")


def name_words(path: Path) -> list[tuple[str, list[str]]]:
    """Surnames and given names in characters only, each with its reading in pieces."""
    found = []
    for line in path.read_text(encoding="euc-jp").splitlines():
        cells = line.split(",")
        if cells[7] in ("姓", "名") and _KANJI.fullmatch(cells[0]) and len(cells[0]) <= 4:
            found.append((cells[0], moras(unicodedata.normalize("NFKC", cells[11]))))
    return found


def cuts(word: str, pieces: list[str]) -> list[tuple[str, ...]]:
    """Every way to give each character of `word` at least one piece of the reading."""
    if len(word) == 1:
        return [("".join(pieces),)] if len(pieces) <= 5 else []
    longest = min(4, len(pieces) - len(word) + 1)
    return [
        ("".join(pieces[:size]), *rest)
        for size in range(1, longest + 1)
        for rest in cuts(word[1:], pieces[size:])
    ]


def learn(words: list[tuple[str, list[str]]]) -> dict[str, Counter[str]]:
    """Which part of the readings each character stands for: expectation maximisation over all
    cuts, so that the cut most names agree on wins."""
    ways = [(word, found) for word, pieces in words if (found := cuts(word, pieces))]
    weight: dict[str, Counter[str]] = {}
    for _ in range(ROUNDS):
        counted: dict[str, Counter[str]] = defaultdict(Counter)
        for word, found in ways:
            chances = [_chance(word, cut, weight) for cut in found]
            total = sum(chances)
            for cut, chance in zip(found, chances, strict=True):
                for character, part in zip(word, cut, strict=True):
                    counted[character][part] += chance / total
        weight = counted
    return weight


def _chance(word: str, cut: tuple[str, ...], weight: dict[str, Counter[str]]) -> float:
    if not weight:
        return 1.0
    chance = 1.0
    for character, part in zip(word, cut, strict=True):
        known = weight[character]
        chance *= (known[part] + 1e-6) / known.total()
    return chance


def usual(known: Counter[str]) -> list[str]:
    """The readings that hold up, most frequent first, in Latin letters."""
    least = max(0.8, SMALLEST_SHARE * known.total())
    return list(dict.fromkeys(kana_to_latin(part) for part, n in known.most_common() if n >= least))


def main() -> None:
    """Writes both tables."""
    folder, names = map(Path, sys.argv[1:3])
    rows = []
    for character, fields in sorted(unihan(folder).items()):
        korean, cantonese = spoken(fields)
        if in_use(fields) and (korean or cantonese):
            rows.append(f"{character}\t{korean}\t{cantonese}")
    _save("characters.tsv", "character\tkorean\tcantonese", rows)
    learned = learn(name_words(names))
    kanji = [
        f"{c}\t{' '.join(found)}"
        for c, n in sorted(learned.items())
        if c != REPEAT and (found := usual(n))
    ]
    _save("kanji.tsv", "character\tname readings", kanji)


def _save(name: str, head: str, rows: list[str]) -> None:
    (TABLES / name).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    print(f"{name}: {len(rows)} rows")


if __name__ == "__main__":
    main()
