"""The decision: may this wallet do this, now? And what is coming, if nobody does anything.

Here belongs combining policies: the strictest wins, and all reasons are given, not the first. A
block is stricter than being asked for more proof, and that is stricter than going through.
Facts and policies come in as values, so a decision taken inside a payment's transaction, in a plan
three steps ahead, or years later from the log is the same call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

import msgspec

from qianbao.errors import InvalidInput
from qianbao.policy.asking import EVERYTHING, FACTORS, Factor, Proven
from qianbao.policy.dates import phase, retired_from
from qianbao.policy.facts import Facts, Situation, carry, facts_at
from qianbao.policy.policies import CAPABILITIES, Policy
from qianbao.policy.reach import reached_by_bucket, reached_from, reaches
from qianbao.policy.reasons import Reason, reason
from qianbao.policy.spells import (
    Course,
    KnownSpells,
    Spell,
    blocked_spells,
    can_change_by_waiting,
    can_only_ease,
    facts_then,
    is_by_amount,
    is_unmet,
    known_since,
    preventable_from,
    spells_ahead,
)

HORIZON_DAYS = 400
"""How far ahead is looked: a year and a month."""

_INSTANT = timedelta(microseconds=1)

Outcome = Literal["allowed", "step_up", "blocked"]


class CapabilityUnknown(InvalidInput):
    code = "capability_unknown"
    en = "“{capability}” is nothing a wallet can do."
    zh = "“{capability}” 不是钱包的能力。"
    next_en = "Use one of: {known}."
    next_zh = "可选：{known}。"


class Decision(msgspec.Struct, frozen=True):
    """The answer for one request. `reasons` is empty unless it is blocked; `versions` names every
    policy that had a say on this capability, in force or not. `factors` are what is asked for and
    was not proven, `asks` why, policy by policy; a blocked request is told of them, too."""

    outcome: Outcome
    capability: str
    reasons: tuple[Reason, ...]
    versions: tuple[tuple[str, int], ...]
    factors: tuple[Factor, ...] = ()
    asks: tuple[Reason, ...] = ()


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that will begin to block this wallet at `at` if nobody does anything."""

    policy: str
    version: int
    title_en: str
    title_zh: str
    capabilities: tuple[str, ...]
    at: datetime
    reason: Reason


class Change(msgspec.Struct, frozen=True):
    """The moment a permission ends by itself, and the policies that then block."""

    at: datetime
    policies: tuple[str, ...]


def decide(
    policies: tuple[Policy, ...],
    capability: str,
    facts: Facts,
    now: datetime,
    situation: Situation,
    proven: Proven = EVERYTHING,
) -> Decision:
    """Whether the wallet of `situation` may use `capability` at `now`; `facts` are its facts at
    that moment with the request's amount (`facts_at`), `proven` is what the request has proved of
    whoever asks: everything, where only the wallet is asked about. Raises `CapabilityUnknown`."""
    said = rules_on(policies, capability)
    blocking = _unmet(said.rules, facts, now, situation)
    unproven = _unproven(said, facts, now, situation, proven)
    if not blocking and not unproven:
        return said.allowed
    wanted = {factor for policy in unproven for factor in policy.asks} - proven
    return Decision(
        "blocked" if blocking else "step_up",
        capability,
        tuple(_reason(policy, situation, facts, now) for policy in blocking),
        said.allowed.versions,
        tuple(factor for factor in FACTORS if factor in wanted),
        tuple(reason(policy, situation, facts, now, deadline=None) for policy in unproven),
    )


def outcome(
    policies: tuple[Policy, ...],
    capability: str,
    facts: Facts,
    now: datetime,
    situation: Situation,
    proven: Proven = EVERYTHING,
) -> Outcome:
    """What `decide` answers, without its words."""
    said = rules_on(policies, capability)
    if _unmet(said.rules, facts, now, situation):
        return "blocked"
    return "step_up" if _unproven(said, facts, now, situation, proven) else "allowed"


def allows(
    policies: tuple[Policy, ...],
    capability: str,
    facts: Facts,
    now: datetime,
    situation: Situation,
) -> bool:
    """Whether `decide` would say "allowed", without its words: for searching."""
    return not _unmet(rules_on(policies, capability).rules, facts, now, situation)


