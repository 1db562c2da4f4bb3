"""A reason: everything a person must be told about one policy that blocks, in both languages.

Here belongs what a refusal says. Not here: whether there is one (`decide`), and the ways out
(`remedies`).
"""

from __future__ import annotations

from datetime import date, datetime
from operator import mul
from zoneinfo import ZoneInfo

import msgspec

from qianbao.bank_names import bank_list
from qianbao.clock import local_date
from qianbao.errors import Language
from qianbao.money import show
from qianbao.policy.asking import Factor, factor_words
from qianbao.policy.compared import Compared, compare
from qianbao.policy.cuts import lines_of
from qianbao.policy.dates import announced_from, enforced_from
from qianbao.policy.facts import FACTS, GREATEST_MINOR, Facts, Situation, words_for_data
from qianbao.policy.policies import SMALLEST_AMOUNT_MINOR, Actor, Policy, Words
from qianbao.policy.sentences import placeholders, sentence, show_value
from qianbao.policy.spells import is_unmet


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why one policy blocks, or asks for `factors` (empty: it blocks). `announced_at` and
    `in_force_from` are the rule's own days, None: it has always been in force. `since`: when it
    began to block this wallet. `deadline`: until when that could have been prevented; None where
    there was no such time, because the rule was there before the wallet, or an act of the holder
    (or this amount) made it apply. `headroom_minor`: what a limit still leaves; None for rules that
    are no limit."""

    policy: str
    version: int
    title_en: str
    title_zh: str
    basis: Words
    compared: Compared
    sentence_en: str
    sentence_zh: str
    announced_at: datetime | None
    in_force_from: datetime | None
    since: datetime
    deadline: datetime | None
    who_must_act: Actor
    headroom_minor: int | None
    factors: tuple[Factor, ...] = ()


def reason(
    policy: Policy,
    situation: Situation,
    facts: Facts,
    since: datetime,
    *,
    deadline: datetime | None,
    today: Facts | None = None,
) -> Reason:
    """Why `policy`, which is not met by `facts`, blocks or asks from `since` on. With `today`, that
    is still to come: `facts` are those of the moment `since`, and `today` those of now. Where
    nobody has asked for an amount, and the largest there is was tried, the least that is refused
    is told."""
    if facts["amount_minor"] == GREATEST_MINOR:
        least: Facts = {"amount_minor": _least_refused_minor(policy, facts)}
        facts, today = facts | least, None if today is None else today | least
    compared = compare(policy.requires.tree, facts, today)
    on = local_date(since, ZoneInfo(situation.time_zone)) if today is not None else None
    told = facts if today is None else today
    return Reason(
        policy=policy.name,
        version=policy.version,
        title_en=policy.title_en,
        title_zh=policy.title_zh,
        basis=policy.basis,
        compared=compared,
        sentence_en=_sentence(policy, situation, told, compared, on, "en"),
        sentence_zh=_sentence(policy, situation, told, compared, on, "zh"),
        announced_at=announced_from(policy) if policy.timeline else None,
        in_force_from=enforced_from(policy) if policy.timeline else None,
        since=since,
        deadline=deadline,
        who_must_act=policy.who_must_act,
        headroom_minor=headroom_minor(policy, facts),
        factors=policy.asks,
    )


def _least_refused_minor(policy: Policy, facts: Facts) -> int:
    """The smallest amount that `policy` refuses of these facts: where a comparison turns."""
    cuts = {SMALLEST_AMOUNT_MINOR}
    for line in lines_of((policy.applies_to.tree, policy.requires.tree)):
        weights = dict(line.weights)
        weight = weights.pop("amount_minor", 0)
        values = [facts[name] for name in weights]
        if not weight or None in values:
            continue
        numbers = [one.toordinal() if isinstance(one, date) else int(str(one)) for one in values]
        rest = line.constant + sum(map(mul, weights.values(), numbers))
        cuts |= {near - rest // weight for near in (-1, 0, 1)}
    amounts = (cut for cut in sorted(cuts) if 0 < cut < GREATEST_MINOR)
    refused = (cut for cut in amounts if is_unmet(policy, facts | {"amount_minor": cut}))
    return next(refused, GREATEST_MINOR)


def headroom_minor(policy: Policy, facts: Facts) -> int | None:
    """How much a limit still lets through, never below 0; None for a rule that is no limit."""
    if policy.limit is None:
        return None
    if policy.limit.fact is None:
        return policy.limit.at_most_minor
    used = facts[policy.limit.fact]
    return max(0, policy.limit.at_most_minor - used) if isinstance(used, int) else 0


def _sentence(
    policy: Policy,
    situation: Situation,
    facts: Facts,
    compared: Compared,
    on: date | None,
    language: Language,
) -> str:
    """`on`: the day from which a policy that is still to come will block."""
    template = _template(policy, language, ahead=on is not None)
    currency = situation.currency
    if template is not None:
        words = {
            name: show_value(facts[name], FACTS[name].unit, currency=currency, language=language)
            for name in placeholders(template)
            if name in FACTS
        }
        return template.format(**words, **_extra_words(policy, situation, facts, language))
    if policy.asks:
        return _asking(policy, compared, currency, language)
    clause = sentence(compared, currency=currency, language=language, on=on)
    if language == "zh":
        return f"{policy.title_zh}。{clause}。"
    return f"{policy.title_en}. {clause[:1].upper()}{clause[1:]}."


def _asking(policy: Policy, compared: Compared, currency: str, language: Language) -> str:
    """What is asked for, and what it takes not to be asked; nothing where one always is."""
    can_go_without = any(leaf.fact for leaf in compared.leaves())
    clause = sentence(compared, currency=currency, language=language) if can_go_without else ""
    factors = factor_words(policy.asks, language)
    if language == "zh":
        without = f"免验证：{clause}。" if clause else ""
        return f"{policy.title_zh}。需要提供{factors}。{without}"
    without = f" To go without: {clause}." if clause else ""
    return f"{policy.title_en}. This takes {factors}.{without}"


def _template(policy: Policy, language: Language, *, ahead: bool) -> str | None:
    if language == "zh":
        return (policy.explain_ahead_zh if ahead else None) or policy.explain_zh
    return (policy.explain_ahead_en if ahead else None) or policy.explain_en


def _extra_words(
    policy: Policy, situation: Situation, facts: Facts, language: Language
) -> dict[str, str]:
    """See `sentences.EXTRA_WORDS`."""
    limit = policy.limit.at_most_minor if policy.limit else 0
    enforced_on = local_date(enforced_from(policy)) if policy.timeline else None
    none = {"en": "none", "zh": "无"}[language]
    return {
        "card_banks": bank_list(situation.card_banks, language) or none,
        "data_missing": words_for_data(situation.data_missing, language) or none,
        "limit": show(limit, situation.currency),
        "headroom": show(headroom_minor(policy, facts) or 0, situation.currency),
        "enforced_on": show_value(enforced_on, "", currency="", language=language),
    }
