"""Words of one letter, which are initials, and what may be joined to them.

Here belongs whether two names of the same letters agree only because one joins an initial with the
word beside it; other joined words belong to `joints`.
"""

from __future__ import annotations

import re

from qianbao.names.affixes import is_mark
from qianbao.names.chains import is_given_name
from qianbao.names.joints import syllable_split
from qianbao.names.letters import all_pinyin, is_syllable
from qianbao.names.parts import is_child_of
from qianbao.names.sides import Script, Side

_LETTER_BY_LETTER: frozenset[Script] = frozenset({"han", "hangul", "kana"})
"""Scripts in which one sign is a syllable, never an initial."""
_BEFORE_AN_APOSTROPHE = frozenset("odl")
"""What O'BRIEN, D'ANGELO, L'HOMME leave standing alone where the apostrophe becomes a space."""
_BEFORE_A_CONSONANT = re.compile("[mn][bcdfgjkpqstvz]")
"""M'BAYE, N'DIAYE."""
_JOINING = frozenset("yei")
"""Stand between two surnames: SAYOS I MOTILLA."""
_VOWELS = frozenset("aeiou")
_SHORTEST_RUN = 3


def initial_joined(left: Side, right: Side) -> bool:
    """Whether names of the same letters agree only because one joins a word of one letter, which is
    an initial, with the word before or behind it: JUAN A PEREZ is not JUANA PEREZ. What an
    apostrophe left (O BRIEN) belongs to the word behind it, and initials may stand together (APJ);
    of pinyin, E is a syllable of its own where the words show that they are pinyin."""
    if len(left.words) == len(right.words) or not _LETTER_BY_LETTER.isdisjoint(
        (left.script, right.script)
    ):
        return False
    many, few = (left, right) if len(left.words) > len(right.words) else (right, left)
    alone = [at for at, word in enumerate(many.words) if len(word) == 1]
    kept = sum(len(word) == 1 for word in few.words)
    if len(alone) <= kept:
        return False
    joined = [at for at in alone if not _belongs(many, at, few)]
    return len(joined) > kept and not _last_syllable(many, joined)


def _belongs(many: Side, at: int, few: Side) -> bool:
    """Whether the one-letter word at this place may be joined as `few` joins it."""
    words = many.plain
    start = at
    while start and len(many.words[start - 1]) == 1:
        start -= 1
    end = at + 1
    while end < len(words) and len(many.words[end]) == 1:
        end += 1
    run = "".join(words[start:end])
    if end - start > 1 and is_child_of(words[start], words[end - 1]):
        return run in few.plain or any(run + "".join(words[end : end + 1]) in w for w in few.plain)
    if end - start > 1 and run in few.plain:
        if _may_be_a_mark(run, few):
            return False
        long = end - start >= _SHORTEST_RUN or _VOWELS.isdisjoint(run)
        return long or _in_capitals(run, few)
    if words[at] in _JOINING and at < many.surname_words:
        around = "".join(words[max(at - 1, 0) : at + 2])
        return any(around in word for word in few.plain + few.words)  # in SILVAEMELO the AE is no Ä
    if at + 1 != end or end == len(words):
        return False
    whole = words[at] + words[end]
    if at < many.surname_words:
        joined = any(whole in word for word in few.plain)
    else:
        joined = any(word.startswith(whole) for word in few.plain)
    return joined and _was_apostrophe(many, at, few)


def _may_be_a_mark(run: str, side: Side) -> bool:
    """Whether joined initials may say which of father and son is meant: John Smith II is not surely
    John Smith I. I. In Smith JR they are initials."""
    if not is_mark(run) or run == side.plain[0]:
        return False
    return len(side.plain) > 2 or not _in_capitals(run, side)


def _in_capitals(run: str, side: Side) -> bool:
    """Whether initials stand together in capitals where the rest of the name has small letters:
    Christopher HE Imray."""
    return run.upper() in side.texts[0].split() and not side.texts[0].isupper()


def _was_apostrophe(many: Side, at: int, few: Side) -> bool:
    """Whether an apostrophe, which one of the names may still show, stood behind this letter. One
    with a dot is an initial."""
    letter, whole = many.words[at], many.plain[at] + many.plain[at + 1]
    if re.search(rf"(?i)(?<!\w){re.escape(letter)}\.", many.texts[0]):
        return False
    shown = rf"(?i)(?<!\w)(?:{re.escape(letter)}['’]\w|['’]{re.escape(letter)}(?!\w))"
    if any(re.search(shown, side.texts[0]) for side in (many, few)):
        return True
    if not (letter in _BEFORE_AN_APOSTROPHE or _BEFORE_A_CONSONANT.match(whole)):
        return False
    if _of_given_names(many, at, few, whole):
        return False
    if at < many.surname_words:
        return not is_given_name(whole)
    behind = many.plain[at + 1]
    initial = behind.endswith("a") and behind != "andrea" and is_given_name(behind)
    return not (initial or is_given_name(whole))  # D EMMA is D. Emma, L ISA is no LISA


def _of_given_names(many: Side, at: int, few: Side, whole: str) -> bool:
    """Whether a document says that this letter, or the word it is joined to, is a given name."""
    if many.surname_words:
        return at >= many.surname_words
    own = few.plain[few.surname_words :] if few.surname_words else ()
    return any(word.startswith(whole) for word in own)


_ONLY_PINYIN = re.compile("x|q|zh|[yln](?:ue|yu)")
"""Beginnings of words that no other spelling of given names has."""


def _last_syllable(many: Side, joined: list[int]) -> bool:
    """Whether E, as in XIAO E (小娥), is the last syllable of a name in pinyin. A and O are not;
    behind a word that is a name elsewhere (JUAN) E may be an initial."""
    words = many.plain
    if len(joined) != 1 or words[joined[0]] != "e" or joined[0] == 0 or not all_pinyin(words):
        return False
    before = words[joined[0] - 1]
    if joined[0] > 1 or many.surname_words:
        return is_syllable(before) and _ONLY_PINYIN.match(before) is not None
    return False


def joined_perhaps(left: Side, right: Side) -> bool:
    """Whether names that agree only with an initial joined may still be one: a document's, one
    printed without spaces, syllables of pinyin or Korean. Of any two texts they are other names."""
    if left.document or right.document or min(len(left.words), len(right.words)) == 1:
        return True
    return all_pinyin(left.plain) or all_pinyin(right.plain) or syllable_split(left, right)
