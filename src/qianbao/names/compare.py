"""Whether two names are written forms of one person's name, why, and what was compared.

Rules decide, in the order of domain.md 4.3; no rule looks at a score. Here belong the rules and
their order; letters and readings belong to `letters`, `han` and `cyrillic`. Match and close are
said of *names*: two persons may share one.
"""

from __future__ import annotations

import msgspec

from qianbao.names import han
from qianbao.names.closeness import CLOSE_RULES
from qianbao.names.legal import LegalName
from qianbao.names.letters import MAX_NAME_LENGTH
from qianbao.names.reasons import REASONS, ReasonCode, Verdict
from qianbao.names.sides import (
    MAX_WORDS,
    Side,
    accents_conflict,
    any_reading,
    arranged,
    fits,
    length,
    pair,
    same_word,
    sides_of,
)


class NameComparison(msgspec.Struct, frozen=True):
    """`reason` is the machine code, `en` and `zh` the sentence, `compared` which parts the verdict
    rests on. The result never holds either name."""

    verdict: Verdict
    score: float
    reason: ReasonCode
    en: str
    zh: str
    compared: tuple[str, ...]


def compare(a: str | LegalName, b: str | LegalName) -> NameComparison:
    """Compares two names; symmetric; never raises. A `LegalName` says which part is the surname,
    so less is guessed than with two plain texts. Texts beyond 200 characters are refused."""
    if max(length(a), length(b)) > MAX_NAME_LENGTH:
        return _result("no_match", "too_long", ())
    left, right = pair(sides_of(a), sides_of(b))
    if max(len(left.words), len(right.words)) > MAX_WORDS:
        return _result("no_match", "too_long", ())
    if not (left.words and right.words):
        return _result("no_match", "empty", ())
    parts: tuple[str, ...] = ("words",)
    if left.structured or right.structured:
        parts = ("surname", "given")
    found = _match(left, right)
    if found is not None:
        return _matched(found, left, right, parts)
    for reason, rule in CLOSE_RULES:
        if rule(left, right) or rule(right, left):
            return _result("close", reason, _COMPARED.get(reason, parts))
    return _result("no_match", "different", parts)


_COMPARED: dict[ReasonCode, tuple[str, ...]] = {
    "truncated": ("first_letters",),
    "middle_missing": ("surname", "first_given"),
    "middle_initial": ("surname", "first_given", "initials"),
}


def _result(verdict: Verdict, reason: ReasonCode, compared: tuple[str, ...]) -> NameComparison:
    row = REASONS[reason]
    return NameComparison(verdict, row.score, reason, row.en, row.zh, compared)


def _matched(reason: ReasonCode, left: Side, right: Side, parts: tuple[str, ...]) -> NameComparison:
    """Full agreement is only as good as what agreed: a cut name or a vague script is close."""
    if left.truncated or right.truncated:
        return _result("close", "truncated", _COMPARED["truncated"])
    if reason == "transliteration" and "vague" in (left.script, right.script):
        return _result("close", reason, parts)
    if reason == "order" and left.structured and right.structured:
        return _result("close", reason, parts)
    if "han" in (left.script, right.script):
        return _result(
            "match", reason, ("characters" if reason != "transliteration" else "pinyin",)
        )
    return _result("match", reason, parts)


# Rules that make a match


def _match(left: Side, right: Side) -> ReasonCode | None:
    """The first rung at which both names are equal, or None."""
    if left.script == "han" or right.script == "han":
        return _match_characters(left, right)
    return _match_text(left, right) or _match_words(left, right)


def _match_text(left: Side, right: Side) -> ReasonCode | None:
    both = left.structured and right.structured
    texts, others = (left.texts[:1], right.texts[:1]) if both else (left.texts, right.texts)
    if not set(texts).isdisjoint(others):
        return "exact"
    small = {text.lower() for text in texts}
    other_small = {text.lower() for text in others}
    if not small.isdisjoint(other_small):
        return "case"
    runs = [tuple(text.split()) for text in small]
    other_runs = [tuple(text.split()) for text in other_small]
    if any(fits(a, b) for a in runs for b in other_runs):
        return "spacing"
    if any(arranged(a, b) for a in runs for b in other_runs):
        return "order"
    return None


def _match_words(left: Side, right: Side) -> ReasonCode | None:
    both = left.structured and right.structured
    rule = fits if both else arranged
    if rule(left.words, right.words):
        return "punctuation"
    reason: ReasonCode = (
        "diacritic" if left.script == right.script == "latin" else "transliteration"
    )
    if not accents_conflict(left, right) and any_reading(left, right, rule):
        return reason
    if _same_words(left, right, turn=not both):
        return "transliteration"
    return "order" if both and any_reading(left, right, arranged) else None


def _same_words(left: Side, right: Side, *, turn: bool) -> bool:
    if len(left.words) != len(right.words):
        return False
    count = len(left.words)
    turns = range(count) if turn else range(1)
    return any(
        all(same_word(left, (i + start) % count, right, i) for i in range(count)) for start in turns
    )


def _match_characters(left: Side, right: Side) -> ReasonCode | None:
    """Characters with characters as characters; characters with letters by their pinyin."""
    if left.script == right.script:
        return _same_characters(left, right)
    written, letters = (left, right) if left.script == "han" else (right, left)
    if letters.script != "latin" or han.has_kana(written.texts[0]):
        return None
    surname, given = written.characters
    spelled = any(han.spelled_by(surname, given, reading) for reading in letters.readings)
    return "transliteration" if spelled else None


def _same_characters(left: Side, right: Side) -> ReasonCode | None:
    if left.texts == right.texts:
        return "exact"
    a, b = han.characters(left.texts[0]), han.characters(right.texts[0])
    if a == b:
        unspaced = ["".join(side.texts[0].split()) for side in (left, right)]
        return "spacing" if unspaced[0] == unspaced[1] else "punctuation"
    if han.simplified(a) == han.simplified(b):
        return "script"
    both = left.structured and right.structured
    words, others = (tuple(map(han.simplified, side.words)) for side in (left, right))
    return "order" if not both and arranged(words, others) else None
