"""Permits: what the rules leave open to a wallet, worked out once and used for many requests.

Most of what rules read changes by acts (a card linked, a document renewed) and not by payments. For
a wallet whose facts were read, the rules that no use of money can turn against it are done with; a
permit keeps the rest as `terms`. Where a term fails, `decide` has the word: a permit only ever says
"surely allowed", never "blocked", and whatever was proved of whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from qianbao.policy.decide import Decision, rules_on
from qianbao.policy.facts import FACTS, Facts, Situation
from qianbao.policy.policies import Policy
from qianbao.policy.reach import reached_from

Term = Callable[[Facts], bool]

MOVED_BY_MONEY = frozenset(
    name for name, fact in FACTS.items() if fact.changes in ("use", "request") or fact.resets
)
"""The facts that a payment changes, or is."""


_FOR_GOOD = frozenset({"used_since_opened"})
"""What a payment makes TRUE, and nothing FALSE again."""


class Permit(msgspec.Struct, frozen=True):
    """Good for the facts it was made of, with those of `MOVED_BY_MONEY` as they are at the moment,
    until `until`. `allowed` is what `decide` answers then."""

    allowed: Decision
    terms: tuple[Term, ...]
    until: datetime

    def covers(self, facts: Facts) -> bool:
        """Whether a request with these facts is surely allowed."""
        for term in self.terms:  # noqa: SIM110 - all() with a generator takes twice as long
            if not term(facts):
                return False
        return True


def permit(
    policies: tuple[Policy, ...],
    capability: str,
    facts: Facts,
    now: datetime,
    situation: Situation,
) -> Permit:
    """What `policies` leave of `capability` to the wallet of `situation`, whose facts at `now` are
    `facts`. Raises `CapabilityUnknown`."""
    said = rules_on(policies, capability)
    moved = MOVED_BY_MONEY - _FOR_GOOD if facts["used_since_opened"] else MOVED_BY_MONEY
    terms: list[Term] = []
    until = datetime.max.replace(tzinfo=now.tzinfo)
    for rule in (*said.rules, *said.asking):
        begin = reached_from(rule.policy, situation)
        until = min([until, *(edge for edge in (begin, rule.end) if edge > now)])
        if not begin <= now < rule.end:
            continue
        reach_lasts = moved.isdisjoint(rule.policy.applies_to.reads)
        met_lasts = moved.isdisjoint(rule.policy.requires.reads)
        if (reach_lasts and not rule.applies(facts)) or (met_lasts and rule.met(facts)):
            continue
        terms.append(rule.met if reach_lasts else _either(rule.applies, rule.met))
    return Permit(said.allowed, tuple(terms), until)


def _either(applies: Term, met: Term) -> Term:
    return lambda facts: not applies(facts) or met(facts)