def blocking(
    policies: tuple[Policy, ...],
    capabilities: Iterable[str],
    facts: Facts,
    now: datetime,
    situation: Situation,
) -> tuple[Policy, ...]:
    """The policies because of which `decide` would refuse any of `capabilities`."""
    found = [
        policy
        for capability in capabilities
        for policy in _unmet(rules_on(policies, capability).rules, facts, now, situation)
    ]
    return tuple(dict.fromkeys(found))


def coming(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    horizon_days: int = HORIZON_DAYS,
    amount_minor: int = 0,
) -> tuple[Coming, ...]:
    """What will begin to block this wallet, soonest first: announced policies, a document about to
    expire, a verification about to be too old. Policies not yet announced are not told; of one
    enforced by percentages, the day on which it reaches this wallet."""
    until = now + timedelta(days=horizon_days)
    found = []
    course: Course = {}
    for policy in policies:
        if phase(policy, now) not in ("draft", "retired"):
            spells = blocked_spells(
                policy, situation, now, until=until, amount_minor=amount_minor, course=course
            )
            at = _begins(now, spells)
            if at is not None:
                found.append(_coming(policy, situation, now, at, amount_minor))
    return tuple(sorted(found, key=lambda one: (one.at, one.policy)))


def changes(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    capabilities: Iterable[str],
    amount_minor: int = 0,
    horizon_days: int = HORIZON_DAYS,
) -> tuple[Change, ...]:
    """The moments after `now` at which policies begin to block any of `capabilities` if nobody does
    anything, soonest first. Policies not yet announced are left out."""
    until = now + timedelta(days=horizon_days)
    starts: dict[datetime, list[str]] = {}
    course: Course = {}
    for policy in _touching(policies, capabilities):
        if phase(policy, now) == "draft":
            continue
        spells = blocked_spells(
            policy, situation, now, until=until, amount_minor=amount_minor, course=course
        )
        begin = next((spell.begin for spell in spells if spell.begin > now), None)
        if begin is not None:
            starts.setdefault(begin, []).append(policy.name)
    return tuple(Change(at, tuple(starts[at])) for at in sorted(starts))


def next_change(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    capabilities: Iterable[str],
    amount_minor: int = 0,
    horizon_days: int = HORIZON_DAYS,
) -> Change | None:
    """Until when `capabilities`, allowed at `now`, stay allowed if nobody does anything; None when
    nothing changes within the horizon."""
    found = changes(policies, situation, now, capabilities, amount_minor, horizon_days)
    return found[0] if found else None


def clears_at(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    capabilities: Iterable[str],
    amount_minor: int = 0,
    horizon_days: int = HORIZON_DAYS,
    course: Course | None = None,
    known: KnownSpells | None = None,
) -> datetime | None:
    """The first moment from `now` on at which `capabilities` are all allowed if nobody does
    anything; None when waiting does not help within the horizon. `course` is filled: for several
    questions about one wallet and amount; `known`: for many wallets."""
    until = now + timedelta(days=horizon_days)
    course = {} if course is None else course
    known = {} if known is None else known
    facts = facts_then(situation, now, now, amount_minor, course)
    touching = _touching(policies, capabilities)
    # What stands in the way today comes first: most of it does not go away by waiting.
    touching.sort(key=lambda policy: not is_unmet(policy, facts))
    spells: list[Spell] = []
    for policy in touching:
        lasting = not can_change_by_waiting(policy)
        if (lasting or can_only_ease(policy)) and not is_unmet(policy, facts):
            continue  # and it stays so
        if lasting and not policy.grace_days and reaches(policy, situation, now):
            return None
        own = spells_ahead(
            policy, situation, now, until=until, amount_minor=amount_minor, course=course,
            known=known,
        )  # fmt: skip
        if any(spell.holds(now) and spell.end is None for spell in own):
            return None
        spells += own
    moment = now
    while covering := [spell.end for spell in spells if spell.holds(moment)]:
        ends = [end for end in covering if end is not None]
        if len(ends) < len(covering):
            return None
        moment = max(ends)
    return moment


class Rule(msgspec.Struct, frozen=True, eq=False):
    """A policy as far as it is about one capability; `begins` for each bucket of wallets."""

    policy: Policy
    begins: tuple[datetime, ...]
    end: datetime
    applies: Callable[[Facts], bool]
    met: Callable[[Facts], bool]


class Said(msgspec.Struct, frozen=True, eq=False):
    """What a set of policies says on one capability, prepared once: `rules` block it, `asking` want
    more proof before it."""

    rules: tuple[Rule, ...]
    asking: tuple[Rule, ...]
    allowed: Decision


