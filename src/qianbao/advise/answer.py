"""The advisor's answer: what the rules say, and what may be wrong beside them.

Here a situation is judged by the same decision and planner that holders are told by, and what no
rule explains is set beside what is known (`known.yaml`). Nothing here is drawn or read from a form.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.advise.asked import Answers, situation
from qianbao.advise.known import Check, Wallet, checks
from qianbao.banks.directory import Bank, get_bank
from qianbao.policy.facts import Situation
from qianbao.policy.policies import Policy, load_pack
from qianbao.remedies.actions import OFFERED
from qianbao.remedies.goals import card_linked
from qianbao.remedies.plan import WayOut, plan
from qianbao.settings import Settings
from qianbao.wallets.standing import Standing, judge

_WITHOUT_LEAVING = OFFERED - {"close_wallet", "reopen_wallet"}
_SURE_FIRST = ("sourced", "reported", "assumed")


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
    standing = judge(policies, settings, asked, now)
    will_not_link = answers.message == "name"
    unexplained = answers.message in ("two_banks", "document") and not standing.blockers
    to_check = checks(answers.message, wallet.code, answers.document)
    return Answer(
        standing=standing,
        unexplained=unexplained,
        checks=to_check if unexplained or will_not_link else (),
        if_one_counts=(
            judge(policies, settings, _one_counts(asked), now)
            if unexplained and answers.message == "two_banks"
            else None
        ),
        linkings=_linkings(policies, asked, answers.others, now) if will_not_link else (),
    )


def in_force(wallet: Wallet, own: tuple[Policy, ...]) -> tuple[Policy, ...]:
    """The policies to advise by: this wallet's own with their dates; another wallet's as already in
    force for everybody, since that is what somebody who is locked out has met."""
    if not wallet.rules:
        return own
    return tuple(
        msgspec.structs.replace(policy, timeline=None, enforced_percent=100)
        for policy in load_pack()
        if policy.name in wallet.rules
    )


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
