"""The search for ways out: the cheapest distinct plans from a situation to a goal.

Uniform-cost search over actions. Where an action needs something that another action cures, the
cure is taken first, so that clearing up before closing costs no search. A plan ends where the very
function that decides payments says "allowed"; when that will not last, the search goes on from
there, against the rule that will end it. Nothing here knows any policy or any solution.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import count

import msgspec

from qianbao.policy.decide import HORIZON_DAYS, Change, blocking, changes
from qianbao.policy.facts import Facts, Situation, facts_at
from qianbao.policy.policies import Actor, Policy
from qianbao.remedies.actions import ACTIONS, EVERY_ACTION, OFFERED, Action
from qianbao.remedies.goals import Goal, is_reached
from qianbao.remedies.relief import let_through, worth_waiting_for
from qianbao.remedies.take import Taken, take
from qianbao.remedies.titles import count_of, title
from qianbao.remedies.worth import at_any_bank, bank_choices, is_worth_it

VISIT_MINUTES = 240
LOSS_MINUTES = 60
TEMPORARY_MINUTES = 240
SOMEBODY_ELSE_MINUTES = 480
"""What a plan's drawbacks weigh against minutes of the holder's own time, when plans are put in
order: a visit, each step that loses something, lapsing again, depending on somebody else."""

NODES_MOST = 120
"""Situations looked further from before the search settles for the ways it has come upon."""
NODES_AFTER_WAITING = 1_000
"""The same where nothing was found without waiting: few wallets, each with much in its way."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do. `argument` as in `Action.takes`; `needs` is what to have at hand; `minutes`
    None: nobody can say."""

    action: str
    argument: str
    title_en: str
    title_zh: str
    needs_en: tuple[str, ...]
    needs_zh: tuple[str, ...]
    minutes: int | None
    visit: bool
    who: Actor
    screen: str
    api: str


class WayOut(msgspec.Struct, frozen=True, kw_only=True):
    """Steps after which the goal is reached. `certain`: it follows once they are done; otherwise an
    authority decides, nobody can promise anything, and `minutes` are None. `minutes` are the
    holder's own, without waiting. `temporary_until`: when it stops holding if what was wanted is
    done then and nothing else, `because` of these policies, by name and by title; None: nothing
    known ends it. `who` must act besides the holder, if anybody."""

    steps: tuple[Step, ...]
    certain: bool
    minutes: int | None
    visit: bool
    loses_en: tuple[str, ...]
    loses_zh: tuple[str, ...]
    reversible: bool
    who: Actor
    temporary_until: datetime | None
    because: tuple[str, ...]
    because_en: tuple[str, ...]
    because_zh: tuple[str, ...]


def plan(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    goal: Goal,
    limit: int = 4,
    offered: frozenset[str] = OFFERED,
) -> tuple[WayOut, ...]:
    """At most `limit` ways from `situation` at `now` to `goal`, best first; none when it is reached
    already, or when no way is known. No plan holds all steps of a better one and more besides,
    unless it is the lasting one among temporary ones; where the search comes upon a lasting way,
    one is among the answers."""
    if is_reached(policies, situation, now, goal):
        return ()
    search = _Search(policies, offered, _known_banks(situation, goal), situation, now)
    start = _Node(situation, now, goal, (), 0)
    found = _found_from(search, [start], limit)
    if not found:  # what only an authority can lift is asked for before all else
        asked = [one for one in _children(search, start) if not _is_certain(one)]
        found = _found_from(search, asked, limit)
    return tuple(_way_out(search, node) for node in found)


def _found_from(search: _Search, starts: list[_Node], limit: int) -> list[_Node]:
    waits: list[_Node] = []
    found = _searched(search, starts, limit, waits, NODES_MOST)
    # Waiting is dear, and so much was looked at before it.
    return found or _searched(search, waits, limit, [], NODES_AFTER_WAITING)


def _is_certain(node: _Node) -> bool:
    return all(ACTIONS[one.action].certain for one in node.taken)


def _searched(
    search: _Search, starts: list[_Node], limit: int, waits: list[_Node], most: int
) -> list[_Node]:
    """Where the search comes to from `starts`, best first; `waits` is filled with what it came upon
    by waiting."""
    frontier = _Frontier()
    for start in starts:
        frontier.add(start)
    seen: set[tuple[Situation, datetime, int]] = set()
    found: list[_Node] = []
    while frontier.nodes and (len(found) < limit or not _any_lasts(found)):
        node = frontier.cheapest()
        if _is_beaten(node, found):
            continue
        reached = is_reached(search.policies, node.situation, node.moment, node.goal)
        if reached and node.lapses is not None:
            found = _kept(found, node, limit)
            continue
        if reached:  # now that it is wanted: until when it holds; a lasting way may still beat it
            node = _weighed(search, node)
            frontier.add(node)  # and what makes it last, looked for next, comes after it
        if node.lapses != () and node.key not in seen and len(seen) < most:
            seen.add(node.key)
            for child in _children(search, node):
                frontier.add(child)
                if child.taken[-1].action == "wait_until":
                    waits.append(child)
    return found


def _any_lasts(found: list[_Node]) -> bool:
    return any(node.lapses == () for node in found)


def _kept(found: list[_Node], node: _Node, limit: int) -> list[_Node]:
    """`found` with `node`; when there are enough already, only a lasting one is still wanted."""
    if len(found) < limit:
        return [*found, node]
    return [*found[: limit - 1], node] if node.lapses == () else found


def _is_beaten(node: _Node, found: list[_Node]) -> bool:
    """Whether one of `found` does with less. What might be the first way to last is not beaten by
    ways that do not."""
    may_be_first = node.lapses in (None, ()) and not _any_lasts(found)
    kinds = _kinds(node.taken)
    return any(
        kinds >= _kinds(better.taken) for better in found if better.lapses == () or not may_be_first
    )


class _Search(msgspec.Struct, frozen=True, eq=False):
    policies: tuple[Policy, ...]
    offered: frozenset[str]
    banks: tuple[str, ...]
    situation: Situation
    now: datetime


class _Node(msgspec.Struct, frozen=True, eq=False):
    situation: Situation
    moment: datetime
    goal: Goal
    taken: tuple[Taken, ...]
    cost: int
    lapses: tuple[Change, ...] | None = None
    """When the goal, reached here, is lost again; None: not looked at yet."""

    @property
    def key(self) -> tuple[Situation, datetime, int]:
        return self.situation, self.moment, self.goal.amount_minor


class _Frontier:
    """The situations to look at, cheapest first; of equals, the one found first."""

    def __init__(self) -> None:
        self.nodes: list[tuple[int, int, _Node]] = []
        self._order = count()

    def add(self, node: _Node) -> None:
        heapq.heappush(self.nodes, (node.cost, next(self._order), node))

    def cheapest(self) -> _Node:
        return heapq.heappop(self.nodes)[2]


def _children(search: _Search, node: _Node) -> Iterator[_Node]:
    goal, situation, moment = node.goal, node.situation, node.moment
    facts = facts_at(situation, moment, goal.amount_minor)
    unmet = blocking(search.policies, goal.capabilities, facts, moment, situation)
    if node.lapses:
        ends = node.lapses[0].policies
        unmet = tuple(policy for policy in search.policies if policy.name in ends)
    for action in EVERY_ACTION:
        if action.code in search.offered and is_worth_it(action, node.taken, unmet):
            for argument in _arguments(search, node, action, unmet):
                taken = take(search.policies, action, argument, situation, moment, search.banks)
                if taken is not None and search.offered.issuperset(one.action for one in taken):
                    yield _after(node, taken)
    if not node.lapses:
        yield from _last_steps(search, node, unmet, facts)


def _arguments(
    search: _Search, node: _Node, action: Action, unmet: tuple[Policy, ...]
) -> tuple[str, ...]:
    if action.code == "link_card":
        return bank_choices(node.situation, search.banks)
    return at_any_bank(action, node.taken, node.situation, unmet)


def _known_banks(situation: Situation, goal: Goal) -> tuple[str, ...]:
    """Banks where the holder surely has a card, the goal's first: after closing, they are the ones
    to come back with."""
    wanted = (goal.card_bank,) if goal.card_bank is not None else ()
    return tuple(dict.fromkeys((*wanted, *situation.card_banks)))


def _last_steps(
    search: _Search, node: _Node, unmet: tuple[Policy, ...], facts: Facts
) -> Iterator[_Node]:
    """Waiting, asking for less, or both. What waiting alone does not bring about goes on from
    there."""
    goal, situation = node.goal, node.situation
    if situation.status != "open" or not goal.capabilities:
        return
    if goal.card_bank is not None and goal.card_bank not in situation.card_banks:
        return
    yield from _waiting(search, node, unmet, facts)
    if "lower_amount" not in search.offered or any(policy.limit is None for policy in unmet):
        return
    left, whole = let_through(unmet, situation, goal, facts)
    if 0 < left < goal.amount_minor:
        yield _asking_for(left, node)
    if left < whole < goal.amount_minor:
        lowered = facts | {"amount_minor": whole}
        yield from _waiting(search, _asking_for(whole, node), unmet, lowered)


def _waiting(
    search: _Search, node: _Node, unmet: tuple[Policy, ...], facts: Facts
) -> Iterator[_Node]:
    if "wait_until" not in search.offered:
        return
    at = (node.situation, node.moment, node.goal)
    for clear in worth_waiting_for(search.policies, *at, unmet, facts):
        waited = Taken("wait_until", clear.isoformat(), node.situation)
        hours = int((clear - node.moment).total_seconds()) // 3600
        after = msgspec.structs.replace(_after(node, (waited,)), moment=clear)
        yield msgspec.structs.replace(after, cost=after.cost + hours)


def _asking_for(amount_minor: int, node: _Node) -> _Node:
    lowered = Taken("lower_amount", str(amount_minor), node.situation)
    goal = msgspec.structs.replace(node.goal, amount_minor=amount_minor)
    return msgspec.structs.replace(_after(node, (lowered,)), goal=goal)


def _after(node: _Node, taken: tuple[Taken, ...]) -> _Node:
    last = taken[-1]
    situation = ACTIONS[last.action].effect(last.before, last.argument, node.moment)
    cost = node.cost + sum(_cost(one) for one in taken)
    return _Node(situation, node.moment, node.goal, (*node.taken, *taken), cost)


def _cost(taken: Taken) -> int:
    action = ACTIONS[taken.action]
    return (
        action.minutes * count_of(action, taken.argument)
        + (VISIT_MINUTES if action.visit else 0)
        + (LOSS_MINUTES if action.loses_en else 0)
        + (SOMEBODY_ELSE_MINUTES if action.who != "holder" else 0)
    )


def _weighed(search: _Search, node: _Node) -> _Node:
    """`node` with when it lapses. What would have come anyway, such as the end of a document, is
    told, but is no drawback of this plan."""
    goal, situation = node.goal, node.situation
    if goal.capabilities:  # whoever wanted to pay does so, and the wallet has been used
        situation = msgspec.structs.replace(situation, last_used_at=node.moment)
    lapses = changes(search.policies, situation, node.moment, goal.capabilities, goal.amount_minor)
    cost = node.cost
    if lapses:
        anyway = changes(
            search.policies,
            search.situation,
            search.now,
            goal.capabilities,
            goal.amount_minor,
            2 * HORIZON_DAYS,
        )
        known = {(change.at, policy) for change in anyway for policy in change.policies}
        own = {(change.at, policy) for change in lapses for policy in change.policies} - known
        cost += TEMPORARY_MINUTES if own else 0
    return msgspec.structs.replace(node, cost=cost, lapses=lapses)


def _kinds(taken: tuple[Taken, ...]) -> Counter[tuple[str, ...]]:
    """The steps as a bag; which bank matters, how many mandates or until when does not."""
    return Counter(
        (one.action, one.argument) if ACTIONS[one.action].takes == "bank" else (one.action,)
        for one in taken
    )


def _way_out(search: _Search, node: _Node) -> WayOut:
    first = node.lapses[0] if node.lapses else None
    because = [policy for policy in search.policies if first and policy.name in first.policies]
    return msgspec.structs.replace(
        way_of(node.taken),
        temporary_until=first.at if first else None,
        because=tuple(policy.name for policy in because),
        because_en=tuple(policy.title_en for policy in because),
        because_zh=tuple(policy.title_zh for policy in because),
    )


def way_of(taken: tuple[Taken, ...]) -> WayOut:
    """What was taken, as a way that nothing is known to end."""
    actions = [ACTIONS[one.action] for one in taken]
    steps = tuple(_step(one) for one in taken)
    acting = {action.who for action in actions}
    others: tuple[Actor, ...] = ("authority", "operator", "bank")
    who: Actor = next((other for other in others if other in acting), "holder")
    certain = all(action.certain for action in actions)
    return WayOut(
        steps=steps,
        certain=certain,
        minutes=sum(step.minutes or 0 for step in steps) if certain else None,
        visit=any(step.visit for step in steps),
        loses_en=tuple(dict.fromkeys(action.loses_en for action in actions if action.loses_en)),
        loses_zh=tuple(dict.fromkeys(action.loses_zh for action in actions if action.loses_zh)),
        reversible=all(action.reversible for action in actions),
        who=who,
        temporary_until=None,
        because=(),
        because_en=(),
        because_zh=(),
    )


def _step(taken: Taken) -> Step:
    action = ACTIONS[taken.action]
    return Step(
        action=action.code,
        argument=taken.argument,
        title_en=title(action, taken.argument, taken.before, "en"),
        title_zh=title(action, taken.argument, taken.before, "zh"),
        needs_en=action.bring_en,
        needs_zh=action.bring_zh,
        minutes=action.minutes * count_of(action, taken.argument) if action.certain else None,
        visit=action.visit,
        who=action.who,
        screen=action.screen,
        api=action.api,
    )
