"""The wallet's row comes into being, and is marked closed. `signup` and `leaving` decide when."""

from __future__ import annotations

import hashlib
from datetime import datetime

from qianbao.clock import OPERATOR_ZONE
from qianbao.db.queries import Connection, load
from qianbao.errors import Language, QianbaoError
from qianbao.ids import check_id
from qianbao.keyring import KeyRing
from qianbao.ledger import main_account, open_account
from qianbao.wallets.phones import tail

SQL = load("qianbao.wallets")


class WalletIdUsed(QianbaoError):
    code = "wallet_id_used"
    en = "Another wallet already has this id."
    zh = "该编号已被其他钱包使用。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


def bucket_of(wallet_id: str) -> int:
    """0 to 99, the same for ever: which slice of a percentage rollout a wallet is in."""
    return int.from_bytes(hashlib.sha256(wallet_id.encode()).digest()[:8]) % 100


async def open_wallet(
    conn: Connection,
    keys: KeyRing,
    *,
    wallet_id: str,
    phone: str,
    pin_hash: str,
    language: Language,
    currency: str = "CNY",
    now: datetime,
) -> bool:
    """Opens an empty wallet for `phone` (E.164) with its account. False, and nothing
    done, when the phone has an open wallet: of two at once, one opens. Raises `WalletIdUsed`."""
    check_id(wallet_id, "wal")
    row = {
        "wallet_id": wallet_id,
        "currency": currency,
        "phone_index": keys.index(phone, "phone"),
        "phone_cipher": keys.encrypt(phone, "phone"),
        "phone_tail": tail(phone),
        "language": language,
        "time_zone": str(OPERATOR_ZONE),
        "pin_hash": pin_hash,
        "bucket": bucket_of(wallet_id),
        "now": now,
    }
    if (await conn.execute(SQL.take_phone, row)).rowcount == 0:
        return False
    if (await conn.execute(SQL.add_wallet, row)).rowcount == 0:
        raise WalletIdUsed
    owner_id, account_id = main_account(wallet_id, currency)
    await open_account(
        conn, owner_id=owner_id, account_id=account_id, kind="wallet", currency=currency, now=now
    )
    return True


async def mark_closed(conn: Connection, *, wallet_id: str, now: datetime) -> bool:
    """The wallet's part of closing: no longer open, and its phone free to sign up again. False when
    it was closed already. What must be settled before is `leaving`'s business."""
    closing = {"wallet_id": wallet_id, "now": now}
    if (await conn.execute(SQL.mark_closed, closing)).rowcount == 0:
        return False
    await conn.execute(SQL.release_phone, closing)
    return True
