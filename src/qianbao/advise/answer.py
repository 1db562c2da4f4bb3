"""The advisor's answer: what the rules say, and what may be wrong beside them.

Here a situation is judged by the same decision and planner that holders are told by, and what no
rule explains is set beside what is known (`known.yaml`). Nothing here is drawn or read from a form.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import msgspec

from qianbao.advise.asked import SUPPOSED, Answers, situation
from qianbao.advise.known import Check, Wallet, checks
from qianbao.banks.directory import Bank, get_bank
from qianbao.errors import Language
from qianbao.policy.facts import Situation
from qianbao.policy.policies import Policy, load_pack
from qianbao.policy.reasons import Reason
from qianbao.remedies.actions import OFFERED
from qianbao.remedies.goals import card_linked
from qianbao.remedies.plan import WayOut, plan
from qianbao.settings import Settings
from qianbao.wallets.standing import Standing, judge

_WITHOUT_LEAVING = OFFERED - {"close_wallet", "reopen_wallet"}
_SURE_FIRST = ("sourced", "reported", "assumed")

_ABOUT = {"two_banks": "linked_banks", "document": "document_valid_until"}
"""What a message was about, as the fact that its rule compares."""
_EXPIRED: dict[Language, str] = {
    "en": "You said that your document has expired. Show the new one; the money in the wallet "
    "should still go to your own card.",
    "zh": "您表示证件已过期。请提交新证件；钱包中的资金应仍可提现到本人银行卡。",
}


class Linking(msgspec.Struct, frozen=True):
    """How a card of `bank` gets linked: the cheapest plan, None when none is known."""

    bank: Bank
    way: WayOut | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`unexplained`: the wallet shows a message that no rule explains, so `checks` are what may lie
    behind it, and `if_one_counts` is the standing under the supposition that only the first of the
    linked cards counts. `linkings` are in the order worth trying."""

    standing: Standing
    unexplained: bool
    checks: tuple[Check, ...]
    if_one_counts: Standing | None
    linkings: tuple[Linking, ...]


def answer(
    policies: tuple[Policy, ...],
    settings: Settings,
    wallet: Wallet,
    answers: Answers,
    now: datetime,
) -> Answer:
    """What to tell somebody who answered so."""
    asked = situation(answers, now)
    standing = as_told(judge(policies, settings, asked, now), answers.message)
    will_not_link = answers.message == "name"
    unexplained = answers.message in ("two_banks", "document") and not standing.blockers
    to_check = checks(answers.message, wallet.code, answers.document)
    return Answer(
        standing=standing,
        unexplained=unexplained,
        checks=to_check if unexplained or will_not_link else (),
        if_one_counts=(
            as_told(judge(policies, settings, _one_counts(asked), now), answers.message)
            if unexplained and answers.message == "two_banks"
            else None
        ),
        linkings=_linkings(policies, asked, answers.others, now) if will_not_link else (),
    )


def as_told(found: Standing, message: str) -> Standing:
    """A standing that says nothing but what was answered: the days that `asked.situation` supposes
    are in no sentence and in no comparison. What the wallet's message was about comes first."""
    blockers = [
        msgspec.structs.replace(one, reason=_without_supposed(one.reason)) for one in found.blockers
    ]
    about = _ABOUT.get(message, "")
    first = {one.reason.policy for one in found.blockers if about in _compared(one.reason)}
    blockers.sort(key=lambda one: one.reason.policy not in first)
    coming = tuple(
        msgspec.structs.replace(one, reason=_without_supposed(one.reason)) for one in found.coming
    )
    return msgspec.structs.replace(found, blockers=tuple(blockers), coming=coming)


def _without_supposed(reason: Reason) -> Reason:
    supposed = _compared(reason) & SUPPOSED
    if not supposed:
        return reason
    left = [one for one in reason.compared.comparisons if one.fact not in SUPPOSED]
    compared = msgspec.structs.replace(reason.compared, comparisons=tuple(left), groups=())
    reason = msgspec.structs.replace(reason, compared=compared, deadline=None)
    if "document_valid_until" not in supposed:
        return reason
    return msgspec.structs.replace(reason, sentence_en=_EXPIRED["en"], sentence_zh=_EXPIRED["zh"])


def _compared(reason: Reason) -> set[str]:
    return {leaf.fact for leaf in reason.compared.leaves()}


def in_force(wallet: Wallet, own: tuple[Policy, ...]) -> tuple[Policy, ...]:
    """The policies to advise by: this wallet's own with their dates, the first day of a rollout
    for everybody, since nobody here says which wallet is theirs; another wallet's as already in
    force, since that is what somebody who is locked out has met."""
    if not wallet.rules:
        return tuple(_from_its_first_day(policy) for policy in own)
    return tuple(
        msgspec.structs.replace(policy, timeline=None)
        for policy in load_pack()
        if policy.name in wallet.rules
    )


@lru_cache(maxsize=256)
def _from_its_first_day(policy: Policy) -> Policy:
    if policy.timeline is None or len(policy.timeline.rollout) == 1:
        return policy
    timeline = msgspec.structs.replace(policy.timeline, rollout=(100,), step_days=None)
    return msgspec.structs.replace(policy, timeline=timeline)


def _one_counts(asked: Situation) -> Situation:
    """The same person, of whose cards the wallet counts the first only, and whose other linked
    banks are of no more use."""
    spoilt = asked.card_banks[1:]
    left = tuple(bank for bank in asked.accounts_at or () if bank not in spoilt)
    return msgspec.structs.replace(asked, card_banks=asked.card_banks[:1], accounts_at=left)


def _linkings(
    policies: tuple[Policy, ...], asked: Situation, banks: tuple[str, ...], now: datetime
) -> tuple[Linking, ...]:
    """For each bank the plan that ends with its card linked, those first of which it is known how
    they print a name, then the cheaper."""
    found = []
    for code in banks:
        alone = msgspec.structs.replace(asked, accounts_at=(*asked.card_banks, code))
        ways = plan(policies, alone, now, card_linked(code), limit=1, offered=_WITHOUT_LEAVING)
        found.append(Linking(get_bank(code), ways[0] if ways else None))
    return tuple(sorted(found, key=_worth_trying))


def _worth_trying(linking: Linking) -> tuple[bool, int, int]:
    minutes = (linking.way.minutes or 0) if linking.way else 0
    return linking.way is None, _SURE_FIRST.index(linking.bank.name.confidence), minutes
