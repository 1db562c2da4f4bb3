"""Reading the records of a closed wallet again, from the phone that it had.

Phone numbers change hands, so a code alone opens nobody's records: besides it the wallet's payment
PIN is asked for, or the number of its document. What is opened is a session, which reads; a closed
wallet does nothing else. Whether the phone has a closed wallet at all is told only to whoever
proves that it is theirs.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import msgspec

from qianbao.db.pool import Pool
from qianbao.db.queries import fetch_all, load
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity import documents
from qianbao.keyring import KeyRing, new_token
from qianbao.settings import Settings
from qianbao.wallets.codes import Entropy, ProvedPhone, check_code, spend_code
from qianbao.wallets.pin import PinLocked, PinWrong, check_pin
from qianbao.wallets.sessions import start_session

SQL = load("qianbao.wallets")

WINDOW = timedelta(hours=24)
MOST = 20
"""Closed wallets of one phone that are looked at, the last closed: each costs a PIN's check."""


class RecordsProofMissing(InvalidInput):
    code = "records_proof_missing"
    en = "The code is right. A closed wallet also asks for its payment PIN or document number."
    zh = "验证码正确。查看已注销钱包的记录，还需要其支付密码或证件号码。"
    next_en = "Enter one of the two; the same code stays good."
    next_zh = "请填写其中一项，验证码继续有效。"


class RecordsRefused(QianbaoError):
    code = "records_refused"
    status = 403
    en = "What you entered opens no closed wallet of this phone. Tries left: {left}."
    zh = "所填信息无法打开该手机号下的已注销钱包，还可尝试 {left} 次。"
    next_en = "Enter the PIN that the wallet had, or the number of the document it knew last."
    next_zh = "请填写该钱包原来的支付密码，或其最后登记的证件号码。"


class RecordsProofsUsedUp(QianbaoError):
    code = "records_proofs_used_up"
    status = 429
    retry = True
    en = "A closed wallet of this phone was asked for {attempts} times in 24 hours without proof."
    zh = "24 小时内已有 {attempts} 次未能证明是该手机号下已注销钱包的持有人。"
    next_en = "Try again tomorrow, with the document in hand that the wallet knew."
    next_zh = "请明天持该钱包登记的证件再试。"


class OpenedRecords(msgspec.Struct, frozen=True):
    """A closed wallet whose records `token` reads; it is shown this once."""

    wallet_id: str
    opened_at: datetime
    closed_at: datetime
    token: str


class _Closed(msgspec.Struct, frozen=True):
    wallet_id: str
    opened_at: datetime
    closed_at: datetime


async def open_records(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    *,
    signup_id: str,
    code: str,
    pin: str,
    document_number: str,
    now: datetime,
    entropy: Entropy = os.urandom,
) -> tuple[OpenedRecords, ...]:
    """Those of the phone's `MOST` last closed wallets, the last first, whose PIN or document number
    was given; either is enough, and "" is none. The code is spent only by success. Raises what
    `check_code` raises, `RecordsProofMissing`, `RecordsRefused` or `RecordsProofsUsedUp`.

    Takes the pool because a try is counted, and committed, before it is looked at.
    """
    proved = await check_code(pool, keys, settings, signup_id=signup_id, code=code, now=now)
    if not pin and not document_number:
        raise RecordsProofMissing
    left = await _count(pool, settings, proved, now)
    async with pool.connection() as conn:
        place = {"phone_index": proved.phone_index, "most": MOST}
        closed = await fetch_all(conn, SQL.find_closed_wallets, place, _Closed)
    theirs = [
        one
        for one in closed
        if await _is_document(pool, keys, one.wallet_id, document_number)
        or await _is_pin(pool, settings, one.wallet_id, pin, now)
    ]
    if not theirs:
        raise RecordsRefused(left=left)
    return await _open(pool, proved, theirs, now, entropy)


async def _count(pool: Pool, settings: Settings, proved: ProvedPhone, now: datetime) -> int:
    """How many tries are left after this one. Raises `RecordsProofsUsedUp`."""
    most = settings.records_proofs_per_day
    place = {"signup_id": proved.signup_id, "most": most, "since": now - WINDOW}
    async with pool.connection() as conn:
        await conn.execute(SQL.lock_phone, {"phone_index": proved.phone_index})
        cursor = await conn.execute(SQL.count_proof, place)
        row = await cursor.fetchone()
    if row is None:
        raise RecordsProofsUsedUp(attempts=most)
    return most - int(row[0])


async def _is_document(pool: Pool, keys: KeyRing, wallet_id: str, number: str) -> bool:
    async with pool.connection() as conn:
        document = await documents.current_document(conn, wallet_id)
    return document is not None and documents.is_number(keys, document, number)


async def _is_pin(pool: Pool, settings: Settings, wallet_id: str, pin: str, now: datetime) -> bool:
    if not pin:
        return False
    try:
        await check_pin(pool, settings, wallet_id=wallet_id, pin=pin, now=now)
    except (PinWrong, PinLocked):
        return False
    return True


async def _open(
    pool: Pool, proved: ProvedPhone, theirs: list[_Closed], now: datetime, entropy: Entropy
) -> tuple[OpenedRecords, ...]:
    opened = tuple(
        OpenedRecords(one.wallet_id, one.opened_at, one.closed_at, new_token(entropy))
        for one in theirs
    )
    async with pool.connection() as conn:
        await spend_code(conn, proved, now)
        await conn.execute(SQL.forgive_proof, {"signup_id": proved.signup_id})
        for one in opened:
            await start_session(conn, wallet_id=one.wallet_id, token=one.token, now=now)
    return opened
