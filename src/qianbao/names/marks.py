"""Names of one script whose letters differ, though their Latin spelling or plain letters agree.

Here belongs which of these differences leave open whether it is one name; what a letter is in Latin
belongs to `letters`.
"""

from __future__ import annotations

import unicodedata

from qianbao.names.letters import Words
from qianbao.names.sides import Side

_ONE_LETTER = str.maketrans("øæşţёςèêëěĕēėęẽ", "öäșțеσééééééééé")
"""Letters that habits of writing or of fonts put for one another; the marks of E are the ones most
often mistaken (VITÉZSLAV for VÍTĚZSLAV)."""
_SLIGHT = {"cyrillic": "\u0301", "settled": "\u0301\u0308\u0342"}
"""Marks of stress, which many leave out."""


def written_otherwise(left: Side, right: Side) -> bool:
    """Whether two Cyrillic names, or two Greek ones, agree in Latin letters only (ДУРИЋ, ЂУРИЋ), or
    two Latin ones have other marks on the same letter (ĆOSIĆ, ČOSIĆ)."""
    if left.script != right.script or not (left.accented and right.accented):
        return False
    if left.words == right.words:
        return False
    if left.script == "latin":
        return _marks_differ(left.words, left.plain, right.words, right.plain)
    slight = _SLIGHT.get(left.script)
    if slight is None:
        return False
    return sorted(_bare(left.words, slight)) != sorted(_bare(right.words, slight))


def _bare(words: Words, slight: str) -> str:
    """The letters of `words` without slight marks."""
    text = unicodedata.normalize("NFD", "".join(words).translate(_ONE_LETTER))
    return unicodedata.normalize("NFC", "".join(c for c in text if c not in slight))


def _marks_differ(words: Words, plain: Words, others: Words, other_plain: Words) -> bool:
    """Whether words of the same plain letters are marked otherwise wherever they may meet."""
    if len(words) != len(others):
        words, plain = ("".join(words),), ("".join(plain),)
        others, other_plain = ("".join(others),), ("".join(other_plain),)
    for word, letters in zip(words, plain, strict=True):
        if word.isascii():
            continue
        same = [v for v, w in zip(others, other_plain, strict=True) if w == letters]
        if same and all(_marked_otherwise(word, other) for other in same):
            return True
    return False


def _marked_otherwise(word: str, other: str) -> bool:
    word, other = word.translate(_ONE_LETTER), other.translate(_ONE_LETTER)
    return len(word) == len(other) and any(
        a != b and not (a.isascii() or b.isascii()) for a, b in zip(word, other, strict=True)
    )
