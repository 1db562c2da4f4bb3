"""Whether the words of two names of the same letters are joined in the same way.

Here belong syllables that may be cut in two ways, hyphens, and particles that joined are a first
name; a word of one letter belongs to `initials`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise

from qianbao.names.chains import is_given_name
from qianbao.names.letters import Words, cut_otherwise, is_syllable, pinyin_cuts
from qianbao.names.parts import PARTICLES, is_vietnamese_syllable, may_be_vietnamese_surname
from qianbao.names.sides import Side, groups
from qianbao.names.syllables import KOREAN_SURNAMES, is_korean_syllable


def joined_otherwise(left: Side, right: Side) -> bool:
    """Whether words of the one are joined in the other such that it may be another name."""
    return syllable_split(left, right) or torn(left, right) or joined_to_given(left, right)


def syllable_split(left: Side, right: Side) -> bool:
    """Whether one name has as several words, or with an apostrophe, what the other has as one word
    of pinyin that may be cut otherwise: XIAN may be XI AN or one syllable, FANGAN may be FANG AN or
    FAN GAN. Korean and Vietnamese are as open: HANA is HA NA or HAN A, HOAN is HO AN. A whole name
    in one word is open only where it may be one syllable."""
    a, b = left.plain, right.plain
    if (left.script, right.script) != ("latin", "latin"):
        return False
    if len(a) == len(b):
        cut, other = pinyin_cuts(left.texts[0]), pinyin_cuts(right.texts[0])
        return cut != other and any(map(is_syllable, cut.keys() ^ other.keys()))
    few, many = (a, b) if len(a) < len(b) else (b, a)
    if len(few) == 1:
        return is_syllable(few[0])
    joined = [pieces for word in few if word not in many for pieces in _pieces(word, many)]
    return bool(joined) and any(
        cut_otherwise(pieces, rule)
        for rule in (is_syllable, *_syllables_of(many))
        for pieces in joined
    )


def _syllables_of(words: Words) -> Iterator[Callable[[str], bool]]:
    """What a syllable is in the languages, beside Mandarin, whose surname stands first or last."""
    ends = (words[0], words[-1])
    if not KOREAN_SURNAMES.isdisjoint(ends):
        yield is_korean_syllable
    if any(map(may_be_vietnamese_surname, ends)):
        yield is_vietnamese_syllable


def _pieces(word: str, many: Words) -> Iterator[Words]:
    """The neighbours among `many`, turned round too, that together are `word`."""
    turned = many + many
    for start, joined in enumerate(many):
        end = start + 1
        while word.startswith(joined) and end - start < len(many):
            joined += turned[end]
            end += 1
            if joined == word:
                yield turned[start:end]


def torn(left: Side, right: Side) -> bool:
    """Whether two names of the same letters, one perhaps turned round, meet only where a hyphenated
    name of the one is cut in two: of ANNA MUELLER-SCHMIDT, SCHMIDT ANNA MUELLER is none, and of
    HANS-PETER KARL neither is HANS PETER-KARL."""
    hyphens = ("-" in left.texts[0]) + ("-" in right.texts[0])
    if not hyphens:
        return False
    a, b = "".join(left.plain), "".join(right.plain)
    if len(a) != len(b) or (hyphens == 1 and a == b):
        return False
    runs, others = _hyphenated(left), _hyphenated(right)
    at = (a + a).find(b)
    found = at >= 0
    while 0 <= at < len(a):
        cut = _cut(_shifted(runs, -at, len(a)), others, len(a))
        if not (cut or _cut(_shifted(others, at, len(a)), runs, len(a))):
            return False
        at = (a + a).find(b, at + 1)
    return found


Spans = list[tuple[int, int]]
"""Where pieces of a name begin and end, in letters."""


def _hyphenated(side: Side) -> Spans:
    found: Spans = []
    if "-" not in side.texts[0]:
        return found
    group, ends = groups(side), [0, *accumulate(map(len, side.plain))]
    for run in sorted(set(group)):
        places = [at for at, of in enumerate(group) if of == run]
        if 1 < len(places) < len(group):
            found.append((ends[places[0]], ends[places[-1] + 1]))
    return found


def _shifted(spans: Spans, by: int, length: int) -> Spans:
    return [((start + by) % length, (start + by) % length + end - start) for start, end in spans]


def _cut(spans: Spans, others: Spans, length: int) -> bool:
    """Whether a span goes beyond the end of the name, or begins inside another one and goes beyond
    it."""
    return any(
        end > length or any(other < start < other_end < end for other, other_end in others)
        for start, end in spans
    )


def joined_to_given(left: Side, right: Side) -> bool:
    """Whether a particle joined to the word behind it is a first name: DI ANA may be Ana Di, and is
    not surely DIANA."""
    if len(left.words) == len(right.words):
        return False
    many, few = (left, right) if len(left.words) > len(right.words) else (right, left)
    return any(
        len(word) > 1
        and word in PARTICLES
        and word + behind in few.plain
        and is_given_name(word + behind)
        for word, behind in pairwise(many.plain)
    )
