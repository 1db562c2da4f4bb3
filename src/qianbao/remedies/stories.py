"""A wallet that no way leads out of, told as a story that a person can check by hand.

Here belong its words in both languages; finding the wallet is `lint`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from qianbao.errors import Language
from qianbao.money import show
from qianbao.policy.compared import compare
from qianbao.policy.decide import blocking
from qianbao.policy.facts import FACTS, Facts, Situation, facts_at
from qianbao.policy.lint import space_of_policies
from qianbao.policy.policies import WAYS_OUT_OF_A_WALLET, Policy, Words
from qianbao.policy.sentences import sentence, show_value
from qianbao.policy.space import Cell
from qianbao.remedies.actions import ACTIONS, EVERY_ACTION, OFFERED
from qianbao.remedies.take import take
from qianbao.remedies.titles import title
from qianbao.remedies.worth import at_any_bank, is_own

CAPABILITY_WORDS: dict[str, tuple[str, str]] = {
    "receive": ("receive", "收款"), "top_up": ("top up", "充值"), "transfer": ("transfer", "转账"),
    "pay": ("pay", "付款"), "withdraw": ("withdraw", "提现"),
    "be_charged": ("be charged by merchants", "由商户自动扣费"), "close": ("close", "注销钱包"),
    "export": ("export the records", "导出记录"),
}  # fmt: skip
"""What a wallet may do, as verbs."""

UNTOLD = frozenset({"today", "amount_minor", "balance_minor", "legal_hold"})
"""Facts that a story tells otherwise, or that say nothing in it."""


class Stuck(msgspec.Struct, frozen=True, eq=False):
    """A wallet from which no way leads to any of `capabilities` because of `policies`, none of
    which could be left out."""

    capabilities: tuple[str, ...]
    policies: tuple[Policy, ...]
    wallet: Cell

    @property
    def unmet(self) -> frozenset[str]:
        """The names of the policies that block the wallet as it is."""
        return frozenset(
            policy.name for policy in _blocking(self, self.wallet.situation, self.wallet.facts)
        )


def names_in(policies: tuple[Policy, ...]) -> Words:
    """“a”, “b” and “c”."""
    names = [f"“{policy.name}”" for policy in policies]
    english = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
    return Words(english, f"规则 {'、'.join(names)} ")


def story_of(stuck: Stuck) -> Words:
    """What happens to the wallet, and why nothing that can be done about it helps."""
    return Words(" ".join(_told(stuck, "en")), "".join(_told(stuck, "zh")))


def story_of_keeping(policy: Policy) -> Words | None:
    """Of a policy in force: the simplest wallet, under no order, whose money or records it keeps
    in, be it only until something is done; None when there is none."""
    kept = tuple(one for one in policy.blocks if one in WAYS_OUT_OF_A_WALLET)
    for made in space_of_policies([policy], legal_hold=False).cells():
        if kept and blocking((policy,), kept, made.facts, made.now, made.situation):
            stuck = Stuck(kept, (policy,), made)
            return Words(
                f"{_somebody(stuck, 'en')} {_refused(stuck, 'en')} No order of an authority keeps "
                "it in, and nothing else may.",
                f"{_somebody(stuck, 'zh')}{_refused(stuck, 'zh')}"
                "并没有任何机关的冻结文书，而除此之外不得扣留。",
            )
    return None


def _told(stuck: Stuck, language: Language) -> Iterator[str]:
    yield _somebody(stuck, language)
    yield _refused(stuck, language)
    for action_title, outcome in _tries(stuck, language):
        yield (
            f"如果选择“{action_title}”：{outcome}。" if language == "zh"
            else f"If they choose “{action_title}”, {outcome}."
        )  # fmt: skip
    yield (
        "等待没有用，联系客服也没有用。没有任何办法。" if language == "zh"
        else "Waiting does not help, nor does a case with the operator. There is no way out."
    )  # fmt: skip
    if len(stuck.policies) > 1:
        yield (
            "少了其中任何一条规则，都有办法。" if language == "zh"
            else "Without any one of these rules there would be one."
        )  # fmt: skip


def _somebody(stuck: Stuck, language: Language) -> str:
    made = stuck.wallet
    reads = _reads(stuck)
    money = show(made.situation.balance_minor, made.situation.currency)
    known = [
        f"{fact.zh}：{_value(made, name, language)}" if language == "zh"
        else f"{fact.en}: {_value(made, name, language)}"
        for name, fact in FACTS.items() if name in reads and name not in UNTOLD
    ]  # fmt: skip
    if language == "zh":
        return f"一位用户的钱包里有 {money}" + (f"（{'；'.join(known)}）。" if known else "。")
    return f"Somebody has {money} in the wallet" + (f" ({'; '.join(known)})." if known else ".")


def _reads(stuck: Stuck) -> frozenset[str]:
    return frozenset[str]().union(
        *(policy.applies_to.reads | policy.requires.reads for policy in stuck.policies)
    )


def _refused(stuck: Stuck, language: Language) -> str:
    made = stuck.wallet
    wanted = _wanted(stuck, language)
    amount = show(made.amount_minor, made.situation.currency)
    reasons = _reasons(stuck, made.situation, made.facts, language)
    if not reasons:
        return (
            f"想{wanted}，但没有可以使用的银行卡。" if language == "zh"
            else f"They want to {wanted}, but there is no card for it to go to."
        )  # fmt: skip
    if language == "zh":
        return f"想{wanted}（哪怕只有 {amount}）会被拒绝：{reasons}。"
    return f"They want to {wanted}, be it only {amount}, and are refused by {reasons}."


def _tries(stuck: Stuck, language: Language) -> Iterator[tuple[str, str]]:
    """What the holder could do first, and what stands in the way then."""
    made = stuck.wallet
    reads = _reads(stuck)
    for action in EVERY_ACTION:
        if action.code not in OFFERED or not is_own(action, stuck.policies):
            continue
        if action.against and action.against.isdisjoint(reads):
            continue
        for argument in at_any_bank(action, (), made.situation, stuck.policies):
            taken = take(stuck.policies, action, argument, made.situation, made.now, ())
            if taken is None:
                continue
            after = ACTIONS[action.code].effect(taken[-1].before, taken[-1].argument, made.now)
            if after.status == "open":
                does = title(action, taken[-1].argument, made.situation, language)
                yield does, _after_trying(stuck, after, language)


def _after_trying(stuck: Stuck, after: Situation, language: Language) -> str:
    facts = facts_at(after, stuck.wallet.now, stuck.wallet.amount_minor)
    still = _reasons(stuck, after, facts, language)
    if language == "zh":
        return f"会被拒绝：{still}" if still else "其余规则仍然不允许"
    return f"they are refused by {still}" if still else "the other rules still hold them"


def _reasons(stuck: Stuck, situation: Situation, facts: Facts, language: Language) -> str:
    found = []
    for policy in _blocking(stuck, situation, facts):
        why = sentence(
            compare(policy.requires.tree, facts), currency=situation.currency, language=language
        )
        found.append(
            f"“{policy.name}”（{why}）" if language == "zh" else f"“{policy.name}” ({why})"
        )
    return ("、" if language == "zh" else " and ").join(found)


def _blocking(stuck: Stuck, situation: Situation, facts: Facts) -> tuple[Policy, ...]:
    return blocking(stuck.policies, stuck.capabilities, facts, stuck.wallet.now, situation)


def _wanted(stuck: Stuck, language: Language) -> str:
    place = 1 if language == "zh" else 0
    words = [CAPABILITY_WORDS[capability][place] for capability in stuck.capabilities]
    return ("、" if language == "zh" else " or ").join(words)


def _value(made: Cell, name: str, language: Language) -> str:
    fact = FACTS[name]
    value = made.facts[name]
    if isinstance(value, str):
        return fact.word(value, language)
    return show_value(value, fact.unit, currency=made.situation.currency, language=language)
