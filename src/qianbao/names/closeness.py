"""Rules that make two names close: the holder is asked, and the answer kept as evidence.

Each rule takes both names made ready and says yes or no; `compare` asks it both ways round. Rules
that make a match are in `compare`.
"""

from __future__ import annotations

from collections.abc import Callable

from rapidfuzz.distance import OSA

from qianbao.names.letters import is_pinyin, readings
from qianbao.names.reasons import ReasonCode
from qianbao.names.sides import (
    Side,
    Words,
    accents_conflict,
    any_reading,
    arranged,
    same_word,
    turns,
)
from qianbao.names.write import OLD_FIELD_LENGTH


def _other_accents(left: Side, right: Side) -> bool:
    """The same letters under other accents: a slip, or another name (Hùng, Hưng)."""
    return left.script == right.script == "latin" and any_reading(left, right, arranged)


def _truncated(short: Side, long: Side) -> bool:
    """The one is the beginning of the other and as long as a bank's or an MRZ's field; a field cut
    before a space shows one character less (domain.md 4.3)."""
    if max(map(len, short.texts)) < OLD_FIELD_LENGTH - 1 or "han" in (short.script, long.script):
        return False
    starts = {"".join(reading) for reading in short.readings}
    return any(
        len(start) < len(whole) and whole.startswith(start)
        for start in starts
        for reading in long.readings
        for _, shape in _shapes(long, reading)
        for whole in map("".join, turns(shape))
    )


def _shapes(side: Side, reading: Words) -> list[tuple[ReasonCode, Words]]:
    """The whole name and, where its parts are known, without middle names and with initials. An
    initial may be one letter of a reading or the letter of the document (Œ is O, or OE)."""
    found: list[tuple[ReasonCode, Words]] = [("truncated", reading)]
    kept = side.surname_words + side.first_words
    if not side.first_words or kept == len(reading):
        return found
    begins = [i for i in range(kept, len(reading)) if side.groups[i] != side.groups[i - 1]]
    found.append(("middle_missing", reading[:kept]))
    letters = {tuple(reading[i][:1] for i in begins)}
    letters.update(readings(tuple(side.words[i][0] for i in begins)))
    found += [("middle_initial", reading[:kept] + initials) for initials in letters]
    return found


def _initials(full: Side, other: Side) -> bool:
    return _shortened(full, other) == "middle_initial"


def _missing(full: Side, other: Side) -> bool:
    return _shortened(full, other) == "middle_missing"


def _shortened(full: Side, other: Side) -> ReasonCode | None:
    """Whether `other` is `full` without some of its given names, or with initials for them."""
    if "han" in (full.script, other.script) or accents_conflict(full, other):
        return None
    for reading in full.readings:
        for reason, shape in _shapes(full, reading)[1:]:
            if any(arranged(shape, words) for words in other.readings):
                return reason
    if len(other.words) > len(full.words):
        return None
    found = {_left_out(full, other, start) for start in range(len(full.words))}
    return next((reason for reason in _KINDS if reason in found), None)


_KINDS: tuple[ReasonCode, ...] = ("middle_missing", "middle_initial")


def _left_out(full: Side, other: Side, start: int) -> ReasonCode | None:
    """Walks through `full` from word `start`, round to the word before it, and takes each word of
    `other` in turn."""
    count = len(full.words)
    equal: set[int] = set()
    initial: set[int] = set()
    at = 0
    for step in range(count):
        i = (start + step) % count
        if at == len(other.words):
            break
        if same_word(full, i, other, at):
            equal.add(i)
            at += 1
        elif _is_initial(full.readings[0][i], other.readings[0][at]):
            initial.add(i)
            at += 1
    if at < len(other.words) or not _enough(full, equal, initial):
        return None
    return "middle_initial" if initial else "middle_missing"


def _is_initial(a: str, b: str) -> bool:
    return len(a) != len(b) and a[:1] == b[:1] and 1 in (len(a), len(b))


def _enough(full: Side, equal: set[int], initial: set[int]) -> bool:
    """The surname in full, the first given name at least by its initial, and no half of a
    hyphenated name: Kim Chol is not Kim Chol-ho."""
    taken = equal | initial
    if len(taken) < 2 or not any(len(full.words[i]) > 1 for i in equal):
        return False
    halves = {full.groups[i] for i in taken} & {
        full.groups[i] for i in range(len(full.words)) if i not in taken
    }
    if halves:
        return False
    family = set(range(full.surname_words))
    first = set(range(full.surname_words, full.surname_words + full.first_words))
    return family <= equal and first <= taken


def _typo(left: Side, right: Side) -> bool:
    """One slip of a letter in one given name of four letters or more. Not in a surname, and not
    where all words are pinyin: there the slip is another name."""
    count = len(left.words)
    if count != len(right.words) or count < 2 or "han" in (left.script, right.script):
        return False
    a, b = left.readings[0], right.readings[0]
    if all(map(is_pinyin, a + b)):
        return False
    for start in range(count):
        pairs = [((i + start) % count, i) for i in range(count)]
        unequal = [(i, j) for i, j in pairs if a[i] != b[j]]
        if len(unequal) == 1 and _slip(left, right, *unequal[0]):
            return True
    return False


def _slip(left: Side, right: Side, i: int, j: int) -> bool:
    a, b = left.readings[0][i], right.readings[0][j]
    if min(len(a), len(b)) < 4 or OSA.distance(a, b) > 1:
        return False
    in_surname = (left.structured and i < left.surname_words) or (
        right.structured and j < right.surname_words
    )
    return not in_surname


CLOSE_RULES: tuple[tuple[ReasonCode, Callable[[Side, Side], bool]], ...] = (
    ("diacritic", _other_accents),
    ("truncated", _truncated),
    ("middle_missing", _missing),
    ("middle_initial", _initials),
    ("typo", _typo),
)
