"""`qianbao bench decide` and `plan`: one decision by the shipped pack, and all ways out of a block.

On made-up wallets (`states`), in this process and on one core, at a moment when every shipped rule
blocks. Times are of one call; nothing is warmed but what a process has after its first minute.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from qianbao.bench.states import states
from qianbao.policy.asking import Proven
from qianbao.policy.decide import Outcome, decide, outcome
from qianbao.policy.facts import Facts, Situation, facts_at
from qianbao.policy.permits import permit
from qianbao.policy.policies import CAPABILITIES, Policy, load_pack
from qianbao.remedies.goals import allowed
from qianbao.remedies.plan import plan

NOW = datetime(2027, 2, 1, 4, 0, tzinfo=UTC)
"""Two-banks has come into force."""

AMOUNT_MINOR = 100_00

PROVEN: Proven = frozenset({"pin"})
"""What nearly every request has proved."""

PERMITS = 4_096
"""So many of the slower or quicker calls are measured beside."""

Tell = Callable[[str, int, int], object]


class DecideFigures(msgspec.Struct, frozen=True):
    """A decision: which of the shipped rules block this capability of this wallet, on facts that
    are there; a second, and in microseconds. Then those of which a permit already knew the answer,
    as in the clearing loop; those with the facts reckoned first; and whole refusals, with every
    reason put into words in both languages."""

    decisions_per_second: int
    p50_us: float
    p99_us: float
    permits_per_second: int
    facts_and_decision_per_second: int
    refusals_told_per_second: int
    refused_share: float
    decisions: int
    policies: int


class PlanFigures(msgspec.Struct, frozen=True):
    """All ways out of one wallet's block, a call for each blocked capability of each wallet."""

    p50_ms: float
    p99_ms: float
    most_ms: float
    plans_per_second: int
    plans: int
    without: int
    """Blocks from which no way leads out."""
    wallets: int


def measure_decide(wallets: int, tell: Tell) -> DecideFigures:
    """One decision for each capability of each wallet."""
    pack = load_pack()
    met = [(state, facts_at(state, NOW, AMOUNT_MINOR)) for state in states(1, wallets, NOW)]
    asked = [(name, facts, state) for state, facts in met for name in CAPABILITIES]
    permits = [
        (permit(pack, name, facts, NOW, state), facts) for name, facts, state in asked[:PERMITS]
    ]
    refused = [one for one in asked if _outcome(pack, *one) != "allowed"]
    times = []
    with _Calm():
        for number, (name, facts, state) in enumerate(asked):
            began = time.perf_counter()
            outcome(pack, name, facts, NOW, state, PROVEN)
            times.append(time.perf_counter() - began)
            if number % 10_000 == 0:
                tell("Deciding", number, len(asked))
        rates = [
            _rate_of(lambda one: outcome(pack, one[0], one[1], NOW, one[2], PROVEN), asked),
            _rate_of(lambda one: one[0].covers(one[1]), permits),
            _rate_of(
                lambda one: outcome(
                    pack, "pay", facts_at(one[0], NOW, AMOUNT_MINOR), NOW, one[0], PROVEN
                ),
                met,
            ),
            _rate_of(
                lambda one: decide(pack, one[0], one[1], NOW, one[2], PROVEN), refused[:PERMITS]
            ),
        ]
    times.sort()
    return DecideFigures(
        decisions_per_second=rates[0],
        p50_us=_at(times, 0.5, 1e6),
        p99_us=_at(times, 0.99, 1e6),
        permits_per_second=rates[1],
        facts_and_decision_per_second=rates[2],
        refusals_told_per_second=rates[3],
        refused_share=round(len(refused) / len(asked), 3),
        decisions=len(asked),
        policies=len(pack),
    )


def _outcome(pack: tuple[Policy, ...], name: str, facts: Facts, state: Situation) -> Outcome:
    return outcome(pack, name, facts, NOW, state, PROVEN)


def _rate_of(call: Callable[[Any], object], over: Sequence[Any]) -> int:
    """Calls a second."""
    began = time.perf_counter()
    for one in over:
        call(one)
    return round(len(over) / (time.perf_counter() - began))


def measure_plan(wallets: int, tell: Tell) -> PlanFigures:
    """Every blocked capability of every wallet, all ways out of each."""
    pack = load_pack()
    times, without, clock = [], 0, time.perf_counter
    for state in states(2, 20, NOW):  # what a process prepares once
        plan(pack, state, NOW, allowed("pay"))
    with _Calm():
        for number, state in enumerate(states(1, wallets, NOW)):
            for name in CAPABILITIES:
                goal = allowed(name, amount_minor=1)
                facts = facts_at(state, NOW, 1)
                if decide(pack, name, facts, NOW, state).outcome == "allowed":
                    continue
                began = clock()
                found = plan(pack, state, NOW, goal)
                times.append(clock() - began)
                without += not found
            tell("Finding ways out", number + 1, wallets)
    times.sort()
    return PlanFigures(
        p50_ms=_at(times, 0.5, 1e3),
        p99_ms=_at(times, 0.99, 1e3),
        most_ms=_at(times, 1, 1e3),
        plans_per_second=_rate(times),
        plans=len(times),
        without=without,
        wallets=wallets,
    )


class _Calm:
    """No collection of garbage in the middle of a measured call."""

    def __enter__(self) -> None:
        gc.collect()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        gc.enable()


def _rate(times: list[float]) -> int:
    return round(len(times) / sum(times)) if times else 0


def _at(times: list[float], share: float, unit: float) -> float:
    """The time that `share` of the sorted `times` do not pass."""
    return round(times[min(len(times) - 1, int(len(times) * share))] * unit, 3) if times else 0.0
