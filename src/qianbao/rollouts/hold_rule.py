"""The rule that acts on legal holds: it stays while one stands, and a hold needs it to be in force.

Which rule that is follows from what it blocks: nothing but a legal hold may keep money in
(`policy.policies`). Holds themselves are `wallets.holds`.
"""

from __future__ import annotations

from datetime import datetime

from qianbao.db.queries import Connection, load
from qianbao.errors import QianbaoError
from qianbao.policy.dates import phase
from qianbao.policy.policies import WAYS_OUT_OF_A_WALLET, Policy
from qianbao.rollouts.in_force import read_in_force

SQL = load("qianbao.rollouts")


class LegalHoldsStand(QianbaoError):
    code = "legal_holds_stand"
    en = "{policy} is the rule that acts on legal holds, and holds stand: {holds}."
    zh = "规则 {policy} 是依法冻结的执行依据，目前仍有 {holds} 项冻结有效。"
    next_en = "Lift them first; a new version may only change its words, or block more."
    next_zh = "请先解除这些冻结；新版本只能修改文字或增加限制。"


class LegalHoldRuleMissing(QianbaoError):
    code = "legal_hold_rule_missing"
    en = "No rule in force acts on legal holds, so this one would hold nothing."
    zh = "没有现行规则依据依法冻结执行，批准后不会产生任何效果。"
    next_en = "Publish a rule that requires legal_hold = FALSE, then approve the hold."
    next_zh = "请先发布以 legal_hold = FALSE 为条件的规则，再批准冻结。"


async def check_still_held(conn: Connection, before: Policy, after: Policy | None) -> None:
    """Raises `LegalHoldsStand` when `before`, replaced by `after` or by nothing, would let somebody
    go who is held. The revision is locked, so that no hold is approved meanwhile."""
    if not acts_on_holds(before) or (after is not None and _holds_as_before(before, after)):
        return
    cursor = await conn.execute(SQL.count_standing_holds)
    row = await cursor.fetchone()
    if row is not None and row[0]:
        raise LegalHoldsStand(policy=before.name, holds=row[0])


async def check_in_force(conn: Connection, *, now: datetime) -> None:
    """Raises `LegalHoldRuleMissing`; otherwise such a rule stays until the transaction's end."""
    await conn.execute(SQL.share_revision)
    _, policies = await read_in_force(conn)
    if not any(acts_on_holds(each) and phase(each, now) == "enforced" for each in policies):
        raise LegalHoldRuleMissing


def acts_on_holds(policy: Policy) -> bool:
    """Whether it blocks what nothing but a legal hold may keep from anybody."""
    return not WAYS_OUT_OF_A_WALLET.isdisjoint(policy.blocks)


def _holds_as_before(before: Policy, after: Policy) -> bool:
    """The same condition from the same day on, and no capability given back."""
    return set(before.blocks) <= set(after.blocks) and _bounds(before) == _bounds(after)


def _bounds(policy: Policy) -> tuple[object, ...]:
    return policy.applies_to.text, policy.requires.text, policy.timeline, policy.grace_days
