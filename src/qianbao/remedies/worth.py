"""Which actions a plan takes further, and with what: those that can bring it nearer to its goal.

Here belongs what keeps the search small without keeping a way from it; the search is `plan`, and
the proof (`lint`) takes the same steps.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from sqlglot import exp

from qianbao.policy.cuts import lines_of
from qianbao.policy.facts import Situation
from qianbao.policy.normal import leaves_of, normal_form
from qianbao.policy.policies import Policy
from qianbao.policy.spells import can_change_by_waiting
from qianbao.remedies.actions import Action
from qianbao.remedies.needs import OTHER_BANK, bank_to_spare
from qianbao.remedies.take import Taken

LINKS_MOST = 6
"""Cards linked in one plan: five channels are the most that any category asks for, and one may
have been needed to withdraw."""


def is_worth_it(action: Action, taken: tuple[Taken, ...], unmet: tuple[Policy, ...]) -> bool:
    """Whether an action can bring a plan nearer to its goal: what it moves is read by a rule that
    stands in the way, and it has not just been undone or done often enough."""
    if not is_own(action, unmet):
        return False
    before = [one.action for one in taken]
    if action.code == "close_wallet" and ("close_wallet" in before or before[-1:] == ["link_card"]):
        return False
    if action.code == "link_card" and before.count("link_card") >= LINKS_MOST:
        return False
    if not action.certain and "wait_until" in before:
        return False  # nobody waits to ask: what comes by itself comes meanwhile
    if action.code == "unlink_card":
        return any(_eases(policy) for policy in unmet)
    if not action.against or any(action.against & _reads(policy) for policy in unmet):
        return True
    if action.code == "link_card" and not unmet:  # the card itself is what is wanted
        return True
    return action.ahead and any(can_change_by_waiting(policy) for policy in unmet)


def is_own(action: Action, unmet: tuple[Policy, ...]) -> bool:
    """Whether a plan takes it by itself, and not only because another action needs it."""
    return action.for_itself or any(action.eases & _reads(policy) for policy in unmet)


def looked_back(taken: tuple[Taken, ...]) -> tuple[int, bool, bool]:
    """All that `is_worth_it` and `at_any_bank` read of what was taken, waiting apart: cards linked,
    whether the wallet was closed, and whether a card was linked last."""
    codes = [one.action for one in taken]
    return codes.count("link_card"), "close_wallet" in codes, codes[-1:] == ["link_card"]


def at_any_bank(
    action: Action, taken: tuple[Taken, ...], situation: Situation, unmet: tuple[Policy, ...]
) -> tuple[str, ...]:
    """What an action is worth taking with where nothing is known of the holder's banks: what is
    linked next may be any. Which card is unlinked, rules see by how many of its bank are left; no
    bank that was just linked is left again."""
    if action.code != "unlink_card":
        return ("",)
    eases = frozenset[str]().union(*(_eases(policy) for policy in unmet))
    cards = Counter(situation.card_banks)
    found = [bank_to_spare(situation)] if "card" in eases else []
    found += (
        [min(reversed(cards), key=lambda bank: cards[bank])] if "bank" in eases and cards else []
    )
    has_linked = any(one.action == "link_card" for one in taken)
    return tuple(bank for bank in dict.fromkeys(found) if cards[bank] > has_linked)


def bank_choices(situation: Situation, banks: tuple[str, ...]) -> tuple[str, ...]:
    """The banks worth linking next: the first of the holder's own that knows the present document;
    failing that the first that knows an old one, or any other bank ("")."""
    own = [
        bank
        for bank in (*banks, *(situation.accounts_at or ()), *situation.stale_banks)
        if bank not in situation.card_banks and not bank.startswith(OTHER_BANK)
    ]
    fresh = [bank for bank in own if bank not in situation.stale_banks]
    return (fresh[0],) if fresh else (*own[:1], "")


def _reads(policy: Policy) -> frozenset[str]:
    return policy.applies_to.reads | policy.requires.reads


_BY_UNLINKING: dict[str, frozenset[str]] = {
    "card": frozenset({"linked_cards"}),
    "bank": frozenset({"linked_cards", "linked_banks", "channels"}),
}
"""The facts that are one less once a card is unlinked: of a bank with more, or a bank's last."""


@lru_cache(maxsize=1024)
def _eases(policy: Policy) -> frozenset[str]:
    """Whether unlinking a card of a bank with more ("card"), or a bank's last ("bank"), can make
    somebody meet a policy, or be none of its business: a sum becomes small enough, or is hit."""
    trees = (policy.requires.tree, normal_form(policy.applies_to.tree, negate=True))
    leaves = [leaf for tree in trees for leaf in leaves_of(tree)]
    return frozenset(
        kind
        for kind, fall in _BY_UNLINKING.items()
        if any(_comes_true(one, fall) for one in leaves)
    )


def _comes_true(leaf: exp.Expression, fall: frozenset[str]) -> bool:
    """Whether a comparison can become TRUE when each of these facts is one less."""
    less = [sum(w for name, w in line.weights if name in fall) for line in lines_of([leaf])]
    match leaf:
        case exp.LT() | exp.LTE():
            return any(by > 0 for by in less)
        case exp.GT() | exp.GTE():
            return any(by < 0 for by in less)
    return any(less)
