"""Cyrillic names and the many ways they are spelled in Latin letters.

Here belong the spellings of each letter and a list of common first names. The one spelling that
passports use is in `letters`.
"""

from __future__ import annotations

from functools import cache

SPELLINGS: dict[str, tuple[str, ...]] = {
    "а": ("a",), "б": ("b",), "в": ("v", "w"), "г": ("g", "h", "gh"), "ґ": ("g",), "д": ("d",),
    "е": ("e", "ye", "ie", "je"), "ё": ("e", "yo", "io", "jo", "o"), "є": ("ie", "ye", "je", "e"),
    "ж": ("zh", "j", "z"), "з": ("z",), "и": ("i", "y", "ee"), "і": ("i",), "ї": ("i", "yi", "ji"),
    "й": ("i", "y", "j", ""), "ј": ("j", "y"), "к": ("k", "c"), "л": ("l",), "љ": ("lj",),
    "м": ("m",), "н": ("n",), "њ": ("nj",), "о": ("o",), "п": ("p",), "р": ("r",), "с": ("s", "ss"),
    "т": ("t",), "ћ": ("c",), "ќ": ("k", "kj"), "ѓ": ("g", "gj"), "ђ": ("d", "dj"),
    "у": ("u", "ou", "oo"), "ў": ("u", "w"), "ф": ("f", "ph"), "х": ("kh", "h", "x", "ch"),
    "ц": ("ts", "tz", "c", "tc"), "ч": ("ch", "c", "tch"), "џ": ("dz",), "ш": ("sh", "s", "sch"),
    "щ": ("shch", "sht", "sch", "sc", "shtch"), "ъ": ("", "ie", "a", "u", "y"), "ы": ("y", "i"),
    "ь": ("", "i"), "э": ("e",), "ю": ("iu", "yu", "ju", "u"), "я": ("ia", "ya", "ja", "a"),
    "кс": ("x",), "ий": ("y", "i", "iy", "ii", "yi"), "ый": ("y", "yi", "yy", "iy"), "др": ("der",),
    "ов": ("off",), "ев": ("eff",), "ье": ("ie", "ye"), "ья": ("ia", "ya", "iia"), "дж": ("j",),
    "ия": ("ia", "iya", "ija"), "ай": ("ay", "ai", "aj", "ei"),
}  # fmt: skip
"""Latin spellings of each letter or pair: ICAO 9303, BGN/PCGN, ISO 9 without accents, and French
and German habits. Some pairs are read so only at the end (Александр: Alexander)."""

_ONLY_AT_END = frozenset({"др", "ов", "ев", "ий", "ый"})

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


def spells(cyrillic: str, latin: str) -> bool:
    """Whether `latin` (lower-case ASCII) is a known way of spelling the word `cyrillic`."""
    word = cyrillic.lower()
    reached: list[set[int]] = [set() for _ in range(len(word) + 2)]
    reached[0].add(0)
    for index in range(len(word)):
        for length, choices in _pieces(word, index):
            reached[index + length].update(
                at + len(choice)
                for at in reached[index]
                for choice in choices
                if latin.startswith(choice, at)
            )
    return len(latin) in reached[len(word)]


def _pieces(word: str, index: int) -> list[tuple[int, tuple[str, ...]]]:
    """What may be read at `index`: the letter, and the pair that begins there if it is one."""
    letter, pair = word[index], word[index : index + 2]
    found = [(1, SPELLINGS.get(letter, (letter,)))]
    at_end = index + 2 == len(word)
    if pair in SPELLINGS and len(pair) == 2 and (at_end or pair not in _ONLY_AT_END):
        found.append((2, SPELLINGS[pair]))
    return found


@cache
def _first_names() -> dict[str, set[str]]:
    """Which first names each Latin spelling can stand for."""
    names: dict[str, set[str]] = {}
    for name in FIRST_NAMES:
        spelled: list[set[str]] = [set() for _ in range(len(name) + 1)]
        spelled[0].add("")
        for index in range(len(name)):
            for length, choices in _pieces(name, index):
                spelled[index + length].update(s + c for s in spelled[index] for c in choices)
        for spelling in spelled[len(name)]:
            names.setdefault(spelling, set()).add(name)
    return names


def same_first_name(a: str, b: str) -> bool:
    """Whether both (lower-case ASCII) are spellings of one common Cyrillic first name."""
    names = _first_names()
    return a in names and b in names and not names[a].isdisjoint(names[b])


def first_names_only(words: set[str]) -> bool:
    """Whether each of `words` (lower-case ASCII) spells a common Cyrillic first name."""
    return words <= _first_names().keys()
