"""The payment PIN: six digits, kept as argon2, locked after repeated failures.

Choosing a new one without the old one belongs to `pin_reset`.
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

from qianbao.clock import show_minute
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.notices.inbox import tell
from qianbao.settings import Settings
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.sessions import end_other_sessions

SQL = load("qianbao.wallets")

_SIX_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
_hasher = PasswordHasher()
_KEPT_LETTERS = 12

LOOK_SECONDS = 10
"""A check that has not ended by then is taken for one whose process died; it stays counted."""

WAIT_SECONDS = 30
"""How long a request waits for the checks of its wallet that came before."""

_POLL_SECONDS = 0.03


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


class PinsDiffer(InvalidInput):
    code = "pins_differ"
    en = "The two PINs are not the same."
    zh = "两次输入的密码不一致。"
    next_en = "Enter the same six digits twice."
    next_zh = "请两次输入相同的六位数字。"


class PinWrong(QianbaoError):
    code = "pin_wrong"
    status = 403
    en = "The payment PIN is wrong. Tries left: {left}."
    zh = "支付密码错误，还可尝试 {left} 次。"
    next_en = "Enter it again. It locks for a while when the tries are used up."
    next_zh = "请重新输入；次数用完后将暂时锁定。"


class PinLocked(QianbaoError):
    code = "pin_locked"
    status = 429
    retry = True
    en = "The payment PIN is locked until {until_en} after too many wrong tries."
    zh = "支付密码输错次数过多，已锁定至{until_zh}。"
    next_en = "Wait until then, or choose a new one (“Forgot your PIN?”). The money is safe."
    next_zh = "请在此时间之后再试，或通过“忘记密码”重设；资金不受影响。"


class PinBusy(QianbaoError):
    code = "pin_busy"
    status = 503
    retry = True
    en = "Too many requests of this wallet wait for its PIN to be checked. Nothing happened."
    zh = "该钱包等待验证支付密码的请求过多，本次请求未执行。"
    next_en = "Try again in a moment, with the same key."
    next_zh = "请稍后用同一个键重试。"


class _Attempt(msgspec.Struct, frozen=True):
    pin_hash: str
    pin_wrong_hash: str | None
    pin_failures: int
    pin_locked_until: datetime | None
    time_zone: str
    pin_looked_at_until: datetime


class _Lock(msgspec.Struct, frozen=True):
    pin_locked_until: datetime | None
    time_zone: str
    looked_at: bool
    locked: bool


def typed_twice(pin: str, again: str) -> str:
    """A new PIN that was entered twice. Raises `PinsDiffer`."""
    if pin != again:
        raise PinsDiffer
    return pin


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
    """Passes when `pin` is the wallet's. Raises `PinWrong`, `PinLocked`, `PinBusy` or
    `WalletUnknown`.

    Takes the pool because an attempt is counted although an error is raised: it is committed before
    argon2 looks at it, so however many guesses are sent at once, no more than `pin_attempts` of
    them are looked at. A right PIN starts the count again; the same wrong one as the last time (a
    form sent twice, a page reloaded) tells nobody anything new, and costs no further try. A
    wallet's attempts are looked at one by one, the others wait: a right one on its way is no wrong
    one.
    """
    attempt = await _next_attempt(pool, settings, wallet_id=wallet_id, now=now)
    right = await asyncio.to_thread(_matches, attempt.pin_hash, pin)
    repeated, wrong_hash = False, None
    if not right:
        repeated, wrong_hash = await asyncio.to_thread(_remember, attempt.pin_wrong_hash, pin)
    done = {
        "wallet_id": wallet_id,
        "right": right,
        "repeated": repeated,
        "wrong_hash": wrong_hash,
        "locked_until": attempt.pin_locked_until,
        "looked_at_until": attempt.pin_looked_at_until,
    }
    async with pool.connection() as conn:
        await conn.execute(SQL.end_pin_attempt, done)
    if right:
        return
    if repeated:
        raise PinWrong(left=settings.pin_attempts - attempt.pin_failures + 1)
    if attempt.pin_locked_until is not None:
        raise _locked(attempt.pin_locked_until, attempt.time_zone)
    raise PinWrong(left=settings.pin_attempts - attempt.pin_failures)


async def change_pin(
    pool: Pool,
    settings: Settings,
    *,
    wallet_id: str,
    pin: str,
    new_pin: str,
    token: str,
    now: datetime,
) -> None:
    """Sets a new PIN for whoever knows the old one; all sessions end but the one of `token`. Raises
    what `hash_pin` and `check_pin` raise."""
    hashed = await hash_pin(new_pin)
    await check_pin(pool, settings, wallet_id=wallet_id, pin=pin, now=now)
    async with pool.connection() as conn:
        await set_pin(conn, wallet_id=wallet_id, pin_hash=hashed, token=token, now=now)


async def set_pin(
    conn: Connection, *, wallet_id: str, pin_hash: str, token: str, now: datetime
) -> None:
    """Makes `pin_hash` the wallet's PIN, ends every session but that of `token`, and says so in the
    inbox. Whether whoever asks may do this is looked at before."""
    await conn.execute(SQL.set_pin, {"wallet_id": wallet_id, "pin_hash": pin_hash})
    await end_other_sessions(conn, wallet_id=wallet_id, token=token, now=now)
    await tell(
        conn,
        wallet_id=wallet_id,
        kind="pin_changed",
        title_en="Your payment PIN was changed",
        title_zh="支付密码已修改",
        body_en="Everybody who was signed in to this wallet elsewhere was signed out. If this was "
        "not you, choose a new PIN at once and open a case.",
        body_zh="其他设备上的登录均已退出。如非本人操作，请立即重设密码并提交工单。",
        link="/me/help",
        now=now,
    )


async def _next_attempt(
    pool: Pool, settings: Settings, *, wallet_id: str, now: datetime
) -> _Attempt:
    """An attempt that may be looked at, counted, once those before it are done. Raises `PinLocked`,
    `PinBusy` or `WalletUnknown`."""
    give_up = asyncio.get_running_loop().time() + WAIT_SECONDS
    while asyncio.get_running_loop().time() < give_up:
        attempt = await _count_attempt(pool, settings, wallet_id=wallet_id, now=now)
        if attempt is not None:
            return attempt
        await asyncio.sleep(_POLL_SECONDS)  # without a connection, which others need meanwhile
    raise PinBusy


async def _count_attempt(
    pool: Pool, settings: Settings, *, wallet_id: str, now: datetime
) -> _Attempt | None:
    """None while another is looked at."""
    attempt = {
        "wallet_id": wallet_id,
        "attempts": settings.pin_attempts,
        "lock_until": now + timedelta(minutes=settings.pin_lock_minutes),
        "look_seconds": LOOK_SECONDS,
        "now": now,
    }
    async with pool.connection() as conn:
        counted = await fetch_one(conn, SQL.count_pin_attempt, attempt, _Attempt)
        if counted is not None:
            return counted
        place = {"wallet_id": wallet_id, "now": now}
        found = await fetch_one(conn, SQL.find_pin_lock, place, _Lock)
    if found is None:
        raise WalletUnknown
    if found.looked_at or not found.locked:
        return None
    raise _locked(found.pin_locked_until or now, found.time_zone)


def _locked(until: datetime, time_zone: str) -> PinLocked:
    zone = ZoneInfo(time_zone)
    return PinLocked(
        until=until.isoformat(),
        until_en=show_minute(until, "en", zone),
        until_zh=show_minute(until, "zh", zone),
    )


def _matches(pin_hash: str, pin: str) -> bool:
    if not _SIX_DIGITS.fullmatch(pin):
        return False  # counted like any other guess, and not worth argon2's time
    try:
        return _hasher.verify(pin_hash, pin)
    except VerifyMismatchError:
        return False


def _remember(last_hash: str | None, pin: str) -> tuple[bool, str]:
    """Whether the wrong `pin` is the last wrong one, and what to know it by the next time."""
    typed = pin[:_KEPT_LETTERS]
    if last_hash is not None:
        try:
            return _hasher.verify(last_hash, typed), last_hash
        except VerifyMismatchError:
            pass
    return False, _hasher.hash(typed)
