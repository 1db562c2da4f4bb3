"""What every installation holds before its first holder: policies, and accounts that mirror banks.

Run after migrations (`qianbao migrate`) and safe to repeat: a bank that joined the directory gets
its account then.
"""

from __future__ import annotations

from datetime import datetime

from qianbao.banks.directory import all_banks
from qianbao.db.queries import Connection
from qianbao.ledger import open_account
from qianbao.payments.bank_orders import FEES
from qianbao.rollouts.publish import install_pack

CURRENCY = "CNY"


async def prepare(conn: Connection, *, now: datetime) -> None:
    """Puts the shipped pack in force where there is none, and opens the operator's accounts."""
    await install_pack(conn, now=now)
    for bank in all_banks():
        await open_account(
            conn, owner_id=f"bank:{bank.code}", account_id=CURRENCY, kind="bank",
            currency=CURRENCY, overdraft=True, now=now,
        )  # fmt: skip
    await open_account(
        conn, owner_id=FEES, account_id=CURRENCY, kind="fees", currency=CURRENCY, now=now
    )
