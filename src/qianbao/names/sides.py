"""Two names made ready for comparing: their words, ASCII spellings and script.

Here belongs everything the rules look at; the rules themselves are in `compare` and `closeness`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Literal

import msgspec

from qianbao.names import cyrillic, han
from qianbao.names.legal import LegalName
from qianbao.names.letters import readings, split_words, tidy

MAX_WORDS = 24
"""A text of more words is no name."""

Words = tuple[str, ...]
Script = Literal["latin", "cyrillic", "han", "vague", "other"]
"""vague: scripts whose letters do not settle a Latin spelling, so at most close."""


class Side(msgspec.Struct, frozen=True):
    """One name made ready: `words` in lower case; `groups[i]` numbers the unspaced run that word i
    came from; `readings` are its ASCII spellings; `surname_words` and `first_words` count the words
    of the surname, which then come first, and of the first given name (0 when unknown)."""

    texts: tuple[str, ...]
    words: Words
    groups: tuple[int, ...]
    readings: tuple[Words, ...]
    script: Script
    surname_words: int = 0
    first_words: int = 0
    truncated: bool = False
    characters: tuple[str, str] = ("", "")

    @property
    def structured(self) -> bool:
        """Whether it is known which words are the surname."""
        return self.surname_words > 0


def length(name: str | LegalName) -> int:
    if isinstance(name, str):
        return len(name)
    return max(len(name.surname) + len(name.given), len(name.native))


def sides_of(name: str | LegalName) -> list[Side]:
    """A text is one side; a legal name with its native form is two."""
    if isinstance(name, str):
        return [_text_side(name)]
    found = []
    if name.surname or name.given:
        found.append(_legal_side(name))
    if name.native and (not found or found[0].script != _script(name.native)):
        found.append(_text_side(name.native))
    return found or [_text_side("")]


def pair(left: list[Side], right: list[Side]) -> tuple[Side, Side]:
    """The two sides in the same script where there are such, characters before letters."""
    pairs = [(a, b) for a in left for b in right]
    same = [(a, b) for a, b in pairs if a.script == b.script]
    characters = [(a, b) for a, b in same if a.script == "han"]
    a, b = (characters or same or pairs)[0]
    if "other" in (a.script, b.script):
        return _with_short_vowels(a), _with_short_vowels(b)
    return a, b


def _script(text: str) -> Script:
    if text.isascii():
        return "latin"
    if han.has_han(text):
        return "han"
    if cyrillic.has_cyrillic(text):
        return "cyrillic"
    letters = [c for c in text if c.isalpha()]
    if all(c < "\u0250" or "\u1e00" <= c < "\u1f00" for c in letters):
        return "latin"
    # Greek, Armenian and Georgian letters and kana say how they sound; the rest say less.
    settled = ("\u0370", "\u0400"), ("\u0530", "\u0590"), ("\u10a0", "\u1100"), ("\u3040", "\u3100")
    return "other" if all(any(a <= c < b for a, b in settled) for c in letters) else "vague"


def _text_side(name: str) -> Side:
    text = tidy(name)
    words, groups = _grouped(text)
    script = _script(text)
    cut = han.split_surname(text) if script == "han" else ("", "")
    return Side((text,), words, groups, readings(words), script, characters=cut)


def _legal_side(name: LegalName) -> Side:
    surname, given = tidy(name.surname), tidy(name.given)
    family, family_groups = _grouped(surname)
    own, own_groups = _grouped(given)
    texts = tuple(dict.fromkeys((f"{surname} {given}".strip(), f"{given} {surname}".strip())))
    script = _script(surname + given)
    first = [group for group in own_groups if group == own_groups[0]]
    start = len(surname.split())
    return Side(
        texts=(surname + given,) if script == "han" else texts,
        words=family + own,
        groups=family_groups + tuple(start + group for group in own_groups),
        readings=readings(family + own),
        script=script,
        surname_words=len(family) if own else 0,
        first_words=len(first) if family else 0,
        truncated=name.truncated,
        characters=(surname, given),
    )


def _grouped(text: str) -> tuple[Words, tuple[int, ...]]:
    words: list[str] = []
    groups: list[int] = []
    for group, run in enumerate(text.split()):
        for word in split_words(run.lower()):
            if any(c.isalnum() for c in word):
                words.append(word)
                groups.append(group)
    return tuple(words), tuple(groups)


def _with_short_vowels(side: Side) -> Side:
    """Long vowels of kana are mostly written short: たろう is TARO, seldom TAROU."""
    short = [tuple(_shorten(word) for word in reading) for reading in side.readings]
    return msgspec.structs.replace(side, readings=tuple(dict.fromkeys([*side.readings, *short])))


def _shorten(word: str) -> str:
    for long, one in (("ou", "o"), ("oo", "o"), ("uu", "u")):
        word = word.replace(long, one)
    return word


def turns(words: Words) -> list[Words]:
    return [words[i:] + words[:i] for i in range(len(words))] or [()]


def _ends(words: Words) -> set[int]:
    return set(accumulate(map(len, words)))


def fits(a: Words, b: Words) -> bool:
    """Same letters, and one side only joins words of the other: XIAO MING and XIAOMING fit, ANN
    ALEE and ANNA LEE do not."""
    if a == b:
        return True
    if "".join(a) != "".join(b):
        return False
    ends, other_ends = _ends(a), _ends(b)
    return ends <= other_ends or other_ends <= ends


def arranged(a: Words, b: Words) -> bool:
    """As `fits`, with the words of one side turned round: given name first or last."""
    if sum(map(len, a)) != sum(map(len, b)):
        return False
    return any(fits(turn, b) for turn in turns(a)) or any(fits(a, turn) for turn in turns(b))


def any_reading(left: Side, right: Side, rule: Callable[[Words, Words], bool]) -> bool:
    return any(rule(a, b) for a in left.readings for b in right.readings)


def accents_conflict(left: Side, right: Side) -> bool:
    """Both carry accents, and neither only lacks some of the other's: Hùng is not Hưng."""
    if not left.script == right.script == "latin":
        return False
    a, b = ({_NEAR.get(c, c) for c in "".join(s.words) if not c.isascii()} for s in (left, right))
    return bool(a and b) and not (a <= b or b <= a)


_NEAR = {"ş": "ș", "ţ": "ț", "ĕ": "ě", "ă": "ǎ", "ğ": "ǧ"}
"""Accents that one keyboard offers for another."""


def same_word(left: Side, i: int, right: Side, j: int) -> bool:
    """Whether word i of one side and word j of the other are one word in two spellings."""
    a, b = ({reading[at] for reading in s.readings} for s, at in ((left, i), (right, j)))
    if not a.isdisjoint(b):
        return not accents_conflict(left, right)
    if left.script == "cyrillic" and right.script == "latin":
        return any(cyrillic.spells(left.words[i], word) for word in b)
    if right.script == "cyrillic" and left.script == "latin":
        return any(cyrillic.spells(right.words[j], word) for word in a)
    if left.script == right.script == "latin":
        return cyrillic.same_first_name(left.readings[0][i], right.readings[0][j])
    return False
