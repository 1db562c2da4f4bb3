"""The decision log: every refusal and a sample of permits, read and in time forgotten.

The clearing loop writes it with what it decided, in the same transaction. Taking a decision again
needs stored policies, and is `rollouts.replay`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from qianbao.db.arrays import Array, texts
from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.db.statements import Statements
from qianbao.errors import NotFound
from qianbao.ids import first_id, new_id
from qianbao.payments.batch import Batch, TakenDecision
from qianbao.policy.asking import Factor

SQL = load("qianbao.payments")


class DecisionUnknown(NotFound):
    code = "decision_unknown"
    en = "The log has no decision {decision}."
    zh = "日志中没有判定 {decision}。"
    next_en = (
        "Look in the wallet's decisions; old ones are dropped after QIANBAO_DECISION_LOG_DAYS."
    )
    next_zh = "请在该钱包的判定列表中查找；超过 QIANBAO_DECISION_LOG_DAYS 的判定已被清除。"


class LoggedDecision(msgspec.Struct, frozen=True):
    """A decision as logged. `policies` are name, version and stops (as known then) of each that had
    a say, `facts` what they read, `situation` the columns behind that, `proven` what the request
    had proved, `reasons` and `asks` what was told; all as JSON gives them back."""

    decision_id: str
    wallet_id: str
    capability: str
    outcome: str
    policies: list[tuple[str, int, list[dict[str, Any]]]]
    reasons: list[dict[str, Any]]
    facts: dict[str, Any]
    situation: dict[str, Any]
    proven: list[Factor]
    asks: list[dict[str, Any]]
    at: datetime


def ask_to_log(statements: Statements, batch: Batch) -> None:
    """Writes what a batch has decided into the log."""
    logged = batch.decisions
    if not logged:
        return

    def column(part: Callable[[TakenDecision], Any]) -> Array:
        return texts([msgspec.json.encode(part(one)).decode() for one in logged])

    statements.ask(
        SQL.write_decisions,
        {
            "wallets": texts([one.wallet_id for one in logged]),
            "ids": texts([new_id("dec", batch.now) for _ in logged]),
            "capabilities": texts([one.decision.capability for one in logged]),
            "outcomes": texts([one.decision.outcome for one in logged]),
            "policies": column(lambda one: one.record.policies),
            "reasons": column(lambda one: one.decision.reasons),
            "facts": column(lambda one: one.record.facts),
            "situations": column(lambda one: one.record.situation),
            "proven": column(lambda one: sorted(one.proven)),
            "asks": column(lambda one: one.decision.asks),
            "now": batch.now,
        },
    )


async def find_decision(conn: Connection, decision_id: str) -> LoggedDecision:
    """Raises `DecisionUnknown`."""
    found = await fetch_one(conn, SQL.find_decision, {"decision_id": decision_id}, LoggedDecision)
    if found is None:
        raise DecisionUnknown(decision=decision_id[:40])
    return found


async def list_decisions(
    conn: Connection, *, wallet_id: str, limit: int = 20
) -> list[LoggedDecision]:
    """The wallet's latest logged decisions."""
    wanted = {"wallet_id": wallet_id, "limit": limit}
    return await fetch_all(conn, SQL.list_decisions, wanted, LoggedDecision)


async def forget_decisions(conn: Connection, *, before: datetime, limit: int = 10_000) -> int:
    """Drops decisions taken before `before`, the oldest first; gives how many."""
    wanted = {"first": first_id("dec", before), "limit": limit}
    return (await conn.execute(SQL.forget_decisions, wanted)).rowcount
