"""Closing a wallet: everything that stands in the way at once, or the end.

Closing takes nothing: the balance must have been handed over before, the records stay readable, and
the phone and the document are free to open another wallet. What a legal order holds is never
handed over here.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_one
from qianbao.errors import QianbaoError
from qianbao.leaving.counterparties import sql
from qianbao.leaving.statement_csv import csv_heading, csv_lines
from qianbao.leaving.statements import StatementWallet, begin_reading, read_lines
from qianbao.ledger import lock_accounts, main_account
from qianbao.money import show
from qianbao.notices import inbox
from qianbao.remedies.closing import ClosingBlocker, closing_blockers
from qianbao.wallets.errors import WalletClosed, WalletUnknown
from qianbao.wallets.opening import mark_closed
from qianbao.wallets.situation import read_situation


class ClosingBlocked(QianbaoError):
    """Carries every blocker, each with the screen and the API call that clears it."""

    code = "closing_blocked"
    en = "The wallet cannot be closed yet: {reasons_en}"
    zh = "暂时无法注销钱包：{reasons_zh}"
    next_en = "Clear each of them from its link, then close again."
    next_zh = "请按链接逐项处理，然后再次注销。"

    def __init__(self, blockers: tuple[ClosingBlocker, ...]) -> None:
        self.blockers = blockers
        super().__init__(
            reasons_en=" ".join(blocker.en for blocker in blockers),
            reasons_zh="".join(blocker.zh for blocker in blockers),
        )


class Closure(msgspec.Struct, frozen=True):
    """Who closed a wallet, when, why, and what was handed over. `handed_over_minor` is what was
    withdrawn after anything else had moved; `statement_hash` the SHA-256 of the full CSV statement
    at that moment."""

    wallet_id: str
    closed_by: str
    reason: str
    handed_over_minor: int
    currency: str
    statement_hash: bytes
    closed_at: datetime


async def blockers(
    conn: Connection, *, wallet_id: str, now: datetime, free_minor: int
) -> tuple[ClosingBlocker, ...]:
    """What stands in the way of closing now, all of it; empty when nothing does. `free_minor` is
    the setting `withdrawal_free_minor`. Raises `WalletUnknown` or `WalletClosed`."""
    situation = await read_situation(conn, wallet_id=wallet_id, now=now, free_minor=free_minor)
    if situation.status == "closed":
        raise WalletClosed()
    return closing_blockers(situation)


async def close(
    conn: Connection, *, wallet_id: str, reason: str, now: datetime, free_minor: int
) -> Closure:
    """Closes the wallet for good, at its holder's wish. It can be read afterwards, and its number
    can sign up again; closed already, the closure as it was. Raises `WalletUnknown`, or
    `ClosingBlocked` with all of `blockers`."""
    wallet = await _lock(conn, wallet_id)
    before = await find_closure(conn, wallet_id=wallet_id)
    if before is not None:
        return before
    found = await blockers(conn, wallet_id=wallet_id, now=now, free_minor=free_minor)
    if found:
        raise ClosingBlocked(found)
    keys = {"wallet_id": wallet_id, "account_id": wallet.currency}
    cursor = await conn.execute(sql.handed_over, keys)
    row = await cursor.fetchone()
    assert row is not None
    await conn.execute(
        sql.insert_closure,
        {
            "wallet_id": wallet_id,
            "closed_by": "holder",
            "reason": reason,
            "handed_over_minor": row[0],
            "currency": wallet.currency,
            "statement_hash": await statement_hash(conn, wallet_id=wallet_id, now=now),
            "now": now,
        },
    )
    # Codes sent before the end open nothing after it. Before the phone is free: a sign-up under way
    # takes them in this order too.
    await conn.execute(sql.void_signups, {"phone_index": wallet.phone_index, "now": now})
    await mark_closed(conn, wallet_id=wallet_id, now=now)
    closure = await find_closure(conn, wallet_id=wallet_id)
    assert closure is not None
    await _tell(conn, closure, now)
    return closure


async def find_closure(conn: Connection, *, wallet_id: str) -> Closure | None:
    """How the wallet was closed; None while it is open."""
    return await fetch_one(conn, sql.closure, {"wallet_id": wallet_id}, Closure)


async def statement_hash(conn: Connection, *, wallet_id: str, now: datetime) -> bytes:
    """SHA-256 of the full CSV statement, however long it is. Raises `WalletUnknown`."""
    reading = await begin_reading(conn, wallet_id=wallet_id, period="all", now=now)
    digest = hashlib.sha256(csv_heading(reading.head))
    async for lines in read_lines(conn, reading):
        digest.update(csv_lines(reading.head, lines))
    return digest.digest()


async def _lock(conn: Connection, wallet_id: str) -> StatementWallet:
    """The wallet with its money, so that nothing comes in or goes out between the last look and
    the end. The account first: the clearing loop takes them in this order too."""
    wallet = await fetch_one(conn, sql.wallet, {"wallet_id": wallet_id}, StatementWallet)
    if wallet is None:
        raise WalletUnknown()
    await lock_accounts(conn, [main_account(wallet_id, wallet.currency)])
    locked = await fetch_one(conn, sql.lock_wallet, {"wallet_id": wallet_id}, StatementWallet)
    assert locked is not None
    return locked


async def _tell(conn: Connection, closure: Closure, now: datetime) -> None:
    handed_over = show(closure.handed_over_minor, closure.currency)
    await inbox.tell(
        conn,
        wallet_id=closure.wallet_id,
        kind="wallet_closed",
        title_en="Your wallet is closed",
        title_zh="您的钱包已注销",
        body_en=f"{handed_over} was handed over to your own card at the end. To read your "
        "transactions and statements later, sign in with this phone number: its code, and this "
        "wallet's payment PIN or document number. A new wallet with the same document, once a bank "
        "has confirmed you, finds them again.",
        body_zh=f"注销前已提现至本人银行卡 {handed_over}。今后如需查看交易记录和账单，"
        "请用该手机号登录，凭短信验证码及本钱包的支付密码或证件号码即可；以后用同一证件重新开通并经银行核验，也可找回。",
        link="/me/pay/statements",
        now=now,
    )
