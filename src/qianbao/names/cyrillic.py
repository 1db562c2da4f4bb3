"""Cyrillic names and the many ways they are spelled in Latin letters.

Here belong the spellings of each letter and a list of common first names. The one spelling that
passports use is in `letters`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import product

Table = Mapping[str, tuple[str, ...]]

SPELLINGS: dict[str, tuple[str, ...]] = {
    "а": ("a",), "б": ("b",), "в": ("v", "w"), "г": ("g", "h", "gh"), "ґ": ("g",), "д": ("d",),
    "е": ("e", "ye", "ie", "je"), "ё": ("e", "yo", "io", "jo", "o", "ye"),
    "є": ("ie", "ye", "je", "e"), "ж": ("zh", "j", "z"), "з": ("z",), "и": ("i", "y", "ee"),
    "і": ("i", "y"), "ї": ("i", "yi", "ji"), "й": ("i", "y", "j", "jj"), "ј": ("j", "y"),
    "к": ("k", "c"), "л": ("l",), "љ": ("lj", "ly"), "м": ("m",), "н": ("n",), "њ": ("nj", "ny"),
    "о": ("o",), "п": ("p",), "р": ("r",), "с": ("s", "ss"), "т": ("t",), "ћ": ("c", "ch"),
    "ќ": ("k", "kj"), "ѓ": ("g", "gj"), "ђ": ("d", "dj"), "ѕ": ("dz", "z"),
    "у": ("u", "ou", "oo", "w"), "ў": ("u", "w", "o"), "ф": ("f", "ph"),
    "х": ("kh", "h", "x", "ch"), "ц": ("ts", "tz", "c", "tc", "cz"), "ч": ("ch", "c", "tch"),
    "џ": ("dz", "dzh", "dj"), "ш": ("sh", "s", "sch"),
    "щ": ("shch", "sht", "sch", "sc", "shtch", "shh", "s", "sh"), "ъ": ("", "ie", "a", "u", "y"),
    "ы": ("y", "i", "yi"), "ь": ("", "i", "y"), "э": ("e", "eh"), "ю": ("iu", "yu", "ju", "u"),
    "я": ("ia", "ya", "ja"), "ѐ": ("e",), "ѝ": ("i",),
    "ә": ("a", "ae", "e"), "ғ": ("g", "gh"), "җ": ("j", "zh"), "қ": ("k", "q"), "ң": ("n", "ng"),
    "ө": ("o", "oe", "u"), "ұ": ("u",), "ү": ("u", "ue"), "һ": ("h",), "ҳ": ("h", "kh"),
    "ҷ": ("j", "dj", "dzh", "ch"), "ӣ": ("i", "y", "iy"), "ӯ": ("u", "o"), "ӏ": ("",),
    "кс": ("x",), "ий": ("y", "i", "iy", "ii", "yi"), "ый": ("y", "yi", "yy", "iy"),
    "др": ("der", "dre"), "ов": ("off",), "ев": ("eff",), "ье": ("ie", "ye"), "дж": ("j",),
    "ья": ("ia", "ya", "iia"),
    "ия": ("ia", "iya", "ija", "iia"), "ай": ("ay", "ai", "aj", "ei"), "ью": ("yu", "iu"),
    "ьё": ("yo", "io"), "ьо": ("yo", "io", "jo"), "дин": ("ddin",),
}  # fmt: skip
"""Latin spellings of each letter or run: ICAO 9303, BGN/PCGN, GOST, ISO 9 and the national systems
of passports without their accents, from Bulgaria and Serbia to Tajikistan and Mongolia. Some runs
are read so only at the end (Александр: Alexander; Шарофидин: Sharofiddin)."""

_ONLY_AT_END = frozenset({"др", "ов", "ев", "ий", "ый", "дин", "ин", "ын"})
_LONGEST_RUN = max(map(len, SPELLINGS))

_COMMON = {
    letter: SPELLINGS[letter]
    for letter in "абвгдезиіїйклмнопрстфхыьъэёѐґ"
}  # fmt: skip
_FRENCH = _COMMON | {
    "г": ("g", "gu", "gh"), "ё": ("io", "e", "o"), "ж": ("j",), "у": ("ou",), "ц": ("ts", "tz"),
    "ч": ("tch",), "ш": ("ch",), "щ": ("chtch", "cht", "stch"), "ю": ("iou", "you"),
    "я": ("ia", "ya"), "х": ("kh",), "ин": ("ine",), "ын": ("yne",), "кс": ("x",),
    "ий": ("y", "i", "ii"), "ия": ("ia", "iia", "iya"), "ъ": ("", "a", "u"),
}  # fmt: skip
"""Passports of the Soviet Union, of Russia until 1997, and of Bulgaria until 1999."""
_GERMAN = _COMMON | {
    "в": ("w",), "ж": ("sch", "sh"), "з": ("s",), "у": ("u",), "х": ("ch",), "ц": ("z",),
    "ч": ("tsch",), "ш": ("sch",), "щ": ("schtsch",), "ю": ("ju",), "я": ("ja",), "ё": ("jo", "o"),
    "ий": ("i", "ij"), "кс": ("x",),
}  # fmt: skip
_POLISH = _COMMON | {
    "в": ("w",), "ж": ("z",), "у": ("u",), "х": ("ch",), "ц": ("c",), "ч": ("cz",), "ш": ("sz",),
    "щ": ("szcz",), "ю": ("iu", "ju"), "я": ("ia", "ja"), "є": ("je", "ie"), "ь": ("", "i"),
    "ий": ("y", "ij"),
}  # fmt: skip
_SYSTEMS = (
    (_FRENCH, re.compile("ou|tch|gu[ei]|[iy]ne$|ss")),
    (_GERMAN, re.compile("w|sch")),
    (_POLISH, re.compile("[sc]z")),
)
"""Systems that use letters for what others use for another sound (CH for ш, Z for ц), each with
what shows that a word is spelled so: then the whole word is."""

FIRST_NAMES = (
    "александр", "алексей", "анатолий", "андрей", "антон", "аркадий", "артём",
    "борис", "вадим", "валентин", "валерий", "василий", "виктор", "виталий",
    "владимир", "владислав", "вячеслав", "геннадий", "георгий", "григорий", "дмитрий",
    "евгений", "егор", "иван", "игорь", "илья", "кирилл", "константин",
    "леонид", "максим", "михаил", "никита", "николай", "олег", "павел",
    "пётр", "роман", "сергей", "станислав", "юрий", "яков", "ярослав",
    "александра", "алёна", "анастасия", "анна", "валентина", "валерия", "вера",
    "виктория", "галина", "дарья", "евгения", "екатерина", "елена", "елизавета",
    "ирина", "ксения", "лариса", "любовь", "людмила", "марина", "мария",
    "надежда", "наталия", "наталья", "оксана", "ольга", "полина", "светлана",
    "софья", "татьяна", "ульяна", "юлия",
)  # fmt: skip
"""Common first names, so that ALEKSANDR and ALEXANDER are seen as one name."""


SCHOLARLY = str.maketrans({"â": "ia", "û": "iu", "ŝ": "shch"})
"""ISO 9 and GOST 7.79: one Latin letter for each."""


def spells(cyrillic: str, latin: str) -> bool:
    """Whether `latin` (lower-case ASCII) is a known way of spelling the word `cyrillic`."""
    word = cyrillic.lower()
    if _spells(word, latin, SPELLINGS):
        return True
    return any(sign.search(latin) and _spells(word, latin, table) for table, sign in _SYSTEMS)


def may_spell(cyrillic: str, latin: str) -> bool:
    """As `spells`, where nothing in the word shows the system: Шолохов, CHOLOKHOV."""
    word = cyrillic.lower()
    return any(_spells(word, latin, table) for table, _ in _SYSTEMS)


def _spells(word: str, latin: str, table: Table) -> bool:
    reached: list[set[int]] = [set() for _ in range(len(word) + _LONGEST_RUN)]
    reached[0].add(0)
    for index in range(len(word)):
        if not reached[index]:
            continue
        for length, choices in _pieces(word, index, table):
            reached[index + length].update(
                at + len(choice)
                for at in reached[index]
                for choice in choices
                if latin.startswith(choice, at)
            )
    return len(latin) in reached[len(word)]


def _pieces(word: str, index: int, table: Table) -> list[tuple[int, tuple[str, ...]]]:
    """What may be read at `index`: the letter, and the runs that begin there."""
    found = [(1, table.get(word[index], (word[index],)))]
    for length in range(2, _LONGEST_RUN + 1):
        run = word[index : index + length]
        at_end = index + length == len(word)
        if len(run) == length and run in table and (at_end or run not in _ONLY_AT_END):
            found.append((length, table[run]))
    return found


@cache
def _first_names() -> dict[str, set[str]]:
    """Which first names each Latin spelling can stand for."""
    names: dict[str, set[str]] = {}
    for name in FIRST_NAMES:
        spelled: list[set[str]] = [set() for _ in range(len(name) + _LONGEST_RUN)]
        spelled[0].add("")
        for index in range(len(name)):
            for length, choices in _pieces(name, index, SPELLINGS):
                spelled[index + length].update(s + c for s in spelled[index] for c in choices)
        for spelling in spelled[len(name)]:
            names.setdefault(spelling, set()).add(name)
    return names


def same_first_name(a: str, b: str) -> bool:
    """Whether both (lower-case ASCII) are spellings of one common Cyrillic first name."""
    names = _first_names()
    return a in names and not names[a].isdisjoint(names.get(b, ()))


def first_names_only(words: set[str]) -> bool:
    """Whether each of `words` (lower-case ASCII) spells a common Cyrillic first name."""
    return words <= _first_names().keys()


_SURE_ENDINGS = (
    "ov", "ev", "ova", "eva", "off", "eff", "skii", "skiy", "skij", "skyi", "skaya", "skaia",
    "skaja", "enko", "chuk", "yuk", "iuk", "ovich", "evich", "ovych", "evych", "ovna", "evna",
    "ivna",
)  # fmt: skip
_SHORTEST_SURE = 5
"""LEV and KOV end so too."""


def is_surely_cyrillic(word: str) -> bool:
    """Whether an ending shows that `word` (lower-case ASCII) was spelled from Cyrillic, and hardly
    any other language has it."""
    return len(word) >= _SHORTEST_SURE and word.endswith(_SURE_ENDINGS)


# Two Latin spellings of one Cyrillic word

_LOOSE = frozenset("ъьёәөңӯўӏ") | {"ьё", "ьо"}
"""Letters whose spellings would make one of two vowels, or of a letter and none, anywhere."""
_ENDINGS = (
    "ov", "ev", "ova", "eva", "off", "eff", "ow", "ew", "ski", "sky", "skii", "skiy", "skij", "ska",
    "skaya", "skaia", "skaja", "enko", "chuk", "czuk", "yuk", "iuk", "vich", "vitch", "ovna",
    "evna", "kin", "kina", "shin", "shina", "tsin", "tsyn", "khin", "yan", "baev", "zade",
)  # fmt: skip

Pairs = Mapping[tuple[str, str], tuple[tuple[str, str, bool], ...]]
"""By first letters, what two tables make of one letter or run, and whether only at the end."""


@lru_cache(maxsize=4096)
def looks_cyrillic(words: tuple[str, ...]) -> bool:
    """Whether an ending shows that a Latin name (lower-case ASCII) was spelled from Cyrillic."""
    return any(word.endswith(_ENDINGS) for word in words)


@lru_cache(maxsize=16384)
def may_be_one(a: str, b: str) -> bool:
    """Whether both (lower-case ASCII) may spell one Cyrillic word, each by a table of its own:
    KUZNETSOV and KUZNETCOV. Not for a match: which table, nothing says."""
    if _one_by(a, b, _joint(0)):
        return True
    return any(
        sign.search(word) and _one_by(word, other, _joint(at))
        for at, (_, sign) in enumerate(_SYSTEMS, start=1)
        for word, other in ((a, b), (b, a))
    )


@cache
def _joint(system: int) -> Pairs:
    """What a system (0 is all of `SPELLINGS`) writes, beside what any other does."""
    table = _SYSTEMS[system - 1][0] if system else SPELLINGS
    found: dict[tuple[str, str], set[tuple[str, str, bool]]] = {}
    for piece in (table.keys() & SPELLINGS.keys()) - _LOOSE:
        for one, other in product(table[piece], SPELLINGS[piece]):
            if one and other:
                at_end = piece in _ONLY_AT_END
                found.setdefault((one[0], other[0]), set()).add((one, other, at_end))
    return {heads: tuple(sorted(pairs)) for heads, pairs in found.items()}


def _one_by(a: str, b: str, joint: Pairs) -> bool:
    reached = {(0, 0)}
    while reached:
        following = set()
        for i, j in reached:
            for one, other, at_end in joint.get((a[i : i + 1], b[j : j + 1]), ()):
                if a.startswith(one, i) and b.startswith(other, j):
                    end = (i + len(one), j + len(other))
                    if end == (len(a), len(b)):
                        return True
                    if not at_end:
                        following.add(end)
        reached = following
    return False
