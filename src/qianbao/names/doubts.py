"""Two names that agree in full, and what that leaves open, so that they are only close.

Here belong the order of these looks, and those at which word is the surname; the rules that find
the agreement belong to `compare`, names without a surname to `chains`, words joined to `joints`.
"""

from __future__ import annotations

from qianbao.names.chains import is_given_name, turned_chain
from qianbao.names.joints import joined_otherwise
from qianbao.names.letters import all_pinyin
from qianbao.names.marks import written_otherwise
from qianbao.names.parts import may_be_vietnamese_surname
from qianbao.names.reasons import ReasonCode
from qianbao.names.sides import Side, divided_alike, groups
from qianbao.names.syllables import is_east_asian_surname, is_one_in_two
from qianbao.names.told import told_otherwise
from qianbao.names.umlauts import only_by_umlauts

_OF_MARKS: frozenset[ReasonCode] = frozenset({"spacing", "punctuation", "order", "diacritic"})
"""Where words may be joined or apart otherwise."""


def doubt(reason: ReasonCode, left: Side, right: Side) -> ReasonCode | None:
    """Why two names that agree for this reason are only close; None where nothing is left open."""
    if reason == "exact" and left.texts == right.texts and not (left.document or right.document):
        return None
    if left.truncated or right.truncated:
        return "truncated"
    if reason == "transliteration" and "vague" in (left.script, right.script):
        return reason
    if only_by_umlauts(left, right):
        return "diacritic"
    if written_otherwise(left, right):
        return reason
    if found := _other_surname(reason, left, right):
        return found
    if left.plain != right.plain and (turned_chain(left, right) or turned_inside(left, right)):
        return "order"
    return reason if reason in _OF_MARKS and joined_otherwise(left, right) else None


def _other_surname(reason: ReasonCode, left: Side, right: Side) -> ReasonCode | None:
    """What leaves open whether the same words are the surname."""
    if left.surname_words and right.surname_words and reason == "order":
        return reason
    if left.surname_words != right.surname_words and turned_within(left, right):
        return "order"
    if told := told_otherwise(left, right):
        return told
    if reason == "order":
        swapped = one_in_characters(left, right) or ends_may_be_given(left, right)
        return reason if swapped else None
    return "surname_end" if divided_otherwise(left, right) else None


def one_in_characters(left: Side, right: Side) -> bool:
    """Characters turned against letters only where a middle dot divides them."""
    return left.script != right.script and "han" in (left.script, right.script)


def turned_within(left: Side, right: Side) -> bool:
    """Where only one name tells its surname: whether the other begins inside the surname or the
    given names, as neither order does. A surname's particles may stand last: BERG JAN VAN DER."""
    known, other = (left, right) if left.surname_words else (right, left)
    words, count = known.plain, known.surname_words
    if other.surname_words or len(words) != len(other.plain):
        return False
    turned = {words[at:] + words[:at] for at in range(len(words))}
    particles = next((p for reason, p in known.spare if reason == "particle_missing"), frozenset())
    usual = {0, count} | {at for at in range(count) if particles.issuperset(range(at))}
    return other.plain in turned - {words[at:] + words[:at] for at in usual}


def divided_otherwise(left: Side, right: Side) -> bool:
    """Whether two names of the same characters, in one order, divide them otherwise: 高橋|健 and
    高|橋健. Without spaces or fields they are not divided."""
    return left.script == right.script == "han" and not divided_alike(left.words, right.words)


def ends_may_be_given(left: Side, right: Side) -> bool:
    """Whether the first and the last of three or more words have changed places and may both be
    given names, so that the two may be other persons: HANS PETER KARL. Of KOKA FRANCIS SILVESTRY
    one is the surname, wherever it stands. Syllables of pinyin and Korean keep their order."""
    a, b = left.plain, right.plain
    if len(a) != len(b) or len(a) < _FEWEST_AROUND or a[0] != b[-1] or a[-1] != b[0]:
        return False
    if b in (a[1:] + a[:1], a[-1:] + a[:-1]):
        return False  # one turned round, whichever is looked at first
    if any(_is_small(word, left.texts[0], right.texts[0]) for word in a[1:-1]):
        return True
    if all_pinyin(a) or is_one_in_two(a[:1], a[1:]) or is_one_in_two(b[:1], b[1:]):
        return True
    if may_be_vietnamese_surname(a[0]) and may_be_vietnamese_surname(a[-1]):
        return True  # LE VAN HOANG is not HOANG VAN LE
    if is_given_name(a[0]) and is_given_name(a[-1]):
        return True
    return not _OF_EITHER_SEX.isdisjoint(a) and sum(map(is_given_name, a)) > 1


_OF_EITHER_SEX = frozenset({"maria", "marie", "mary"})
"""Beside another given name its place says the sex: JOSE MARIA is a man, MARIA JOSE a woman."""


_FEWEST_AROUND = 3
_LONGEST_SMALL = 3


def _is_small(word: str, *texts: str) -> bool:
    """Whether a word between two others may say whose child one is, though no list has it: a short
    one that is no first name, or one in small letters (wa, arap, ole)."""
    if len(word) <= _LONGEST_SMALL and not is_given_name(word):
        return True
    return any(word in text.split() and text != text.lower() for text in texts)


def turned_inside(left: Side, right: Side) -> bool:
    """Whether three syllables are turned round such that a word that is no surname of East Asia
    would be the surname, though another one is: LI XIAO MING and MING LI XIAO. Not where fields, or
    a hyphen between the two others (DONG-HONG JI), say that it is."""
    a, b = left.plain, right.plain
    if len(a) != 3 or len(b) != 3 or left.surname_words or right.surname_words:
        return False
    if b == a[1:] + a[:1]:
        left, right, a, b = right, left, b, a
    if b != a[-1:] + a[:-1] or is_east_asian_surname(b[0]):
        return False
    (one, two, _), (_, three, four) = groups(left), groups(right)
    if one == two or three == four:
        return False
    return is_one_in_two(a[:1], a[1:]) or is_one_in_two(b[-1:], b[:-1])
