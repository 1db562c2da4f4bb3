"""Japanese names: the readings of kanji in names, and kana in Latin letters.

Most kanji have several readings in names, so that a reading only ever makes two names close. The
readings are learned from the name entries of IPADIC (`tables`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache, reduce
from itertools import islice, product

from qianbao.names import tables
from qianbao.names.spelled import Options

_VOICED = (("k", "g"), ("sh", "j"), ("s", "z"), ("ch", "j"), ("ts", "z"), ("t", "d"), ("f", "b"),
           ("h", "b"), ("h", "p"))  # fmt: skip
"""How a reading's head changes inside a name: 川 KAWA is GAWA in 小川."""
_LONG = (("ou", "o"), ("oo", "o"), ("uu", "u"), ("ou", "oh"), ("oo", "oh"))
_OTHER = (("shi", "si"), ("chi", "ti"), ("tsu", "tu"), ("fu", "hu"), ("ji", "zi"), ("sh", "sy"),
          ("ch", "ty"), ("j", "zy"), ("j", "jy"))  # fmt: skip
_KUNREI = (("sh", "sy"), ("syi", "si"), ("tch", "tty"), ("ch", "ty"), ("tyi", "ti"), ("tsu", "tu"),
           ("j", "zy"), ("zyi", "zi"), ("fu", "hu"))  # fmt: skip
"""From Hepburn to the system taught in Japan's schools: し is SI, しゃ is SYA."""
_REPEAT = "々"


@cache
def _readings() -> dict[str, tuple[str, ...]]:
    return {kanji: tuple(found.split()) for kanji, found in tables.rows("kanji.tsv")}


@lru_cache(maxsize=8192)
def _spellings(kanji: str, *, inside: bool) -> frozenset[str]:
    if has_kana(kanji):
        return frozenset({kana_to_latin(kanji)})
    found = set(_readings().get(kanji, ()))
    if inside:
        found.update([voiced for reading in found for voiced in _voiced(reading)])
    for pairs in (_LONG, _OTHER):
        found.update([reading.replace(old, new) for reading in found for old, new in pairs])
    return frozenset(found)


def _voiced(reading: str) -> list[str]:
    return [new + reading[len(old) :] for old, new in _VOICED if reading.startswith(old)]


def character_options(characters: str) -> Options:
    """The Latin spellings of each kanji's readings in names."""
    plain = characters.translate(_KATAKANA)
    for at in range(1, len(plain)):
        if plain[at] == _REPEAT:
            plain = plain[:at] + plain[at - 1] + plain[at + 1 :]
    return tuple(_spellings(kanji, inside=at > 0) for at, kanji in enumerate(plain))


_WAYS = {
    "ou": ("ou", "o", "oh", "oo"), "oo": ("oo", "o", "oh"), "uu": ("uu", "u"), "n": ("n", "m"),
}  # fmt: skip
_SPELLED_SEVERAL_WAYS = re.compile("(ou|oo|uu|n(?=[bmp]))")
_MOST_WAYS = 256


def ways_in_latin(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The ways in which kana, given letter by letter, are spelled: たろう is TARO, TAROH or TAROU;
    なんば NANBA or NAMBA; ふじ is FUJI or HUZI."""
    text = " ".join(words)
    found = _long_and_short(text)
    systematic = reduce(lambda latin, pair: latin.replace(*pair), _KUNREI, text)
    return found if systematic == text else found + _long_and_short(systematic)


def _long_and_short(text: str) -> list[tuple[str, ...]]:
    pieces = _SPELLED_SEVERAL_WAYS.split(text)
    choices = [_WAYS.get(piece, (piece,)) if i % 2 else (piece,) for i, piece in enumerate(pieces)]
    return [tuple("".join(chosen).split(" ")) for chosen in islice(product(*choices), _MOST_WAYS)]


# Kana

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ",
    "h": "ハヒフヘホ", "m": "マミムメモ", "r": "ラリルレロ", "g": "ガギグゲゴ", "z": "ザジズゼゾ",
    "d": "ダヂヅデド", "b": "バビブベボ", "p": "パピプペポ",
}  # fmt: skip
_SIGNS = {
    kana: consonant + vowel
    for consonant, row in _ROWS.items()
    for kana, vowel in zip(row, "aiueo", strict=True)
} | {
    "シ": "shi", "チ": "chi", "ツ": "tsu", "フ": "fu", "ジ": "ji", "ヂ": "ji", "ヅ": "zu",
    "ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ワ": "wa", "ヰ": "i", "ヱ": "e", "ヲ": "o", "ン": "n",
    "ヴ": "v",
}  # fmt: skip
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o", "ャ": "a", "ュ": "u", "ョ": "o"}
_LONG_MARK, _DOUBLE_MARK = "ー", "ッ"
_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_KANA = re.compile("[\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe]")


def has_kana(text: str) -> bool:
    """Whether any character of `text` is Japanese kana."""
    return _KANA.search(text) is not None


def kana_to_latin(text: str) -> str:
    """`text` with its kana in Hepburn, long vowels as kana have them: シュウイチ is shuuichi. The
    mark of a long vowel is left out."""
    if not has_kana(text):
        return text
    latin = ""
    for sign in text.translate(_KATAKANA):
        if sign in _SMALL:
            latin = _glided(latin, sign)
        elif sign == _DOUBLE_MARK:
            latin += "q"
        elif sign != _LONG_MARK:
            latin += _SIGNS.get(sign, sign)
    return re.sub("q([a-z]?)", r"\1\1", latin).replace("cch", "tch")


def _glided(latin: str, sign: str) -> str:
    """A small kana changes the syllable before it: キョ is kyo, シャ is sha, ファ is fa."""
    if sign not in "ャュョ":
        return latin[:-1] + _SMALL[sign]
    soft = latin.endswith(("shi", "chi", "ji"))
    return latin[:-1] + ("" if soft else "y") + _SMALL[sign]
