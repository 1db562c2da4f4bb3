"""The SQL that counts a population says of each wallet what a decision about it would say."""

from __future__ import annotations

from datetime import datetime

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qianbao.policy.asking import NOTHING
from qianbao.policy.closures import to_sql
from qianbao.policy.conditions import read_condition
from qianbao.policy.decide import blocking, decide
from qianbao.policy.facts import FACTS, Situation, facts_at
from qianbao.policy.policies import (
    CAPABILITIES,
    Policy,
    Stop,
    load_pack,
    load_policy,
    locked_out_sql,
)
from qianbao.policy.reach import SLICES, can_be_exempted, percent_at, turn_of
from qianbao.policy.spells import is_unmet
from tests.policy.cast import moments, situations, stops

COLUMNS = {
    "residency": "text", "document_kind": "text", "document_valid_until": "date",
    "card_banks": "text[]", "evidence": "text[]", "opened_at": "timestamptz",
    "verified_at": "timestamptz", "last_used_at": "timestamptz", "mandates_active": "int",
    "pay_score_on": "boolean", "score_orders_open": "int", "in_flight": "int",
    "legal_hold": "boolean", "balance_minor": "bigint", "held_minor": "bigint",
    "time_zone": "text", "paid_today_minor": "bigint", "paid_this_year_minor": "bigint",
    "moved_for_life_minor": "bigint", "received_for_life_minor": "bigint", "bucket": "int",
    "exempt_from": "text[]", "data_missing": "text[]", "data_confirmed_at": "timestamptz",
}  # fmt: skip
STAGED = """
policy: made-up
version: 1
title: {en: Made up, zh: 编}
basis: none
requires: linked_banks >= 2
otherwise: {block: [pay]}
timeline: {announce: 2026-10-01, warn: 2026-10-15, enforce: 2027-01-15, rollout: [1, 20, 60, 100],
  step_days: 40}
"""
ROW = ", ".join(f"%({name})s::{kind} AS {name}" for name, kind in COLUMNS.items())


def _row(wallet: Situation, now: datetime, amount_minor: int) -> dict[str, object]:
    exempt_from = [policy for policy, until in wallet.exemptions if until > now]
    values = {name: getattr(wallet, name, exempt_from) for name in COLUMNS}
    lists = {name: list(values[name]) for name in ("card_banks", "evidence", "data_missing")}
    return values | lists | {"now": now, "amount_minor": amount_minor}


def test_every_fact_and_every_shipped_policy_is_the_same_in_postgresql(database_url: str) -> None:
    """One wallet after another, each asked for all facts and all policies in one query."""
    pack = load_pack()
    facts = [f"({to_sql(read_condition(f'{name} IS NULL').tree.this)})" for name in FACTS]
    asked = ", ".join([*facts, *(f"({locked_out_sql(policy)})" for policy in pack)])
    with psycopg.connect(database_url) as connection:

        @settings(max_examples=150, deadline=None)
        @given(data=st.data(), now=moments(), amount_minor=st.sampled_from([0, 1, 100_000]))
        def check(data: st.DataObject, now: datetime, amount_minor: int) -> None:
            wallet = data.draw(situations(now))
            query = f"SELECT {asked} FROM (SELECT {ROW}) AS wallet"
            answer = connection.execute(query, _row(wallet, now, amount_minor)).fetchone()
            expected = facts_at(wallet, now, amount_minor)
            blocked = [is_unmet(policy, expected) for policy in pack]
            assert list(answer or ()) == [*expected.values(), *blocked]
            assert list(expected) == list(FACTS)

        check()


def _blocked_sql(policy: Policy, now: datetime) -> str:
    """Whom the policy blocks at `now`, but for a wallet's own grace: over the wallet's row with its
    `bucket` and `exempt_from`, the names of the policies it is exempted from."""
    # Both are ours: a number, and a name that load_policy holds to letters, digits and hyphens.
    reached = f"mod(bucket + {turn_of(policy.name)}, {SLICES}) < {percent_at(policy, now)}"
    exempt = f"'{policy.name}' = ANY(exempt_from)" if can_be_exempted(policy) else "FALSE"
    return f"{locked_out_sql(policy)} AND {reached} AND NOT {exempt}"


def test_whom_a_rule_blocks_is_the_same_in_postgresql(database_url: str) -> None:
    """Rollouts by percentage, stops and exemptions included: the decision, and the SQL by which a
    whole population is searched."""
    staged = load_policy(STAGED)
    with psycopg.connect(database_url) as connection:

        @settings(max_examples=150, deadline=None)
        @given(data=st.data(), now=moments(), stopped=stops())
        def check(data: st.DataObject, now: datetime, stopped: tuple[Stop, ...]) -> None:
            shipped = (replace(policy, grace_days=0) for policy in load_pack())
            pack = (*shipped, replace(staged, stops=stopped))
            wallet = data.draw(situations(now))
            asked = ", ".join(f"({_blocked_sql(policy, now)})" for policy in pack)
            query = f"SELECT {asked} FROM (SELECT {ROW}) AS wallet"
            answer = connection.execute(query, _row(wallet, now, 1)).fetchone()
            facts = facts_at(wallet, now, 1)
            found = {policy.name for policy in blocking(pack, CAPABILITIES, facts, now, wallet)}
            for capability in CAPABILITIES:
                asked_for = decide(pack, capability, facts, now, wallet, NOTHING).asks
                found |= {reason.policy for reason in asked_for}
            assert list(answer or ()) == [policy.name in found for policy in pack]

        check()
