"""What stands beside a name without being part of it: titles, and a mark of father or son.

Written for this project; any style guide of names lists them (facts, free of licence).
"""

from __future__ import annotations

from qianbao.names.letters import Words

TITLES = frozenset({
    "mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "dame", "hon", "rev", "fr",
    "herr", "frau", "mme", "mlle", "monsieur", "madame", "sr", "sra", "don", "dona", "ing", "mag",
    "dipl", "drs", "ir", "haji", "hajji", "hajj", "mullah", "sheikh", "shaykh", "sheik", "shri",
    "sri", "smt", "shrimati", "kumari", "datuk", "dato", "tan", "tun", "puan", "encik", "bapak",
    "phd", "msc", "mba", "md", "mh", "sh", "se", "mp", "esq", "general", "gen", "col", "capt",
    "मा", "माननीय", "डा", "डॉ", "श्री", "श्रीमती", "د", "دكتور", "الدكتور", "الشيخ", "السيد", "ගරු",
    "先生", "女士", "小姐", "博士", "教授", "さん", "様", "氏", "씨", "님",
})  # fmt: skip

HAN_TITLES = ("先生", "女士", "小姐", "博士", "教授")
"""Titles that follow a Chinese name without a space."""

_GENERATIONS = {
    "jr": "younger", "junior": "younger", "jnr": "younger", "ml": "younger", "mladsi": "younger",
    "snr": "elder", "senior": "elder", "starsi": "elder", "st": "elder",
    "ii": "second", "iii": "third", "iv": "fourth",
}  # fmt: skip
"""Marks that stand last; SR, which may be Señor, is read as elder only there."""


BESIDE = TITLES | _GENERATIONS.keys()
"""Words that may stand beside a name."""


def without_titles(words: Words) -> Words:
    """`words` without titles, or as they are when nothing else would be left."""
    if TITLES.isdisjoint(words):
        return words
    kept = tuple(word for word in words if word not in TITLES)
    return kept if len(kept) > 1 else words


def generation(words: Words) -> str:
    """What a mark of generation that stands last says: elder, younger, second …, or nothing."""
    if words[-1] == "sr":
        return "elder" if len(words) > 2 else ""
    return _GENERATIONS.get(words[-1], "") if len(words) > 2 else ""
