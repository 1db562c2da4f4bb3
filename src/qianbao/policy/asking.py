"""What a rule may ask for before a request goes through: a step-up, which proves more of who asks.

Here belong the factors, their words, before what they may be asked for, and the errors for a rule
that asks for something else. Whether a request has to bring them is `decide`'s; how they are proved
is nothing a rule knows (`payments.authorize`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from qianbao.errors import InvalidInput, Language
from qianbao.policy.conditions import nearest
from qianbao.policy.marks import Marked

Factor = Literal["pin", "code"]
"""Something known (the payment PIN), and something possessed (the phone that gets the code)."""

FACTORS: tuple[Factor, ...] = get_args(Factor)

Proven = frozenset[Factor]
"""What a request has proved, as found by the server itself."""

NOTHING: Proven = frozenset()
EVERYTHING: Proven = frozenset(FACTORS)

ASKS_BEFORE = ("top_up", "transfer", "pay", "withdraw", "be_charged")
"""Before what a rule may ask: what moves money out of somebody's wallet or card. Nobody can be
asked while somebody else sends them money, and leaving is asked for nothing more."""

_WORDS: dict[Language, dict[Factor, str]] = {
    "en": {"pin": "your payment PIN", "code": "a code sent to your phone"},
    "zh": {"pin": "支付密码", "code": "短信验证码"},
}


class PolicyUnknownFactor(InvalidInput):
    code = "policy_unknown_factor"
    en = "Line {line}, column {column}: “{near}” is nothing that can be asked for."
    zh = "第 {line} 行第 {column} 列：无法要求提供 “{near}”。"
    next_en = "Did you mean {nearest}? What can be asked for: {known}."
    next_zh = "您要写的是 {nearest} 吗？可要求：{known}。"


class PolicyCannotAsk(InvalidInput):
    code = "policy_cannot_ask"
    en = "Line {line}, column {column}: nobody can be asked for anything before {near}."
    zh = "第 {line} 行第 {column} 列：{near} 之前无法要求验证。"
    next_en = "A rule can ask before: {known}."
    next_zh = "可在以下操作之前要求验证：{known}。"


def factor_words(factors: Iterable[Factor], language: Language) -> str:
    """What is asked for, within a sentence: "your payment PIN and a code sent to your phone"."""
    wanted = set(factors)
    words = [_WORDS[language][one] for one in FACTORS if one in wanted]
    return {"en": " and ", "zh": "和"}[language].join(words)


def read_factors(marked: Marked, written: Sequence[str]) -> tuple[Factor, ...]:
    """The factors that a policy's file asks for. Raises `PolicyUnknownFactor`."""
    for index, name in enumerate(written):
        if name not in FACTORS:
            place = marked.place("otherwise", "require", index)
            close = nearest(name, list(FACTORS))
            known = ", ".join(FACTORS)
            raise PolicyUnknownFactor(**place, near=name[:40], nearest=close, known=known)
    return tuple(one for one in FACTORS if one in written)
