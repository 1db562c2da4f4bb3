"""A reason: everything a person must be told about one policy that blocks, in both languages.

Here belongs what a refusal says. Not here: whether there is one (`decide`), and the ways out
(`remedies`).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.clock import local_date
from qianbao.errors import Language
from qianbao.money import show
from qianbao.policy.facts import FACTS, Facts, Situation
from qianbao.policy.policies import Actor, Policy, announced_from, enforced_from
from qianbao.policy.sentences import (
    Comparison,
    compare,
    failed_leaves,
    placeholders,
    sentence,
    show_value,
)


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why one policy blocks. `since`: when it began to block this wallet; `deadline`: until when
    that could have been prevented, the same moment. `announced_at` None: it has always been in
    force. `headroom_minor`: what a limit still leaves; None for rules that are no limit."""

    policy: str
    version: int
    title_en: str
    title_zh: str
    basis: str
    compared: tuple[Comparison, ...]
    sentence_en: str
    sentence_zh: str
    announced_at: datetime | None
    since: datetime
    deadline: datetime
    who_must_act: Actor
    headroom_minor: int | None


def reason(policy: Policy, situation: Situation, facts: Facts, since: datetime) -> Reason:
    """Why `policy`, which is not met by `facts`, blocks from `since` on."""
    leaves = failed_leaves(policy.requires.tree, facts)
    headroom = headroom_minor(policy, facts)
    return Reason(
        policy=policy.name,
        version=policy.version,
        title_en=policy.title_en,
        title_zh=policy.title_zh,
        basis=policy.basis,
        compared=tuple(compare(leaf, facts) for leaf in leaves),
        sentence_en=_sentence(policy, situation, facts, headroom, "en"),
        sentence_zh=_sentence(policy, situation, facts, headroom, "zh"),
        announced_at=announced_from(policy) if policy.timeline else None,
        since=since,
        deadline=since,
        who_must_act=policy.who_must_act,
        headroom_minor=headroom,
    )


def headroom_minor(policy: Policy, facts: Facts) -> int | None:
    """How much a limit still lets through, never below 0; None for a rule that is no limit."""
    if policy.limit is None:
        return None
    used = facts[policy.limit.fact]
    return max(0, policy.limit.at_most_minor - used) if isinstance(used, int) else 0


def _sentence(
    policy: Policy, situation: Situation, facts: Facts, headroom: int | None, language: Language
) -> str:
    template = policy.explain_zh if language == "zh" else policy.explain_en
    currency = situation.currency
    if template is not None:
        words = {
            name: show_value(facts[name], FACTS[name].unit, currency=currency, language=language)
            for name in placeholders(template)
            if name in FACTS
        }
        return template.format(**words, **_extra_words(policy, situation, headroom, language))
    clause = sentence(policy.requires.tree, facts, currency=currency, language=language)
    if language == "zh":
        return f"{policy.title_zh}。{clause}。"
    return f"{policy.title_en}. {clause[:1].upper()}{clause[1:]}."


def _extra_words(
    policy: Policy, situation: Situation, headroom: int | None, language: Language
) -> dict[str, str]:
    """See `sentences.EXTRA_WORDS`."""
    banks = ", ".join(dict.fromkeys(situation.card_banks))
    limit = policy.limit.at_most_minor if policy.limit else 0
    enforced_on = local_date(enforced_from(policy)) if policy.timeline else None
    return {
        "card_banks": banks or {"en": "none", "zh": "无"}[language],
        "limit": show(limit, situation.currency),
        "headroom": show(headroom or 0, situation.currency),
        "enforced_on": show_value(enforced_on, "", currency="", language=language),
    }
