"""The proof, before anything is published, that a set of policies leaves everybody a way out.

For every abstract wallet (`policy.space`) that the rules on a capability can tell apart, under no
legal order, the very functions that decide and plan are asked: is it blocked, and is there a way
(`recipes`)? Under a legal order the way is a case with the authority; it leads to one of these
wallets.

Wallets are looked at with the smallest amount, and with those that rules name: who may ask for less
always can. Sums (moved since opening, paid this year) stand at each rule's cuts, so that "used up"
is among them; money is stuck when not even the smallest amount can ever leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from qianbao.policy.decide import blocking, clears_at
from qianbao.policy.lint import (
    Finding,
    condition_field,
    in_force,
    line_of,
    lint_conditions,
    space_of_policies,
)
from qianbao.policy.policies import CAPABILITIES, OUT_OF_THE_BALANCE, Policy, Words
from qianbao.policy.space import Cell, cell
from qianbao.remedies.recipes import SMALLEST_MINOR, Search, has_way
from qianbao.remedies.stories import Stuck, names_in, story_of

Tell = Callable[[int, int], None]
"""Told how many wallets were looked at, of at most how many."""

WITHOUT_CODE_MINOR = 20_000
"""What somebody without a phone must be able to withdraw at a time, on some day: a product
decision. In five times it empties a Category I wallet."""

WALLETS_MOST = 400_000
"""Wallets looked at for one capability; a set of policies that tells more apart is not proven."""


CAUSES_MOST = 20
"""Wallets told of for one capability; who has mended so many looks again."""


def lint(policies: tuple[Policy, ...], tell: Tell = lambda _done, _total: None) -> list[Finding]:
    """Everything wrong with `policies` taken together, the gravest first; empty when they are
    sound. They are looked at as they will be once all are enforced, with no grace left."""
    whole = in_force(policies)
    found = [*_ways(whole, tell), *_without_phone(whole), *lint_conditions(whole)]
    return sorted(found, key=lambda finding: finding.severity != "error")


def _without_phone(policies: tuple[Policy, ...]) -> Iterator[Finding]:
    """A code never comes to a phone that is lost or abroad, and most of what else could be done
    takes a code, too. So waiting has to be enough for `WITHOUT_CODE_MINOR` to leave, time and
    again: a fen at a time empties no wallet."""
    asking = tuple(
        msgspec.structs.replace(policy, blocks=("withdraw",), asks=(), asks_before=())
        for policy in policies
        if "code" in policy.asks and "withdraw" in policy.asks_before
    )
    if asking and any(_is_asked_for_ever(asking, made) for made in _without_code(asking)):
        last, names = asking[-1], names_in(asking)
        yield Finding(
            code="traps_money",
            severity="error",
            policies=tuple(policy.name for policy in reversed(asking)),
            line=line_of(last, condition_field(last)),
            message=Words(
                f"Money can get stuck: {names.en} can ask somebody for a code before every "
                f"withdrawal of {WITHOUT_CODE_MINOR / 100:,.2f}, whatever the day; nobody whose "
                "phone is lost can bring one.",
                f"资金可能被困：{names.zh}会让某些用户不论何时，提现 "
                f"{WITHOUT_CODE_MINOR / 100:,.2f} 元都须提供验证码；手机遗失的用户无法提供。",
            ),
        )


def _without_code(policies: tuple[Policy, ...]) -> Iterator[Cell]:
    """The wallets that these tell apart, each asking for what has to leave without a code: so much
    at a time, and the least that may be left over."""
    for made in space_of_policies(policies, legal_hold=False).cells():
        for amount_minor in (WITHOUT_CODE_MINOR, SMALLEST_MINOR):
            asking = cell(made.choices | {"amount_minor": amount_minor})
            if asking is not None:
                yield asking


def _is_asked_for_ever(asking: tuple[Policy, ...], made: Cell) -> bool:
    wanted = ["withdraw"]
    return bool(blocking(asking, wanted, made.facts, made.now, made.situation)) and (
        clears_at(asking, made.situation, made.now, wanted, made.amount_minor) is None
    )


def _ways(policies: tuple[Policy, ...], tell: Tell) -> list[Finding]:
    spaces = {
        alike: space_of_policies(_touching(policies, alike[0]), legal_hold=False)
        for alike in _alike(policies)
    }
    total = sum(min(space.size(), WALLETS_MOST) for space in spaces.values())
    begun, stuck, found = 0, list[Stuck](), list[Finding]()
    for alike, space in spaces.items():
        capability = alike[0]
        search = Search(policies, capability)
        causes = 0
        for number, made in enumerate(islice(space.cells(), WALLETS_MOST)):
            tell(begun + number, total)
            if not _is_told(stuck, capability, made) and not search.has_way(made):
                shortest = _shortest(policies, capability, made)
                stuck.append(msgspec.structs.replace(shortest, capabilities=alike))
                causes += 1
                if causes == CAUSES_MOST:
                    break
        begun += min(space.size(), WALLETS_MOST)
        if space.size() > WALLETS_MOST:
            found.append(_too_many(policies, capability))
    tell(total, total)
    return found + [_finding(one) for one in _joined(stuck)]


def _alike(policies: tuple[Policy, ...]) -> list[tuple[str, ...]]:
    """The capabilities in groups, withdrawing first: what the same rules block, and is paid from
    the same money, has the same ways out, and one proof does for all of it."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for capability in sorted(CAPABILITIES, key=lambda capability: capability != "withdraw"):
        own = tuple(policy for policy in policies if capability in policy.blocks)
        kind = (own, capability == "withdraw", capability in OUT_OF_THE_BALANCE)
        groups.setdefault(kind, []).append(capability)
    return [tuple(alike) for alike in groups.values()]


