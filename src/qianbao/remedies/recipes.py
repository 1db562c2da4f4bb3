"""Whether one abstract wallet after another has a way, by recipes: what helped one is tried first
on the next, so that most are settled without a search.

Every step that a recipe takes is one that `plan` would take; the proof over all wallets is `lint`.
"""

from __future__ import annotations

from datetime import datetime

from qianbao.policy.decide import blocking
from qianbao.policy.facts import Facts, Situation, facts_at
from qianbao.policy.policies import Policy
from qianbao.policy.space import ORDINARY, Cell, cell
from qianbao.policy.spells import KnownSpells
from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.goals import Goal, allowed, is_reached
from qianbao.remedies.plan import WayOut, plan
from qianbao.remedies.prove import replay
from qianbao.remedies.relief import let_through, worth_waiting_for
from qianbao.remedies.take import Taken, take
from qianbao.remedies.worth import at_any_bank, is_own, is_worth_it, looked_back

Recipe = tuple[str, ...]
"""Actions taken one after another, each with whatever it needs first."""

SMALLEST_MINOR: int = ORDINARY["amount_minor"]

_ALIKE = ("sources", "document_valid_until")
"""The parts of a wallet on which the steps that help depend most."""


def has_way(policies: tuple[Policy, ...], capability: str, made: Cell) -> bool:
    """Whether the wallet may use `capability`, or there is a way for it to; money can leave only
    when it may be withdrawn and there is a card it can go to."""
    return Search(policies, capability).has_way(made)


class Search:
    """The recipes that helped wallets which the same policies blocked, the last one first; `last`
    of those with the same sources and document."""

    def __init__(self, policies: tuple[Policy, ...], capability: str) -> None:
        self.policies, self.capability = policies, capability
        self.recipes: dict[tuple[Policy, ...], list[Recipe]] = {}
        self.last: dict[object, Recipe] = {}
        self.every: list[Recipe] = []
        self.known: dict[object, bool] = {}
        self.spells: KnownSpells = {}
        self.begun: tuple[Cell, tuple[Policy, ...]] | None = None
        """The wallet that is looked at, and what blocks it."""
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
        self.begun = (made, unmet)
        own = self.recipes.setdefault(unmet, [])
        alike = (unmet, *(made.choices.get(part) for part in _ALIKE))
        last = self.last.get(alike)
        if last is not None and self._leads(last, made):
            return True
        for recipe in (*own, *(other for other in self.every if other not in own)):
            if recipe != last and self._leads(recipe, made):
                _first(own, recipe)
                self.last[alike] = recipe
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
        unmet = self._judged(made.situation, made.now, made.amount_minor)[1]
        recipe = tuple(
            step.action
            for step in way.steps
            if is_own(ACTIONS[step.action], unmet) or step.action in ("wait_until", "lower_amount")
        )
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
        return self._goes(recipe, (), made.situation, made.now, made.amount_minor)

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
        place = (recipe, looked_back(done), situation, moment, amount_minor)
        found = self.known.get(place)
        if found is None:
            found = self.known[place] = self._goes(recipe, done, situation, moment, amount_minor)
        return found

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
        facts, unmet = self._judged(situation, moment, amount_minor)
        if action.code == "wait_until":
            ends = worth_waiting_for(
                self.policies, situation, moment, goal, unmet, facts, self.spells
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

    def _judged(
        self, situation: Situation, moment: datetime, amount_minor: int
    ) -> tuple[Facts, tuple[Policy, ...]]:
        """Its facts, and what blocks it, which is known of the wallet that is looked at."""
        if self.begun is not None:
            made, unmet = self.begun
            if made.situation is situation and (made.now, made.amount_minor) == (
                moment,
                amount_minor,
            ):
                return made.facts, unmet
        facts = facts_at(situation, moment, amount_minor)
        return facts, blocking(self.policies, [self.capability], facts, moment, situation)

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
