"""A logged decision taken again, from the versions of the policies that took it.

A stored version never changes, and the log keeps what was compared; so the same answer comes out
years later, or this program now decides otherwise and says where.
"""

from __future__ import annotations

from typing import Any

import msgspec

from qianbao.db.queries import Connection
from qianbao.payments.decisions import LoggedDecision
from qianbao.policy.decide import Decision
from qianbao.policy.policies import Policy, Stop, load_policy
from qianbao.policy.record import take_again
from qianbao.rollouts.publish import find_version

_TOLD = ("policy", "version", "compared", "since", "deadline", "headroom_minor", "factors")
"""What of a reason has to be the same; its sentences may be put better by now."""


class Deviation(msgspec.Struct, frozen=True):
    """Where the answer of now is not the logged one; both as JSON."""

    what: str
    logged: str
    now: str


class Replayed(msgspec.Struct, frozen=True):
    """What comes out now; no `differences`: the same as then."""

    outcome: str
    differences: tuple[Deviation, ...]


async def replay(conn: Connection, logged: LoggedDecision) -> Replayed:
    """Takes `logged` again. Raises `PolicyVersionUnknown` when a version is not stored."""
    policies = tuple([await _as_then(conn, *one) for one in logged.policies])
    amount = int(logged.facts.get("amount_minor") or 0)
    proven = frozenset(logged.proven)
    again = take_again(policies, logged.capability, logged.situation, amount, logged.at, proven)
    differences = [
        Deviation(name, _json(then), _json(again.facts[name]))
        for name, then in logged.facts.items()
        if _plain(again.facts[name]) != then
    ]
    if again.decision.outcome != logged.outcome:
        differences.append(Deviation("outcome", logged.outcome, again.decision.outcome))
    differences += _reasons(logged, again.decision)
    return Replayed(again.decision.outcome, tuple(differences))


async def _as_then(
    conn: Connection, name: str, version: int, stops: list[dict[str, Any]]
) -> Policy:
    stored = await find_version(conn, policy=name, version=version)
    spans = msgspec.convert(stops, tuple[Stop, ...])
    return msgspec.structs.replace(load_policy(stored.body), stops=spans)


def _reasons(logged: LoggedDecision, decision: Decision) -> list[Deviation]:
    """Reason by reason, in the order they were told."""
    then = {one["policy"]: one for one in (*logged.reasons, *logged.asks)}
    now = {one["policy"]: one for one in _plain((*decision.reasons, *decision.asks))}
    found = []
    for policy in dict.fromkeys((*then, *now)):
        sides = [
            {name: one[policy][name] for name in _TOLD} if policy in one else None
            for one in (then, now)
        ]
        if sides[0] != sides[1]:
            found.append(Deviation(f"reason: {policy}", _json(sides[0]), _json(sides[1])))
    return found


def _plain(value: Any) -> Any:
    """As it would come back from the log."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
