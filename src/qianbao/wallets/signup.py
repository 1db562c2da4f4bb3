"""Signing up, and signing in again: a phone, the code sent to it, and the payment PIN."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import Language, NotFound, QianbaoError
from qianbao.ids import check_id
from qianbao.keyring import KeyRing, new_token
from qianbao.notices.texts import send_text
from qianbao.settings import Settings
from qianbao.wallets.opening import open_wallet
from qianbao.wallets.phones import read_phone, tail
from qianbao.wallets.pin import check_pin, hash_pin
from qianbao.wallets.sessions import start_session

SQL = load("qianbao.wallets")

Entropy = Callable[[int], bytes]

_TEXT: dict[Language, str] = {
    "en": "{code} is your Qianbao code. It is good for {minutes} minutes. "
    "Nobody from Qianbao will ever ask you for it.",
    "zh": "您的钱包验证码是 {code}，{minutes} 分钟内有效。工作人员不会向您索要，请勿告诉他人。",
}


class TooManyCodes(QianbaoError):
    code = "too_many_codes"
    status = 429
    retry = True
    en = "This phone was sent {limit} codes within an hour."
    zh = "该手机号一小时内已发送 {limit} 次验证码。"
    next_en = "Use the last code you received, or wait an hour."
    next_zh = "请使用最近收到的验证码，或一小时后再试。"


class SignupIdUsed(QianbaoError):
    code = "signup_id_used"
    en = "This sign-up belongs to another phone."
    zh = "该注册编号属于另一个手机号。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


class SignupUnknown(NotFound):
    code = "signup_unknown"
    en = "There is no such sign-up."
    zh = "没有这次注册记录。"
    next_en = "Start again with your phone number."
    next_zh = "请从填写手机号重新开始。"


class CodeUsed(QianbaoError):
    code = "code_used"
    en = "This code has been used."
    zh = "该验证码已使用。"
    next_en = "Ask for a new code."
    next_zh = "请重新获取验证码。"


class CodeExpired(QianbaoError):
    code = "code_expired"
    en = "This code is no longer good; a code lasts {minutes} minutes."
    zh = "验证码已过期（有效期 {minutes} 分钟）。"
    next_en = "Ask for a new code."
    next_zh = "请重新获取验证码。"


class CodeWrong(QianbaoError):
    code = "code_wrong"
    status = 403
    en = "This is not the code that was sent; {left} more tries are left."
    zh = "验证码不正确，还可尝试 {left} 次。"
    next_en = "Enter the six digits of the last text message."
    next_zh = "请输入最近一条短信中的六位数字。"


class CodeAttemptsUsedUp(QianbaoError):
    code = "code_attempts_used_up"
    status = 403
    en = "The code was entered wrongly {attempts} times and is void."
    zh = "验证码已输错 {attempts} 次，现已作废。"
    next_en = "Ask for a new code."
    next_zh = "请重新获取验证码。"


class PinNeeded(QianbaoError):
    code = "pin_needed"
    status = 422
    en = "The code is right. A new wallet needs a payment PIN."
    zh = "验证码正确。开通新钱包需要设置支付密码。"
    next_en = "Choose six digits; the same code stays good."
    next_zh = "请设置六位数字，验证码继续有效。"


class WalletPinNeeded(QianbaoError):
    code = "wallet_pin_needed"
    status = 422
    en = "The code is right. This phone has a wallet; its payment PIN is needed."
    zh = "验证码正确。该手机号已有钱包，需要输入支付密码。"
    next_en = "Enter the wallet's PIN; the same code stays good."
    next_zh = "请输入该钱包的支付密码，验证码继续有效。"


class Signup(msgspec.Struct, frozen=True):
    """A code is on its way to the phone that ends in `phone_tail` (four digits)."""

    signup_id: str
    phone_tail: str
    expires_at: datetime


class SignedIn(msgspec.Struct, frozen=True):
    """`token` is shown this once. `created` says a new wallet was opened."""

    wallet_id: str
    token: str
    created: bool


class _Signup(msgspec.Struct, frozen=True):
    signup_id: str
    phone_index: bytes
    phone_cipher: bytes
    code_hash: bytes
    attempts: int
    language: Language
    expires_at: datetime
    confirmed_at: datetime | None


async def start_signup(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    *,
    signup_id: str,
    phone: str,
    language: Language,
    now: datetime,
    entropy: Entropy = os.urandom,
) -> Signup:
    """Sends a code to `phone`, whether it has a wallet or not. The same id sent again sends nothing
    more. Raises `PhoneInvalid`, `TooManyCodes` or `SignupIdUsed`."""
    check_id(signup_id, "sig")
    number = read_phone(phone)
    index = keys.index(number, "phone")
    async with pool.connection() as conn:
        await conn.execute(SQL.lock_phone, {"phone_index": index})
        known = await fetch_one(conn, SQL.find_signup, {"signup_id": signup_id}, _Signup)
        if known is not None:
            if known.phone_index != index:
                raise SignupIdUsed
            return Signup(signup_id, tail(number), known.expires_at)
        await _check_rate(conn, settings, index, now)
        code = f"{int.from_bytes(entropy(8)) % 1_000_000:06d}"
        minutes = settings.code_valid_minutes
        expires_at = now + timedelta(minutes=minutes)
        signup = {
            "signup_id": signup_id,
            "phone_index": index,
            "phone_cipher": keys.encrypt(number, "phone"),
            "code_hash": _code_hash(keys, signup_id, code),
            "language": language,
            "now": now,
            "expires_at": expires_at,
        }
        await conn.execute(SQL.add_signup, signup)
        text = _TEXT[language].format(code=code, minutes=minutes)
        await send_text(conn, keys, phone=number, text=text, now=now)
    return Signup(signup_id, tail(number), expires_at)


async def check_code(
    pool: Pool, keys: KeyRing, settings: Settings, *, signup_id: str, code: str, now: datetime
) -> _Signup:
    """The sign-up whose code this is; the code stays good. Raises `SignupUnknown`, `CodeUsed`,
    `CodeExpired`, `CodeWrong` or `CodeAttemptsUsedUp`.

    Takes the pool because a wrong code is counted, and committed, although an error is raised.
    """
    async with pool.connection() as conn:
        signup = await fetch_one(conn, SQL.lock_signup, {"signup_id": signup_id}, _Signup)
        if signup is None:
            raise SignupUnknown
        if signup.confirmed_at is not None:
            raise CodeUsed
        if signup.attempts >= settings.code_attempts:
            raise CodeAttemptsUsedUp(attempts=settings.code_attempts)
        if now >= signup.expires_at:
            raise CodeExpired(minutes=settings.code_valid_minutes)
        given = _code_hash(keys, signup_id, code.strip())
        if hmac.compare_digest(signup.code_hash, given):
            return signup
        await conn.execute(SQL.count_wrong_code, {"signup_id": signup_id})
    left = settings.code_attempts - signup.attempts - 1
    if left == 0:
        raise CodeAttemptsUsedUp(attempts=settings.code_attempts)
    raise CodeWrong(left=left)


async def confirm_signup(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    *,
    signup_id: str,
    code: str,
    pin: str | None,
    wallet_id: str,
    now: datetime,
    entropy: Entropy = os.urandom,
) -> SignedIn:
    """Signs in to the phone's open wallet, or opens one under `wallet_id`.

    A phone without an open wallet (a closed one does not count) chooses its PIN here: `PinNeeded`,
    `PinFormat`, `PinTooSimple`. A phone with one must know it: `WalletPinNeeded`, `PinWrong`,
    `PinLocked`. The code is spent only by success. Raises what `check_code` raises, too.
    """
    signup = await check_code(pool, keys, settings, signup_id=signup_id, code=code, now=now)
    known = await _open_wallet(pool, signup)
    if known is None:
        opened = await _open_new(
            pool, keys, signup, pin=pin, wallet_id=wallet_id, now=now, entropy=entropy
        )
        if opened is not None:
            return opened
        known = await _open_wallet(pool, signup)  # somebody was quicker: it is theirs to sign in to
    if known is None:
        raise CodeUsed  # opened and closed in the meantime
    if pin is None:
        raise WalletPinNeeded
    await check_pin(pool, settings, wallet_id=known, pin=pin, now=now)
    token = new_token(entropy)
    async with pool.connection() as conn:
        await _spend_code(conn, signup, now)
        await start_session(conn, wallet_id=known, token=token, now=now)
    return SignedIn(known, token, created=False)


async def _open_new(
    pool: Pool,
    keys: KeyRing,
    signup: _Signup,
    *,
    pin: str | None,
    wallet_id: str,
    now: datetime,
    entropy: Entropy,
) -> SignedIn | None:
    """None when the phone has an open wallet by now; then the code is not spent."""
    if pin is None:
        raise PinNeeded
    pin_hash = await hash_pin(pin)
    phone = keys.decrypt(signup.phone_cipher, "phone")
    token = new_token(entropy)
    async with pool.connection() as conn:
        opened = await open_wallet(
            conn,
            keys,
            wallet_id=wallet_id,
            phone=phone,
            pin_hash=pin_hash,
            language=signup.language,
            now=now,
        )
        if not opened:
            return None
        await _spend_code(conn, signup, now)
        await start_session(conn, wallet_id=wallet_id, token=token, now=now)
    return SignedIn(wallet_id, token, created=True)


async def _open_wallet(pool: Pool, signup: _Signup) -> str | None:
    async with pool.connection() as conn:
        cursor = await conn.execute(SQL.find_phone, {"phone_index": signup.phone_index})
        row = await cursor.fetchone()
    return str(row[0]) if row else None


async def _spend_code(conn: Connection, signup: _Signup, now: datetime) -> None:
    """Raises `CodeUsed`, which undoes the transaction: of two that confirm at once, one does."""
    spent = await conn.execute(SQL.use_signup, {"signup_id": signup.signup_id, "now": now})
    if spent.rowcount == 0:
        raise CodeUsed


async def _check_rate(
    conn: Connection, settings: Settings, phone_index: bytes, now: datetime
) -> None:
    hour = {"phone_index": phone_index, "since": now - timedelta(hours=1)}
    cursor = await conn.execute(SQL.count_signups, hour)
    row = await cursor.fetchone()
    if row and row[0] >= settings.codes_per_phone_per_hour:
        raise TooManyCodes(limit=settings.codes_per_phone_per_hour)


def _code_hash(keys: KeyRing, signup_id: str, code: str) -> bytes:
    return keys.index(f"{signup_id}:{code}", "code")
