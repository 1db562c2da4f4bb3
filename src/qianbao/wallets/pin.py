"""The payment PIN: six digits, kept as argon2, locked after repeated failures.

Argon2 works in a thread: it is slow on purpose and must not stand in the way of other requests.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from qianbao.db.pool import Pool
from qianbao.db.queries import fetch_one, load
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.settings import Settings
from qianbao.wallets.errors import WalletUnknown

SQL = load("qianbao.wallets")

_SIX_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
_hasher = PasswordHasher()


class PinFormat(InvalidInput):
    code = "pin_format"
    en = "A payment PIN is six digits."
    zh = "支付密码为六位数字。"
    next_en = "Enter six digits."
    next_zh = "请输入六位数字。"


class PinTooSimple(InvalidInput):
    code = "pin_too_simple"
    en = "This PIN is one of the first that anybody would try."
    zh = "该密码过于简单，容易被猜到。"
    next_en = "Choose six digits that are not all the same and not in a row."
    next_zh = "请勿使用相同或连续的六位数字。"


class PinWrong(QianbaoError):
    code = "pin_wrong"
    status = 403
    en = "The payment PIN is wrong; {left} more tries are left."
    zh = "支付密码错误，还可尝试 {left} 次。"
    next_en = "Enter it again. It locks for a while when the tries are used up."
    next_zh = "请重新输入；次数用完后将暂时锁定。"


class PinLocked(QianbaoError):
    code = "pin_locked"
    status = 429
    retry = True
    en = "The payment PIN is locked until {until} after too many wrong tries."
    zh = "支付密码输错次数过多，已锁定至 {until}。"
    next_en = "Wait until then; the money is safe meanwhile. Ask support if you have forgotten it."
    next_zh = "请在此时间之后再试，资金不受影响；如忘记密码，请联系客服。"


class _Pin(msgspec.Struct, frozen=True):
    pin_hash: str
    pin_failures: int
    pin_locked_until: datetime | None
    time_zone: str


async def hash_pin(pin: str) -> str:
    """A new PIN as it is stored. Raises `PinFormat` or `PinTooSimple`."""
    if not _SIX_DIGITS.fullmatch(pin):
        raise PinFormat
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {9}):  # all the same, counting up, counting down
        raise PinTooSimple
    return await asyncio.to_thread(_hasher.hash, pin)


async def check_pin(
    pool: Pool, settings: Settings, *, wallet_id: str, pin: str, now: datetime
) -> None:
    """Passes when `pin` is the wallet's. Raises `PinWrong`, `PinLocked` or `WalletUnknown`.

    Takes the pool because an attempt is counted although an error is raised: it is committed before
    argon2 looks at it, so however many guesses are sent at once, no more than `pin_attempts` of
    them are looked at. A right PIN starts the count again.
    """
    counted = await _count_attempt(pool, settings, wallet_id=wallet_id, now=now)
    if not await asyncio.to_thread(_matches, counted.pin_hash, pin):
        if counted.pin_locked_until is not None:
            raise _locked(counted.pin_locked_until, counted.time_zone)
        raise PinWrong(left=settings.pin_attempts - counted.pin_failures)
    async with pool.connection() as conn:
        await conn.execute(SQL.forget_pin_attempts, {"wallet_id": wallet_id})


async def change_pin(
    pool: Pool, settings: Settings, *, wallet_id: str, pin: str, new_pin: str, now: datetime
) -> None:
    """Raises what `check_pin` and `hash_pin` raise."""
    await check_pin(pool, settings, wallet_id=wallet_id, pin=pin, now=now)
    hashed = await hash_pin(new_pin)
    async with pool.connection() as conn:
        await conn.execute(SQL.set_pin, {"wallet_id": wallet_id, "pin_hash": hashed})


async def _count_attempt(pool: Pool, settings: Settings, *, wallet_id: str, now: datetime) -> _Pin:
    attempt = {
        "wallet_id": wallet_id,
        "attempts": settings.pin_attempts,
        "lock_until": now + timedelta(minutes=settings.pin_lock_minutes),
        "now": now,
    }
    async with pool.connection() as conn:
        counted = await fetch_one(conn, SQL.count_pin_attempt, attempt, _Pin)
        if counted is not None:
            return counted
        found = await fetch_one(conn, SQL.find_pin, {"wallet_id": wallet_id}, _Pin)
    if found is None:
        raise WalletUnknown
    raise _locked(found.pin_locked_until or now, found.time_zone)


def _locked(until: datetime, time_zone: str) -> PinLocked:
    return PinLocked(until=f"{until.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M}")


def _matches(pin_hash: str, pin: str) -> bool:
    if not _SIX_DIGITS.fullmatch(pin):
        return False  # counted like any other guess, and not worth argon2's time
    try:
        return _hasher.verify(pin_hash, pin)
    except VerifyMismatchError:
        return False
