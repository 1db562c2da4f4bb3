"""Setting a document aside: what a wallet that no bank has confirmed shows counts no longer.

For somebody who is kept out because another wallet shows a copy of their document. One operator is
enough: whoever it was taken from may show it again, and in the end a bank decides whose it is. A
legal hold must not end by it: that takes two.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity import set_aside as facts
from qianbao.ids import check_id
from qianbao.notices.inbox import settle, tell
from qianbao.rollouts.operators import MOST_REASON, audit
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.expiry import about_document

SQL = load("qianbao.rollouts")


class SetAsideReasonNeeded(InvalidInput):
    code = "set_aside_reason_needed"
    en = "Setting a document aside needs a reason, 1 to {most} characters."
    zh = "停用证件须写明理由（1 至 {most} 个字符）。"
    next_en = "Say what shows that it may be somebody else's, such as the case."
    next_zh = "请写明为何认为该证件可能属于他人，例如工单编号。"


class SetAsideImpossible(QianbaoError):
    code = "set_aside_impossible"
    en = (
        "No document can be set aside here: a bank has confirmed the holder, the wallet is closed, "
        "or it shows none."
    )
    zh = "该钱包没有可停用的证件：已有银行核验过持有人，或钱包已注销，或未提交证件。"
    next_en = "What a bank has confirmed stands; whoever disputes it has to turn to that bank."
    next_zh = "银行已核验的证件继续有效；如有异议，须向该银行提出。"


class SetAsideHeld(QianbaoError):
    code = "set_aside_held"
    en = (
        "A legal hold stands on this wallet or on another of the same person: without the document "
        "it would reach fewer wallets."
    )
    zh = "该钱包或同一持有人的其他钱包处于司法冻结中：停用证件会使冻结范围缩小。"
    next_en = "Have the hold lifted first; that takes two operators."
    next_zh = "请先解除冻结，须由两名运营人员办理。"


class SetAside(msgspec.Struct, frozen=True):
    """Which document was set aside, by which operator (a name), when and why; `request_id` is the
    request's that did it."""

    wallet_id: str
    request_id: str
    document_id: str
    reason: str
    set_aside_by: str
    set_aside_at: datetime


class _Wallet(msgspec.Struct, frozen=True):
    confirmed: bool
    shown: bool
    held: bool


async def set_aside(
    conn: Connection,
    *,
    wallet_id: str,
    request_id: str,
    reason: str,
    operator: str,
    now: datetime,
) -> SetAside:
    """Sets the current document aside and tells the holder. The same request again, or one for a
    wallet whose document is set aside already, gives what is there. Raises `SetAsideReasonNeeded`,
    `SetAsideImpossible`, `SetAsideHeld` or `WalletUnknown`."""
    check_id(request_id, "req")
    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON:
        raise SetAsideReasonNeeded(most=MOST_REASON)
    if (await conn.execute(SQL.lock_wallet, {"wallet_id": wallet_id})).rowcount == 0:
        raise WalletUnknown
    wallet = await _read(conn, wallet_id)
    for one in await _list(conn, wallet_id):
        if one.request_id == request_id or not (wallet.shown or wallet.confirmed):
            return one
    if wallet.confirmed or not wallet.shown:
        raise SetAsideImpossible
    if wallet.held:
        raise SetAsideHeld
    document_id = await facts.set_aside(conn, wallet_id=wallet_id, now=now)
    await settle(conn, wallet_id=wallet_id, about=about_document(document_id), now=now)
    await _tell(conn, wallet_id, now)
    detail = {"document": document_id, "reason": reason, "request": request_id}
    await audit(
        conn, operator=operator, action="wallet.set_document_aside", subject=wallet_id, now=now,
        detail=detail,
    )  # fmt: skip
    return SetAside(wallet_id, request_id, document_id, reason, operator, now)


async def can_be_set_aside(conn: Connection, wallet_id: str) -> bool:
    """Whether the wallet shows a document now that an operator may set aside."""
    wallet = await _read(conn, wallet_id)
    return wallet.shown and not wallet.confirmed and not wallet.held


async def _read(conn: Connection, wallet_id: str) -> _Wallet:
    found = await fetch_one(conn, SQL.find_set_aside, {"wallet_id": wallet_id}, _Wallet)
    if found is None:
        raise WalletUnknown
    return found


async def _list(conn: Connection, wallet_id: str) -> list[SetAside]:
    """All there were of one wallet, the latest first."""
    return await fetch_all(conn, SQL.list_set_aside, {"wallet_id": wallet_id}, SetAside)


async def _tell(conn: Connection, wallet_id: str, now: datetime) -> None:
    await tell(
        conn,
        wallet_id=wallet_id,
        kind="document_set_aside",
        title_en="Your document no longer counts: show your own",
        title_zh="您提交的证件已停用：请提交本人证件",
        body_en="Somebody says that the document shown in this wallet is theirs, and no bank has "
        "confirmed you with it. Your money is as it was. Show your own document and link a card "
        "in your name, so that a bank confirms you; from then on nobody can set it aside. If you "
        "think this is wrong, open a case.",
        body_zh="有人称本钱包提交的证件属于其本人，而尚无银行用该证件核验过您。您的资金不受影响。"
        "请提交本人证件并绑定本人名下的银行卡，由银行核验；核验之后，证件不会再被停用。如有异议，请提交工单。",
        link="/me/pay/manage/real-name/add",
        text=True,
        now=now,
    )
