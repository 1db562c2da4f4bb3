"""Changes of name: one document of a wallet may have another name than those before it.

For a holder whose name changed by law, or is written otherwise by their state now. Proposed by one
operator who says what they saw, allowed once another has approved it, for some days; the first
document that needs it uses it up (`identity.documents`, which still asks for the same birthday, sex
and number for life). Like an exemption, but of no policy, and gone when it was used.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from qianbao.clock import local_date, show_day, start_of_day
from qianbao.db.queries import Connection, fetch_all, load
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.ids import check_id
from qianbao.notices.inbox import settle, tell
from qianbao.rollouts.operators import HOLDER, MOST_REASON, audit
from qianbao.wallets.errors import WalletUnknown

SQL = load("qianbao.rollouts")


class NameChangeReasonNeeded(InvalidInput):
    code = "name_change_reason_needed"
    en = "A change of name needs what you saw of it, 1 to {most} characters."
    zh = "更名须写明所见的依据（1 至 {most} 个字符）。"
    next_en = "Name the paper that shows both names, or the rule by which the spelling changed."
    next_zh = "请写明载有新旧姓名的文件，或拼写变更所依据的规则。"


class NameChangeNotNeeded(QianbaoError):
    code = "name_change_not_needed"
    en = (
        "Nobody's name is confirmed in this wallet: it is closed, or no bank has confirmed anybody."
    )
    zh = "该钱包没有已核验的姓名：钱包已注销，或尚无银行核验过持有人。"
    next_en = "Until a bank has confirmed them, holders correct their document themselves."
    next_zh = "银行核验之前，持有人可自行更正证件信息。"


class NameChangeStands(QianbaoError):
    code = "name_change_stands"
    en = "A change of name of this wallet waits for approval, or for its document."
    zh = "该钱包已有一项更名等待批准，或等待提交证件。"
    next_en = "Approve or withdraw that one first."
    next_zh = "请先批准或撤回该项更名。"


class NameChangeIdUsed(QianbaoError):
    code = "name_change_id_used"
    en = "This id was used for another change of name."
    zh = "该编号已用于另一项更名。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


class NameChangeUnknown(NotFound):
    code = "name_change_unknown"
    en = "There is no such change of name of this wallet."
    zh = "该钱包没有这项更名。"
    next_en = "Check the wallet and the change's id."
    next_zh = "请核对钱包和更名编号。"


class NameChangeNeedsSecondOperator(QianbaoError):
    code = "name_change_needs_second_operator"
    status = 403
    en = "Whoever proposed a change of name cannot approve it."
    zh = "提议更名的操作员不能自行批准。"
    next_en = "Ask another operator to look at what was seen and approve it."
    next_zh = "请由另一名操作员审核依据后批准。"


class NameChangeSettled(QianbaoError):
    code = "name_change_settled"
    en = "This change of name was withdrawn before, or a document has used it."
    zh = "该更名此前已撤回，或已用于一份证件。"
    next_en = "Propose another where one is needed."
    next_zh = "如有需要，请另行提议。"


class NameChange(msgspec.Struct, frozen=True):
    """Allowed from `approved_at` to `until`, unless withdrawn; used up by the document
    `document_id`. Operators by name."""

    wallet_id: str
    name_change_id: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    until: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    document_id: str | None
    used_at: datetime | None

    def stands(self, now: datetime) -> bool:
        """Whether it may still let a document pass, now or once it is approved."""
        over = self.withdrawn_at is not None or self.used_at is not None
        return not over and (self.until is None or self.until > now)


async def propose(
    conn: Connection,
    *,
    wallet_id: str,
    name_change_id: str,
    reason: str,
    operator: str,
    now: datetime,
) -> NameChange:
    """Asks for it; it lets nothing pass before `approve`. The same request again gives what is
    there. Raises `NameChangeReasonNeeded`, `NameChangeNotNeeded`, `NameChangeStands`,
    `NameChangeIdUsed` or `WalletUnknown`."""
    check_id(name_change_id, "chn")
    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON:
        raise NameChangeReasonNeeded(most=MOST_REASON)
    confirmed = await _lock(conn, wallet_id)
    there = await list_name_changes(conn, wallet_id)
    for one in there:
        if one.name_change_id == name_change_id:
            if (one.reason, one.proposed_by) != (reason, operator):
                raise NameChangeIdUsed
            return one
    if not confirmed:
        raise NameChangeNotNeeded
    if any(one.stands(now) for one in there):
        raise NameChangeStands
    asked = {"wallet_id": wallet_id, "name_change_id": name_change_id, "reason": reason}
    await conn.execute(SQL.add_name_change, asked | {"operator": operator, "now": now})
    added = await _get(conn, wallet_id, name_change_id)
    return await _record(conn, "name_change.propose", added, operator, now)


async def approve(
    conn: Connection,
    *,
    wallet_id: str,
    name_change_id: str,
    operator: str,
    days: int,
    now: datetime,
) -> NameChange:
    """Allows it for `days`, this one included, and tells the holder; approved already, nothing
    changes. Raises `WalletUnknown`, `NameChangeUnknown`, `NameChangeSettled` or
    `NameChangeNeedsSecondOperator`."""
    await _lock(conn, wallet_id)
    found = await _get(conn, wallet_id, name_change_id)
    if found.withdrawn_at is not None:
        raise NameChangeSettled
    if found.approved_at is not None:
        return found
    if found.proposed_by == operator:
        raise NameChangeNeedsSecondOperator
    until = start_of_day(local_date(now) + timedelta(days=days))
    act = {"wallet_id": wallet_id, "name_change_id": name_change_id, "operator": operator}
    await conn.execute(SQL.approve_name_change, act | {"until": until, "now": now})
    await _tell(conn, wallet_id, name_change_id, until, now)
    return await _record(conn, "name_change.approve", found, operator, now)


async def withdraw(
    conn: Connection, *, wallet_id: str, name_change_id: str, operator: str, now: datetime
) -> NameChange:
    """Takes it back, approved or not, as long as no document has used it: one operator is enough
    to allow nothing. Raises `WalletUnknown`, `NameChangeUnknown` or `NameChangeSettled`."""
    await _lock(conn, wallet_id)
    found = await _get(conn, wallet_id, name_change_id)
    if found.withdrawn_at is not None or found.used_at is not None:
        raise NameChangeSettled
    act = {"wallet_id": wallet_id, "name_change_id": name_change_id, "operator": operator}
    await conn.execute(SQL.withdraw_name_change, act | {"now": now})
    await settle(conn, wallet_id=wallet_id, about=_about(name_change_id), now=now)
    return await _record(conn, "name_change.withdraw", found, operator, now)


async def record_use(
    conn: Connection, *, wallet_id: str, name_change_id: str, now: datetime
) -> None:
    """Puts on record that a document has used it, and the holder's notice aside. Called by a job,
    perhaps twice: the notice is put aside once."""
    if await settle(conn, wallet_id=wallet_id, about=_about(name_change_id), now=now):
        found = await _get(conn, wallet_id, name_change_id)
        await _record(conn, "name_change.use", found, HOLDER, now)


async def list_name_changes(conn: Connection, wallet_id: str) -> list[NameChange]:
    """All there were of one wallet, the latest first."""
    return await fetch_all(conn, SQL.list_name_changes, {"wallet_id": wallet_id}, NameChange)


async def name_changes_waiting(conn: Connection) -> list[NameChange]:
    """The hundred that have waited longest for a second operator."""
    return await fetch_all(conn, SQL.name_changes_waiting, None, NameChange)


async def _lock(conn: Connection, wallet_id: str) -> bool:
    """Locks the wallet; gives whether a name is confirmed in it and it is open."""
    cursor = await conn.execute(SQL.find_renaming, {"wallet_id": wallet_id})
    row = await cursor.fetchone()
    if row is None:
        raise WalletUnknown
    return bool(row[0])


async def _get(conn: Connection, wallet_id: str, name_change_id: str) -> NameChange:
    for one in await list_name_changes(conn, wallet_id):
        if one.name_change_id == name_change_id:
            return one
    raise NameChangeUnknown


async def _record(
    conn: Connection, action: str, found: NameChange, operator: str, now: datetime
) -> NameChange:
    """Records the act, and gives the change as it is now."""
    changed = await _get(conn, found.wallet_id, found.name_change_id)
    detail = {"name_change": found.name_change_id, "reason": found.reason}
    if changed.until is not None:
        detail["until"] = local_date(changed.until).isoformat()
    if changed.document_id is not None:
        detail["document"] = changed.document_id
    await audit(
        conn, operator=operator, action=action, subject=found.wallet_id, now=now, detail=detail
    )
    return changed


def _about(name_change_id: str) -> str:
    return f"name_change:{name_change_id}"


async def _tell(
    conn: Connection, wallet_id: str, name_change_id: str, until: datetime, now: datetime
) -> None:
    day = local_date(until)
    await tell(
        conn,
        wallet_id=wallet_id,
        kind="name_change_allowed",
        title_en="You can show the document with your changed name",
        title_zh="您可以提交更名后的证件",
        body_en=f"Show it before {show_day(day, 'en')}. It is taken under the other name once; the "
        "date of birth, the sex and a number for life must be as they were. Who confirmed you "
        "under the former name is not taken to have confirmed the new one: link a card under it.",
        body_zh=f"请在{show_day(day, 'zh')}之前提交。仅限一份证件使用新姓名；"
        "出生日期、性别及终身号码须与此前一致。此前以原姓名完成的核验不视为对新姓名的核验，请以新姓名绑定银行卡。",
        link="/me/pay/manage/real-name/add",
        about=_about(name_change_id),
        text=True,
        now=now,
    )
