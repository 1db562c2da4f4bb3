"""Coming back: a new wallet finds the history of the ones its holder closed.

A person is recognised by their document (`identity`), and only once a bank has confirmed them too:
a photograph of somebody's passport does not open their records.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import NotFound, QianbaoError
from qianbao.leaving.counterparties import sql
from qianbao.leaving.statements import StatementWallet
from qianbao.notices import inbox
from qianbao.wallets.errors import WalletClosed, WalletUnknown


class NothingToReopen(NotFound):
    code = "nothing_to_reopen"
    en = "You have no closed wallet here."
    zh = "没有找到您已注销的钱包。"
    next_en = "If you closed one under another document, show that document's renewal first."
    next_zh = "如果当时使用的是其他证件，请先提交换发后的证件。"


class NotVerifiedYet(QianbaoError):
    code = "not_verified_yet"
    status = 403
    en = "Your real name is not verified in this wallet yet."
    zh = "本钱包尚未完成实名认证。"
    next_en = "Show your document and link a card; then your earlier history can be found."
    next_zh = "请先提交证件并绑定银行卡，之后即可找回历史记录。"


class EarlierWallet(msgspec.Struct, frozen=True):
    """A wallet that the same person closed; `reopened_at` once its history is found in this one."""

    wallet_id: str
    opened_at: datetime
    closed_at: datetime
    currency: str
    reopened_at: datetime | None


class Reopening(msgspec.Struct, frozen=True):
    """The earlier wallets that now belong to this one's history, the last closed first."""

    wallet_id: str
    earlier: tuple[EarlierWallet, ...]


async def earlier_wallets(conn: Connection, *, wallet_id: str) -> tuple[EarlierWallet, ...]:
    """The closed wallets of the same person, the last closed first, whether or not they have been
    reopened; none while this wallet's real name is not verified. Raises `WalletUnknown`."""
    wallet = await fetch_one(conn, sql.wallet, {"wallet_id": wallet_id}, StatementWallet)
    if wallet is None:
        raise WalletUnknown()
    if wallet.verified_at is None or wallet.person_id is None:
        return ()
    return await _find(conn, wallet)


async def reopen(conn: Connection, *, wallet_id: str, now: datetime) -> Reopening:
    """Adds the history of all the person's closed wallets to this one. Again later: those closed
    since, too. Raises `WalletUnknown`, `WalletClosed`, `NotVerifiedYet` or `NothingToReopen`."""
    wallet = await fetch_one(conn, sql.lock_wallet, {"wallet_id": wallet_id}, StatementWallet)
    if wallet is None:
        raise WalletUnknown()
    if wallet.status == "closed":
        raise WalletClosed()
    if wallet.verified_at is None or wallet.person_id is None:
        raise NotVerifiedYet()
    found = await _find(conn, wallet)
    if not found:
        raise NothingToReopen()
    fresh = [earlier for earlier in found if earlier.reopened_at is None]
    for earlier in fresh:
        keys = {"wallet_id": wallet_id, "earlier_wallet_id": earlier.wallet_id, "now": now}
        await conn.execute(sql.insert_reopening, keys)
    if fresh:
        await _tell(conn, wallet_id, fresh, now)
        found = await _find(conn, wallet)
    return Reopening(wallet_id, found)


async def _find(conn: Connection, wallet: StatementWallet) -> tuple[EarlierWallet, ...]:
    wanted = {"wallet_id": wallet.wallet_id, "person_id": wallet.person_id}
    return tuple(await fetch_all(conn, sql.earlier_wallets, wanted, EarlierWallet))


async def _tell(
    conn: Connection, wallet_id: str, fresh: list[EarlierWallet], now: datetime
) -> None:
    since = min(earlier.opened_at for earlier in fresh).date()
    await inbox.tell(
        conn,
        wallet_id=wallet_id,
        kind="history_found",
        title_en="Your earlier history is here",
        title_zh="已找回您的历史记录",
        body_en=f"Transactions and statements since {since} are part of this wallet again.",
        body_zh=f"自 {since} 起的交易记录和账单已并入本钱包。",
        link="/me/pay/transactions",
        now=now,
    )
