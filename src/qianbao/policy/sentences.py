"""A refusal in words: what was compared, said in two languages.

Here belongs turning values and comparisons into sentences. Words for facts come from the registry;
a policy may bring its own sentence (`explain`), whose placeholders are checked when it is loaded.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from string import Formatter

from qianbao.clock import show_day
from qianbao.errors import Language
from qianbao.money import show
from qianbao.policy.compared import Compared, Comparison, Told
from qianbao.policy.facts import FACTS, Value

EXTRA_WORDS = frozenset({"card_banks", "data_missing", "limit", "headroom", "enforced_on"})
"""What a sentence may name besides facts: the linked banks, a limit and what is left of it, and the
day on which the policy begins to block."""


def sentence(
    compared: Compared, *, currency: str, language: Language, on: date | None = None
) -> str:
    """Why a condition is not met, as one clause: "banks with a linked card: 1, needed: at least 2;
    or …". `on` is the day to which what is projected belongs. Empty when it is met."""
    parts = [
        _clause(one, currency=currency, language=language, on=on) for one in compared.comparisons
    ]
    for group in compared.groups:
        inside = sentence(group, currency=currency, language=language, on=on)
        parts.append(f"（{inside}）" if language == "zh" else f"({inside})")
    return _JOINED[language][compared.combine].join(parts)


def actual_words(
    comparison: Comparison, *, currency: str, language: Language, on: date | None = None
) -> str:
    """What there is now, and where it will differ `on` the rule's first day, what then."""
    now = _show_told(comparison, comparison.actual, currency, language)
    if comparison.projected is None or on is None:
        return now
    then = _show_told(comparison, comparison.projected, currency, language)
    day = show_value(on, "", currency=currency, language=language)
    if language == "zh":
        return f"今天 {now}，{day}将为 {then}"
    return f"{now} today, {then} on {day}"


def needed_words(comparison: Comparison, *, currency: str, language: Language) -> str:
    """What is needed: "at least 2", "before 1 March 2027"."""
    expected = comparison.expected
    values = expected if isinstance(expected, tuple) else (expected,)
    shown = [_show_told(comparison, value, currency, language) for value in values]
    patterns = NEEDED[language]
    if comparison.unit == "date":
        patterns = patterns | _DATE_NEEDED[language]
    return patterns[comparison.operator].format(("、" if language == "zh" else ", ").join(shown))


def show_value(value: Value, unit: str, *, currency: str, language: Language) -> str:
    """A fact's value for a person."""
    match value:
        case None:
            return _UNKNOWN[language]
        case bool():
            return _YES_NO[language][value]
        case date():
            return show_day(value, language)
        case int() if unit == "minor":
            return show(value, currency)
        case int() if unit == "days":
            return f"{value} 天" if language == "zh" else f"{value} day{'s' * (value != 1)}"
    return str(value)


@lru_cache(maxsize=1024)
def placeholders(template: str) -> tuple[str, ...]:
    """The names a sentence template asks for; raises ValueError when it is not made of plain
    `{name}` places."""
    names = []
    for _, name, form, conversion in Formatter().parse(template):
        if name is not None:
            if form or conversion:
                raise ValueError(f"write {{{name}}} alone")
            names.append(name)
    return tuple(names)


NEEDED: dict[Language, dict[str, str]] = {
    "en": {
        "=": "{}", "<>": "anything but {}", "<": "less than {}", "<=": "at most {}",
        ">": "more than {}", ">=": "at least {}", "IN": "one of {}", "NOT IN": "none of {}",
        "IS NULL": "not set", "IS NOT NULL": "known",
    },
    "zh": {
        "=": "{}", "<>": "非 {}", "<": "少于 {}", "<=": "不超过 {}", ">": "多于 {}",
        ">=": "至少 {}", "IN": "{} 之一", "NOT IN": "非 {}", "IS NULL": "为空",
        "IS NOT NULL": "已知",
    },
}  # fmt: skip
"""What each operator asks for, in words."""

_DATE_NEEDED: dict[Language, dict[str, str]] = {
    "en": {"<": "before {}", "<=": "{} or earlier", ">": "after {}", ">=": "{} or later"},
    "zh": {"<": "早于 {}", "<=": "不晚于 {}", ">": "晚于 {}", ">=": "不早于 {}"},
}
_JOINED: dict[Language, dict[str, str]] = {
    "en": {"any": "; or ", "all": "; and "},
    "zh": {"any": "；或者", "all": "；并且"},
}
_UNKNOWN: dict[Language, str] = {"en": "unknown", "zh": "未知"}
_YES_NO: dict[Language, tuple[str, str]] = {"en": ("no", "yes"), "zh": ("否", "是")}


def _clause(comparison: Comparison, *, currency: str, language: Language, on: date | None) -> str:
    if not comparison.fact:  # the condition is plainly FALSE
        return {"en": "not allowed", "zh": "不允许"}[language]
    actual = actual_words(comparison, currency=currency, language=language, on=on)
    needed = needed_words(comparison, currency=currency, language=language)
    if language == "zh":
        return f"{comparison.label_zh}：{actual}，要求：{needed}"
    return f"{comparison.label_en}: {actual}, needed: {needed}"


def _show_told(comparison: Comparison, value: Told, currency: str, language: Language) -> str:
    if isinstance(value, str):
        if comparison.unit == "date":
            return show_value(date.fromisoformat(value), "", currency=currency, language=language)
        fact = FACTS.get(comparison.fact)
        return fact.word(value, language) if fact is not None else value
    return show_value(value, comparison.unit, currency=currency, language=language)
