"""The proof, before anything is published, that a set of policies leaves everybody a way out.

For every abstract wallet (`policy.space`) that the rules on a capability can tell apart, under no
legal order, the very functions that decide and plan are asked: is it blocked, and is there a way? A
way found for one wallet is tried first on the next, so that most are settled without a search.
Under a legal order the way is a case with the authority; it leads to one of these wallets.

Wallets are looked at with the smallest amount, and with those that rules name: who may ask for less
always can. Sums (moved since opening, paid this year) stand at each rule's cuts, so that "used up"
is among them; money is stuck when not even the smallest amount can ever leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

import msgspec

from qianbao.policy.decide import blocking, clears_at
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.lint import (
    Finding,
    condition_field,
    in_force,
    line_of,
    lint_conditions,
    space_of_policies,
)
from qianbao.policy.policies import CAPABILITIES, OUT_OF_THE_BALANCE, Policy, Words
from qianbao.policy.space import ORDINARY, Cell, cell
from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.goals import Goal, allowed, is_reached
from qianbao.remedies.plan import WayOut, plan
from qianbao.remedies.prove import replay
from qianbao.remedies.relief import Ends, let_through, worth_waiting_for
from qianbao.remedies.stories import Stuck, names_in, story_of
from qianbao.remedies.take import Taken, take
from qianbao.remedies.worth import at_any_bank, is_worth_it

Tell = Callable[[int, int], None]
"""Told how many wallets were looked at, of at most how many."""

Recipe = tuple[str, ...]
"""Actions taken one after another, each with whatever it needs first."""

SMALLEST_MINOR: int = ORDINARY["amount_minor"]

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


def has_way(policies: tuple[Policy, ...], capability: str, made: Cell) -> bool:
    """Whether the wallet may use `capability`, or there is a way for it to; money can leave only
    when it may be withdrawn and there is a card it can go to."""
    return Search(policies, capability).has_way(made)


class Search:
    """The recipes that helped wallets which the same policies blocked, the last one first."""

    def __init__(self, policies: tuple[Policy, ...], capability: str) -> None:
        self.policies, self.capability = policies, capability
        self.recipes: dict[tuple[Policy, ...], list[Recipe]] = {}
        self.every: list[Recipe] = []
        self.known: dict[object, bool] = {}
        self.ends: Ends = {}
        self.helped: set[tuple[Situation, datetime]] = set()
        """The wallets that have a way for the smallest amount."""

    def has_way(self, made: Cell) -> bool:
        unmet = blocking(self.policies, [self.capability], made.facts, made.now, made.situation)
        found = (
            (not unmet and self._can_leave(made.situation, made.now))
            or self._has_for_less(made, unmet)
            or self._is_helped(made, unmet)
        )
        if found and made.amount_minor == SMALLEST_MINOR:
            self.helped.add((made.situation, made.now))
        return found

    def _is_helped(self, made: Cell, unmet: tuple[Policy, ...]) -> bool:
        goal = allowed(self.capability, amount_minor=made.amount_minor)
        own = self.recipes.setdefault(unmet, [])
        for recipe in (*own, *(other for other in self.every if other not in own)):
            if self._leads(recipe, made):
                _first(own, recipe)
                return True
        return self._finds(made, goal, unmet)

    def _finds(self, made: Cell, goal: Goal, unmet: tuple[Policy, ...]) -> bool:
        for way in plan(self.policies, made.situation, made.now, goal, limit=1):
            after, moment, _ = replay(self.policies, made.situation, made.now, goal, way)
            if self._can_leave(after, moment):
                recipe = self._without_cures(way, made)
                if self._leads(recipe, made):
                    _first(self.every, recipe)
                    _first(self.recipes[unmet], recipe)
                return True
        return False

    def _without_cures(self, way: WayOut, made: Cell) -> Recipe:
        """The steps of a plan without those that others bring with them."""
        recipe = tuple(step.action for step in way.steps if _is_own(step.action))
        for place in reversed(range(len(recipe))):
            fewer = recipe[:place] + recipe[place + 1 :]
            if self._leads(fewer, made):
                recipe = fewer
        return recipe

    def _has_for_less(self, made: Cell, unmet: tuple[Policy, ...]) -> bool:
        """Whether only limits stand in the way of so large an amount, and there is a way for the
        smallest: each limit that refuses says how much it lets through."""
        if made.amount_minor <= SMALLEST_MINOR:
            return False
        facts = made.facts | {"amount_minor": SMALLEST_MINOR}
        still = blocking(self.policies, [self.capability], facts, made.now, made.situation)
        if any(policy.limit is None for policy in unmet if policy not in still):
            return False
        if (made.situation, made.now) in self.helped:
            return True
        smallest = cell(made.choices | {"amount_minor": SMALLEST_MINOR})
        return smallest is not None and self.has_way(smallest)

    def _leads(self, recipe: Recipe, made: Cell) -> bool:
        """Whether the recipe helps this wallet, each step being one that `plan` would take here."""
        return self._goes_on(recipe, (), made.situation, made.now, made.amount_minor)

    def _goes_on(
        self,
        recipe: Recipe,
        done: tuple[Taken, ...],
        situation: Situation,
        moment: datetime,
        amount_minor: int,
    ) -> bool:
        """The same of what is left of it. Wallets that differed at first become alike on the way,
        and what was found of one is true of the next."""
        codes = tuple(one.action for one in done)
        place = (recipe, codes, situation, moment, amount_minor)
        if place not in self.known:
            self.known[place] = self._goes(recipe, done, situation, moment, amount_minor)
        return self.known[place]

    def _goes(
        self,
        recipe: Recipe,
        done: tuple[Taken, ...],
        situation: Situation,
        moment: datetime,
        amount_minor: int,
    ) -> bool:
        goal = allowed(self.capability, amount_minor=amount_minor)
        if not recipe:
            return is_reached(self.policies, situation, moment, goal) and self._can_leave(
                situation, moment
            )
        action, left = ACTIONS[recipe[0]], recipe[1:]
        facts = facts_at(situation, moment, amount_minor)
        unmet = blocking(self.policies, goal.capabilities, facts, moment, situation)
        if action.code == "wait_until":
            ends = worth_waiting_for(
                self.policies, situation, moment, goal, unmet, facts, self.ends
            )
            if not ends:
                return False
            waited = action.effect(situation, ends[-1].isoformat(), moment)
            return self._goes_on(left, done, waited, ends[-1], amount_minor)
        if action.code == "lower_amount":
            let, whole = let_through(unmet, situation, goal, facts)
            if left[:1] == ("wait_until",):
                let = whole
            if not 0 < let < amount_minor or any(one.limit is None for one in unmet):
                return False
            return self._goes_on(left, done, situation, moment, let)
        if not is_worth_it(action, done, unmet):
            return False
        for argument in at_any_bank(action, done, situation, unmet):
            taken = take(self.policies, action, argument, situation, moment, ())
            if taken is not None:
                after = action.effect(taken[-1].before, taken[-1].argument, moment)
                if self._goes_on(left, (*done, *taken), after, moment, amount_minor):
                    return True
        return False

    def _can_leave(self, situation: Situation, moment: datetime) -> bool:
        """Whether there is, or can be, a card for the money to go to."""
        if self.capability != "withdraw" or situation.card_banks:
            return True
        return any(
            take(self.policies, ACTIONS[code], "", situation, moment, ()) is not None
            for code in ("link_card", "link_card_to_withdraw")
        )


def _first(recipes: list[Recipe], recipe: Recipe) -> None:
    """Moves `recipe` to the front, or adds it there."""
    if recipe in recipes:
        recipes.remove(recipe)
    recipes.insert(0, recipe)


def _is_own(code: str) -> bool:
    """Whether a step is one that a plan takes by itself; the others come with what needs them."""
    return ACTIONS[code].for_itself or code in ("wait_until", "lower_amount")


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
