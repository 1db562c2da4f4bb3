"""Which locked-out wallets are alike, so that one of each kind is enough to search ways out for.

Pure: policies in, SQL out, alike for PostgreSQL, DuckDB and Spark (`counting`). What a way out
reads of a wallet, and so what tells two kinds apart, stands here; the search itself is `ways`.
"""

# ruff: noqa: S608 - statements made of our own columns and checked trees

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlglot import exp

from qianbao.policy.closures import to_sql
from qianbao.policy.policies import Policy
from qianbao.rollouts.counting import Dialect, Exempt, out_sql


def alike_sql(
    tried: Policy,
    policies: Sequence[Policy],
    renewable_days: int,
    wallets: str,
    dialect: Dialect,
    exempt: Exempt,
) -> str:
    """The locked-out wallets grouped by everything that ways out are found by, each group with one
    of its wallets: `example`, `currency`, `wallets`, `held_minor`, the largest group first.
    `policies` are those that a way out has to satisfy."""
    keys = [*_KEYS, _document_key(renewable_days), *_leaves(policies, dialect)]
    if any("linked_cards" in one.applies_to.reads | one.requires.reads for one in policies):
        keys.append("linked_cards")  # so many are unlinked, one by one
    columns = ", ".join(f"{key} AS key_{number}" for number, key in enumerate(keys))
    numbers = ", ".join(f"key_{number}" for number in range(len(keys)))
    first = 'wallet_id COLLATE "C"' if dialect == "postgres" else "wallet_id"
    return f"""WITH locked_out AS (
SELECT wallet_id, currency, balance_minor, {columns}
FROM {wallets} AS w WHERE {out_sql(tried, dialect, exempt)}
)
SELECT min({first}) AS example, currency, count(*) AS wallets, sum(balance_minor) AS held_minor
FROM locked_out GROUP BY currency, {numbers}
ORDER BY wallets DESC, example"""


_KEYS = (
    "residency", "document_kind", "legal_hold", "verified", "pay_score_on",
    "least(linked_banks, 6)", "linked_cards >= 10", "least(channels - linked_banks, 2)",
    "least(stale_banks, 2)", "available_minor > 0", "in_flight > 0",
    "balance_minor > available_minor", "mandates_active > 0", "score_orders_open > 0",
)  # fmt: skip
"""What the needs and effects of actions (`remedies`) read, as coarse as they read it."""


def _document_key(renewable_days: int) -> str:
    return (
        "CASE WHEN document_valid_until IS NULL THEN 0 WHEN document_valid_until < today THEN 1 "
        f"WHEN document_valid_until < today + {renewable_days} THEN 2 ELSE 3 END"
    )


def _leaves(policies: Sequence[Policy], dialect: Dialect) -> list[str]:
    """Whether each comparison that a policy makes is TRUE."""
    found: dict[str, None] = {}
    for policy in policies:
        for tree in (policy.applies_to.tree, policy.requires.tree):
            for leaf in _leaves_of(tree):
                found[f"({to_sql(leaf, dialect, columns=True)}) IS TRUE"] = None
    return list(found)


def _leaves_of(tree: Any) -> Iterable[Any]:
    if isinstance(tree, exp.And | exp.Or):
        yield from _leaves_of(tree.this)
        yield from _leaves_of(tree.expression)
    else:
        yield tree