def _touching(policies: tuple[Policy, ...], capability: str) -> list[Policy]:
    """The policies that a way to `capability` has to do with: closing and withdrawing are steps."""
    wanted = {capability, "withdraw", "close"}
    return [policy for policy in policies if wanted.intersection(policy.blocks)]


def _is_told(stuck: list[Stuck], capability: str, made: Cell) -> bool:
    """Whether the same rules keep this wallet from the same capability as one found before."""
    return any(
        capability in one.capabilities
        and set(one.unmet)
        <= {
            p.name
            for p in blocking(one.policies, [capability], made.facts, made.now, made.situation)
        }
        for one in stuck
    )


def _shortest(policies: tuple[Policy, ...], capability: str, made: Cell) -> Stuck:
    """The same trouble with as few policies, and as little unusual about the wallet, as will do."""
    for policy in policies:
        fewer = tuple(other for other in policies if other is not policy)
        if not has_way(fewer, capability, made):
            policies = fewer
    for part in made.choices:
        plainer = cell({name: value for name, value in made.choices.items() if name != part})
        if plainer is not None and not has_way(policies, capability, plainer):
            made = plainer
    return Stuck((capability,), policies, made)


def _joined(stuck: list[Stuck]) -> list[Stuck]:
    """The shortest for each cause: one for the same policies, whichever capabilities they keep
    somebody from; none where fewer of them do that already."""
    joined: list[Stuck] = []
    for one in sorted(stuck, key=lambda one: len(one.policies)):
        same = next((other for other in joined if other.policies == one.policies), None)
        if same is not None:
            both = tuple(dict.fromkeys((*same.capabilities, *one.capabilities)))
            joined[joined.index(same)] = msgspec.structs.replace(same, capabilities=both)
        elif not any(_is_part(other, one) for other in joined):
            joined.append(one)
    return joined


def _is_part(one: Stuck, other: Stuck) -> bool:
    return set(one.capabilities) >= set(other.capabilities) and {
        policy.name for policy in one.policies
    } < {policy.name for policy in other.policies}


def _finding(one: Stuck) -> Finding:
    last = one.policies[-1]
    is_trap = "withdraw" in one.capabilities
    names = names_in(one.policies)
    trap = Words(
        f"Money can get stuck: with {names.en} there is a wallet from which nothing can ever "
        "be withdrawn.",
        f"资金可能被困：在{names.zh}下，有的钱包永远无法提现。",
    )
    block = Words(
        f"{names.en} can block somebody for whom there is no way out.",
        f"{names.zh}会让某些用户受限且没有任何解决办法。",
    )
    return Finding(
        code="traps_money" if is_trap else "no_way_out",
        severity="error",
        policies=tuple(policy.name for policy in reversed(one.policies)),
        line=line_of(last, condition_field(last)),
        message=trap if is_trap else block,
        story=story_of(one),
    )


def _too_many(policies: tuple[Policy, ...], capability: str) -> Finding:
    last = _touching(policies, capability)[-1]
    return Finding(
        code="not_proven",
        severity="warning",
        policies=(last.name,),
        line=line_of(last, condition_field(last)),
        message=Words(
            f"The rules on {capability} tell more than {WALLETS_MOST:,} wallets apart; the "
            "simplest were looked at, the rest is not proven.",
            f"有关 {capability} 的规则能区分出超过 {WALLETS_MOST:,} 种钱包；"
            "只检查了其中较简单的，其余未作证明。",
        ),
    )
