"""Exemptions: one wallet freed from one policy until a day, when the rule does not fit the person.

Proposed by one operator with a reason, in force once another has approved it; it ends by itself,
and the holder is told when. From the rule that acts on legal holds nobody is exempted. What an
exemption means for a decision is `policy.reach`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from qianbao.clock import local_date, show_day, start_of_day
from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.ids import check_id
from qianbao.notices.inbox import settle, tell
from qianbao.policy.policies import Policy, load_policy
from qianbao.policy.reach import can_be_exempted
from qianbao.rollouts.in_force import find_published
from qianbao.rollouts.operators import MOST_REASON, audit
from qianbao.wallets.errors import WalletUnknown

SQL = load("qianbao.rollouts")

LONGEST_DAYS = 366
"""An exemption is for present trouble; whoever still needs one then is looked at again."""


class ExemptionReasonNeeded(InvalidInput):
    code = "exemption_reason_needed"
    en = "An exemption needs its reason, 1 to {most} characters."
    zh = "豁免须填写理由（1 至 {most} 个字符）。"
    next_en = "Write why the rule does not fit this person."
    next_zh = "请说明该规则为何不适用于此人。"


class ExemptionUntilWrong(InvalidInput):
    code = "exemption_until_wrong"
    en = "An exemption ends on a day after today, and no later than {latest}."
    zh = "豁免的截止日须晚于今天，且不晚于 {latest}。"
    next_en = "Choose such a day; another exemption can follow."
    next_zh = "请选择符合要求的日期；到期后可再次申请。"


class ExemptionImpossible(QianbaoError):
    code = "exemption_impossible"
    en = "Nobody is exempted from {policy}: it acts on orders of courts and authorities."
    zh = "规则 {policy} 依据法院或有权机关的文书执行，不能豁免。"
    next_en = "An order that has ended is lifted at the wallet's legal holds."
    next_zh = "文书失效的，请在钱包的依法冻结中解除。"


class ExemptionIdUsed(QianbaoError):
    code = "exemption_id_used"
    en = "This id was used for another exemption."
    zh = "该编号已用于另一项豁免。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


class ExemptionUnknown(NotFound):
    code = "exemption_unknown"
    en = "There is no such exemption of this wallet."
    zh = "该钱包没有这项豁免。"
    next_en = "Check the wallet and the exemption's id."
    next_zh = "请核对钱包和豁免编号。"


class ExemptionNeedsSecondOperator(QianbaoError):
    code = "exemption_needs_second_operator"
    status = 403
    en = "Whoever proposed an exemption cannot approve it."
    zh = "提议豁免的操作员不能自行批准。"
    next_en = "Ask another operator to look at the reason and approve it."
    next_zh = "请由另一名操作员审核理由后批准。"


class ExemptionSettled(QianbaoError):
    code = "exemption_settled"
    en = "This exemption was approved or withdrawn before."
    zh = "该豁免此前已批准或已撤回。"
    next_en = "One that was approved ends by itself; propose another where one is needed."
    next_zh = "已批准的豁免到期自动结束；如有需要，请另行提议。"


class Exemption(msgspec.Struct, frozen=True):
    """Frees the wallet from `policy` from `approved_at` to `until`. Operators by name."""

    wallet_id: str
    exemption_id: str
    policy: str
    until: datetime
    reason: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None


class _Exempt(msgspec.Struct, frozen=True):
    policy: str
    wallet_ids: list[str]


async def exempt_on(conn: Connection, at: datetime) -> dict[str, list[str]]:
    """The wallets that are freed from each policy at `at`, by its name."""
    found = await fetch_all(conn, SQL.exempt_on, {"at": at}, _Exempt)
    return {one.policy: one.wallet_ids for one in found}


async def propose(
    conn: Connection,
    *,
    wallet_id: str,
    exemption_id: str,
    policy: str,
    until: date,
    reason: str,
    operator: str,
    now: datetime,
) -> Exemption:
    """Asks for an exemption that ends as the day `until` begins, where the operator is; it frees
    nobody before `approve`. The same request again gives what is there. Raises
    `ExemptionReasonNeeded`, `ExemptionUntilWrong`, `PolicyNotPublished`, `ExemptionImpossible`,
    `ExemptionIdUsed` or `WalletUnknown`."""
    check_id(exemption_id, "exm")
    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON:
        raise ExemptionReasonNeeded(most=MOST_REASON)
    latest = local_date(now) + timedelta(days=LONGEST_DAYS)
    if not local_date(now) < until <= latest:
        raise ExemptionUntilWrong(latest=latest.isoformat())
    if not can_be_exempted(await _published(conn, policy)):
        raise ExemptionImpossible(policy=policy)
    await _lock(conn, wallet_id)
    asked = {
        "wallet_id": wallet_id, "exemption_id": exemption_id, "policy": policy,
        "until": start_of_day(until), "reason": reason, "operator": operator, "now": now,
    }  # fmt: skip
    added = (await conn.execute(SQL.add_exemption, asked)).rowcount
    found = await _get(conn, wallet_id, exemption_id)
    same = (found.policy, found.until, found.reason, found.proposed_by)
    if same != (policy, asked["until"], reason, operator):
        raise ExemptionIdUsed
    return await _record(conn, "exemption.propose", found, operator, now) if added else found


async def approve(
    conn: Connection, *, wallet_id: str, exemption_id: str, operator: str, now: datetime
) -> Exemption:
    """Frees the wallet at once and tells the holder until when; approved already, nothing changes.
    Raises `WalletUnknown`, `ExemptionUnknown`, `ExemptionNeedsSecondOperator`,
    `ExemptionSettled`, `ExemptionUntilWrong` or `PolicyNotPublished`."""
    await _lock(conn, wallet_id)
    found = await _get(conn, wallet_id, exemption_id)
    if found.approved_at is not None:
        return found
    if found.withdrawn_at is not None:
        raise ExemptionSettled
    if found.proposed_by == operator:
        raise ExemptionNeedsSecondOperator
    if found.until <= now:
        latest = local_date(now) + timedelta(days=LONGEST_DAYS)
        raise ExemptionUntilWrong(latest=latest.isoformat())
    policy = await _published(conn, found.policy)
    act = {"wallet_id": wallet_id, "exemption_id": exemption_id, "operator": operator, "now": now}
    await conn.execute(SQL.approve_exemption, act)
    await conn.execute(SQL.count_exemption, act)
    await conn.execute(SQL.forget_told, {"wallet_id": wallet_id, "policy": found.policy})
    await _tell(conn, found, policy, now)
    return await _record(conn, "exemption.approve", found, operator, now)


async def withdraw(
    conn: Connection, *, wallet_id: str, exemption_id: str, operator: str, now: datetime
) -> Exemption:
    """Takes back a proposal that nobody has approved, one's own or another's. Raises
    `WalletUnknown`, `ExemptionUnknown` or `ExemptionSettled`."""
    await _lock(conn, wallet_id)
    found = await _get(conn, wallet_id, exemption_id)
    if found.approved_at is not None or found.withdrawn_at is not None:
        raise ExemptionSettled
    act = {"wallet_id": wallet_id, "exemption_id": exemption_id, "operator": operator, "now": now}
    await conn.execute(SQL.withdraw_exemption, act)
    return await _record(conn, "exemption.withdraw", found, operator, now)


async def list_exemptions(conn: Connection, wallet_id: str) -> list[Exemption]:
    """All there were of one wallet, the latest first."""
    return await fetch_all(conn, SQL.list_exemptions, {"wallet_id": wallet_id}, Exemption)


async def exemptions_waiting(conn: Connection) -> list[Exemption]:
    """The hundred that have waited longest for a second operator."""
    return await fetch_all(conn, SQL.exemptions_waiting, None, Exemption)


async def _published(conn: Connection, policy: str) -> Policy:
    return load_policy((await find_published(conn, policy)).body)


async def _lock(conn: Connection, wallet_id: str) -> None:
    cursor = await conn.execute(SQL.lock_wallet, {"wallet_id": wallet_id})
    if await cursor.fetchone() is None:
        raise WalletUnknown


async def _get(conn: Connection, wallet_id: str, exemption_id: str) -> Exemption:
    place = {"wallet_id": wallet_id, "exemption_id": exemption_id}
    found = await fetch_one(conn, SQL.find_exemption, place, Exemption)
    if found is None:
        raise ExemptionUnknown
    return found


async def _record(
    conn: Connection, action: str, found: Exemption, operator: str, now: datetime
) -> Exemption:
    """Records the act, and gives the exemption as it is now."""
    detail = {
        "exemption": found.exemption_id,
        "policy": found.policy,
        "until": local_date(found.until).isoformat(),
        "reason": found.reason,
    }
    await audit(
        conn, operator=operator, action=action, subject=found.wallet_id, now=now, detail=detail
    )
    return await _get(conn, found.wallet_id, found.exemption_id)


async def _tell(conn: Connection, found: Exemption, policy: Policy, now: datetime) -> None:
    until = local_date(found.until)
    about = f"policy:{policy.name}"
    await settle(conn, wallet_id=found.wallet_id, about=about, now=now)
    await tell(
        conn,
        wallet_id=found.wallet_id,
        kind="policy_exempted",
        title_en=f"You are exempted: {policy.title_en}",
        title_zh=f"您已获豁免：{policy.title_zh}",
        body_en=f"This rule blocks nothing in your wallet before {show_day(until, 'en')}. From "
        "that day on it applies again; open the wallet to see what it asks for.",
        body_zh=f"{show_day(until, 'zh')}之前，该规则不会限制您的钱包。自该日起规则恢复适用，"
        "可打开钱包查看具体要求。",
        link="/me/pay/wallet",
        text=True,
        now=now,
    )