@lru_cache(maxsize=512)
def rules_on(policies: tuple[Policy, ...], capability: str) -> Said:
    """What `policies` say on `capability`. Raises `CapabilityUnknown`."""
    if capability not in CAPABILITIES:
        raise CapabilityUnknown(capability=capability[:40], known=", ".join(CAPABILITIES))
    blocking = [policy for policy in policies if capability in policy.blocks]
    asking = [policy for policy in policies if capability in policy.asks_before]
    versions = tuple((policy.name, policy.version) for policy in (*blocking, *asking))
    return Said(
        tuple(map(_rule, blocking)),
        tuple(map(_rule, asking)),
        Decision("allowed", capability, (), versions),
    )


def _rule(policy: Policy) -> Rule:
    return Rule(
        policy,
        reached_by_bucket(policy),
        retired_from(policy),
        policy.applies_to.holds,
        policy.requires.holds,
    )


def _unmet(
    rules: tuple[Rule, ...], facts: Facts, now: datetime, situation: Situation
) -> list[Policy]:
    """The policies that are in force for this wallet and not met, its own grace used up."""
    return [
        rule.policy
        for rule in rules
        if rule.begins[situation.bucket] <= now < rule.end
        and rule.applies(facts)
        and not rule.met(facts)
        and (not situation.exemptions or reached_from(rule.policy, situation) <= now)
        and (not rule.policy.grace_days or _since(rule.policy, situation, facts, now))
    ]


def _unproven(
    said: Said, facts: Facts, now: datetime, situation: Situation, proven: Proven
) -> list[Policy]:
    """The policies that ask for more than the request has proved."""
    if not said.asking or len(proven) == len(FACTORS):
        return []
    asking = _unmet(said.asking, facts, now, situation)
    return [policy for policy in asking if not proven.issuperset(policy.asks)]


def _reason(policy: Policy, situation: Situation, facts: Facts, now: datetime) -> Reason:
    """Nobody is told of a time before their wallet, nor that they could have acted when there was
    none to act in: only what time has brought could have been prevented."""
    begun = _since(policy, situation, facts, now) or now
    could_act_from = max(preventable_from(policy, situation, now), situation.opened_at)
    preventable = begun > could_act_from and not is_by_amount(policy, facts)
    return reason(
        policy,
        situation,
        facts,
        max(begun, situation.opened_at),
        deadline=begun if preventable else None,
    )


def _since(policy: Policy, situation: Situation, facts: Facts, now: datetime) -> datetime | None:
    """When `policy`, not met at `now`, began to block; None while the wallet's grace runs."""
    if is_by_amount(policy, facts):
        return now
    if not can_change_by_waiting(policy):  # so it has been since the last act
        own = known_since(policy, situation, now) + timedelta(days=policy.grace_days)
        blocked = max(own, reached_from(policy, situation))
        return blocked if blocked <= now or not policy.grace_days else None
    amount_minor = facts["amount_minor"]
    assert isinstance(amount_minor, int)
    spells = blocked_spells(policy, situation, now, until=now + _INSTANT, amount_minor=amount_minor)
    begun = next((spell.begin for spell in spells if spell.holds(now)), None)
    return begun if begun is not None or policy.grace_days else now


def _begins(now: datetime, spells: list[Spell]) -> datetime | None:
    """When a spell that the wallet does not feel yet begins; None when it already does."""
    if any(spell.holds(now) for spell in spells):
        return None
    return next((spell.begin for spell in spells if spell.begin > now), None)


def _coming(
    policy: Policy, situation: Situation, now: datetime, at: datetime, amount_minor: int
) -> Coming:
    then = carry(situation, now, at)
    today = facts_at(situation, now, amount_minor)
    return Coming(
        policy=policy.name,
        version=policy.version,
        title_en=policy.title_en,
        title_zh=policy.title_zh,
        capabilities=policy.blocks,
        at=at,
        reason=reason(policy, then, facts_at(then, at, amount_minor), at, deadline=at, today=today),
    )


def _touching(policies: tuple[Policy, ...], capabilities: Iterable[str]) -> list[Policy]:
    """The policies that block any of `capabilities`."""
    wanted = set(capabilities)
    return [policy for policy in policies if wanted.intersection(policy.blocks)]
