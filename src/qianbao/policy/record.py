"""What is kept of a decision so that it can be taken again years later: what decided, and no more.

Kept are the facts that the rules on this capability read, the columns these facts come from, and
what else `decide` looks at: since when facts have been so, which slice of a rollout the wallet is
in. A document's kind is kept when a rule asked for it, and not otherwise. Nothing is stored here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from qianbao.policy.asking import EVERYTHING, Proven
from qianbao.policy.decide import Decision, decide, rules_on
from qianbao.policy.facts import FACTS, Facts, Situation, facts_at
from qianbao.policy.policies import Policy, Stop

DECIDES_NOTHING = frozenset(
    {
        "wallet_id", "status", "stale_banks", "told_banks", "accounts_at", "mandates",
        "free_withdrawal_left_minor",
    }
)  # fmt: skip
"""What a situation holds for other readers; `decide` never looks at it."""

_FIELDS = frozenset(field.name for field in msgspec.structs.fields(Situation))
_WORD = re.compile(r"[a-z_]+")

COLUMNS: dict[str, frozenset[str]] = {
    name: frozenset(_WORD.findall(fact.sql)) & _FIELDS
    | (frozenset({"data_confirmed_at"}) if fact.changes == "data" else frozenset())
    for name, fact in FACTS.items()
}
"""The columns of a situation that each fact is reckoned from, as its SQL names them, and since when
it has been so."""

_ANYWAY = _FIELDS - DECIDES_NOTHING - frozenset().union(*COLUMNS.values()) | {
    "opened_at", "last_used_at", "time_zone",
}  # fmt: skip
"""What `decide` looks at whatever the rules read."""

_UNKNOWN: dict[str, Any] = {
    "wallet_id": "", "status": "open", "residency": None, "document_kind": None,
    "document_valid_until": None, "card_banks": (), "evidence": (), "verified_at": None,
    "last_used_at": None, "mandates_active": 0, "pay_score_on": False, "score_orders_open": 0,
    "data_missing": (), "data_confirmed_at": None,
    "in_flight": 0, "legal_hold": False, "balance_minor": 0, "held_minor": 0,
    "paid_today_minor": 0, "paid_this_year_minor": 0, "moved_for_life_minor": 0,
    "received_for_life_minor": 0, "free_withdrawal_left_minor": 0,
}  # fmt: skip
"""What stands in a situation taken up again where nothing was kept: no rule read it."""


Said = tuple[str, int, tuple[Stop, ...]]


class Record(msgspec.Struct, frozen=True):
    """What is kept. `policies` are name, version and stops (as known then) of each that had a say;
    `situation` holds the columns by name."""

    policies: tuple[Said, ...]
    facts: Facts
    situation: dict[str, Any]


def record(
    policies: tuple[Policy, ...], capability: str, facts: Facts, situation: Situation
) -> Record:
    """What to keep of a decision on `capability`, taken on `facts` of `situation`."""
    said, names, columns = _reads(policies, capability)
    return Record(
        said,
        {name: facts[name] for name in names},
        {name: getattr(situation, name) for name in columns},
    )


@lru_cache(maxsize=512)
def _reads(
    policies: tuple[Policy, ...], capability: str
) -> tuple[tuple[Said, ...], tuple[str, ...], tuple[str, ...]]:
    """The policies on a capability, the facts they read, and the columns behind them."""
    said = rules_on(policies, capability)
    own = [rule.policy for rule in (*said.rules, *said.asking)]
    read = {"amount_minor"}.union(*(one.applies_to.reads | one.requires.reads for one in own))
    columns = _ANYWAY.union(*(COLUMNS[name] for name in read))
    kept = tuple((one.name, one.version, one.stops) for one in own)
    return kept, tuple(name for name in FACTS if name in read), tuple(sorted(columns))


class Again(msgspec.Struct, frozen=True):
    """A recorded decision taken again: what comes out, and the facts on which it was."""

    decision: Decision
    facts: Facts


def take_again(
    policies: tuple[Policy, ...],
    capability: str,
    kept: Mapping[str, Any],
    amount: int,
    at: datetime,
    proven: Proven = EVERYTHING,
) -> Again:
    """The decision on `capability` at `at` by `policies`, on what was `kept` of the situation (as
    JSON gives it back), the request's amount in minor units and what it had proved."""
    situation = msgspec.convert(
        _UNKNOWN | {"opened_at": at, "facts_changed_at": at} | dict(kept), Situation
    )
    facts = facts_at(situation, at, amount)
    return Again(decide(policies, capability, facts, at, situation, proven), facts)
