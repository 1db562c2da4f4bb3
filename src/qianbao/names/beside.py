"""Two names without what only stands beside them, to be compared again.

Here belongs which titles, fillers and marks of generation are left out of which name; the words are
`affixes`', what the comparison without them means is `compare`'s.
"""

from __future__ import annotations

import msgspec

from qianbao.names.affixes import (
    BESIDE,
    FILLERS,
    HAN_TITLES,
    PORTUGUESE_MARK,
    TITLES,
    TITLES_OR_NAMES,
    generation,
    mark_at,
    without,
)
from qianbao.names.letters import Words
from qianbao.names.reasons import ReasonCode
from qianbao.names.sides import Side, text_side, with_words, without_places


class Bare(msgspec.Struct, frozen=True):
    """Two names without what was beside them, and what to call it where the rest matches. `same`:
    what was beside them is the same in both, so that a match stays one; `apart`: it makes two
    persons of them. `unsure`: a word left out may have been a name."""

    left: Side
    right: Side
    reason: ReasonCode
    same: bool = False
    apart: bool = False
    unsure: bool = False


def nothing_beside(left: Side, right: Side) -> bool:
    """A cheap look, as most names have nothing beside them. A document may have one name only, or V
    behind the given names; of characters the words are not parted."""
    if left.document or right.document or left.script == "han" or right.script == "han":
        return False
    return BESIDE.isdisjoint(left.words) and BESIDE.isdisjoint(right.words)


def bare(left: Side, right: Side) -> Bare | None:
    """Both without their marks of generation, else without their fillers, else without their
    titles; None where nothing is beside them."""
    fifth = left.document != right.document and left.words[-1] == right.words[-1] == "v"
    none = not fifth and BESIDE.isdisjoint(left.words + right.words)
    if none and left.script != "han" != right.script:
        return None
    (mark, at), (other_mark, other_at) = _marks(left, right)
    if mark or other_mark:
        same = mark == other_mark
        apart = bool(mark and other_mark) and not same
        if apart:  # not where a name has two marks, and one of them is the other's
            apart = left.words[at] not in right.words and right.words[other_at] not in left.words
        if same and _in_other_words(left.words[at], right.words[other_at]):
            same = False  # FILHO for JUNIOR: the name's own word, never a short form of the other
        left, right = _without(left, at), _without(right, other_at)
        return Bare(left, right, "order" if same else "generation", same, apart)
    fewest = 1 if left.one_name or right.one_name else 2
    plain, other = (_unfilled(side) for side in (left, right))
    if plain is not left or other is not right:
        return Bare(plain, other, "one_name")
    return _untitled_both(left, right, fewest)


def _in_other_words(mark: str, other: str) -> bool:
    return mark != other and PORTUGUESE_MARK in (mark, other)


def _marks(left: Side, right: Side) -> tuple[tuple[str, int], tuple[str, int]]:
    """What the marks of generation of two names say, and where they stand."""
    one, other = _mark(left), _mark(right)
    if one[0] and not other[0]:
        other = _mark(right, beside_another=True)
    elif other[0] and not one[0]:
        one = _mark(left, beside_another=True)
    elif not one[0] and left.surname_words != right.surname_words:
        return _fifth(left, right)
    return one, other


def _fifth(left: Side, right: Side) -> tuple[tuple[str, int], tuple[str, int]]:
    """V at the end of a document's given names, where it may be an initial, and of a text that has
    the surname before it."""
    found = []
    for side in (left, right):
        last = len(side.words) - 1
        stands = last > 1 and side.words[last] == "v" and last > side.surname_words
        says = "initial" if side.surname_words else "fifth"
        found.append((says, last) if stands else ("", -1))
    return (found[0], found[1]) if all(mark for mark, _ in found) else (("", -1), ("", -1))


def _mark(side: Side, *, beside_another: bool = False) -> tuple[str, int]:
    """A document has it at the end of the surname or of the given names, never alone there."""
    count, last = side.surname_words, len(side.words) - 1
    if not count:
        least = 1 if side.script == "han" else 2
        return generation(side.words, beside_another=beside_another, least=least)
    ends = [end for end, first in ((last, count), (count - 1, 0)) if end > first]
    surname_end = count - 1  # behind given names, V is Victor
    found = (
        (mark_at(side.words, end, beside_another=beside_another and end == surname_end), end)
        for end in ends
    )
    return next((mark for mark in found if mark[0]), ("", -1))


def repeated(left: Side, right: Side) -> bool:
    """Whether a document says that one name is one word, and the other is that word again and
    again. Of two texts it says nothing: MUHAMMAD MUHAMMAD is MUHAMMAD's son."""
    short, long = (left, right) if left.one_name else (right, left)
    return short.one_name and len(long.words) > 1 and {*short.plain} == {*long.plain}


def _without(side: Side, place: int) -> Side:
    return side if place < 0 else without_places(side, frozenset({place}))


def _unfilled(side: Side) -> Side:
    places = frozenset(at for at, word in enumerate(side.words) if word in FILLERS)
    return without_places(side, places) if 0 < len(places) < len(side.words) else side


def _untitled_both(left: Side, right: Side, least: int) -> Bare | None:
    """A word that may be a name is left out only where the other name has none of its own in its
    place: TAN LEE MING is not SRI LEE MING."""
    names = [
        TITLES_OR_NAMES.intersection(side.words).difference(other.words)
        for side, other in ((left, right), (right, left))
    ]
    titles = TITLES - TITLES_OR_NAMES if all(names) else TITLES
    plain, other = (_untitled(side, titles, least) for side in (left, right))
    if plain is left and other is right:
        return None
    return Bare(plain, other, "title", unsure=any(names) and not all(names))


def _untitled(side: Side, titles: frozenset[str], least: int) -> Side:
    """A text without its titles; a document has none."""
    if side.surname_words:
        return side
    text = side.texts[0]
    if side.script == "han" and len(text) > 3 and text.endswith(HAN_TITLES):
        return text_side(text[:-2])
    words: Words = without(side.words, titles, least=least)
    return side if words is side.words else with_words(side, words)
