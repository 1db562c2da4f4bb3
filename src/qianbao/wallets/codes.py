"""Codes by text message that prove whose a phone is: sent, sent again, checked, spent.

A code is sent whether the phone has a wallet or not, so that nobody learns which. What is done with
a proved phone belongs to `signup` and `pin_reset`; for one request of a holder, `payments.step_up`.
"""

from __future__ import annotations

import hmac
import math
import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import InvalidInput, Language, NotFound, QianbaoError
from qianbao.ids import check_id
from qianbao.keyring import KeyRing
from qianbao.notices.texts import send_text
from qianbao.settings import Settings
from qianbao.wallets.code_limits import address_index, check_flood
from qianbao.wallets.phones import read_phone, tail

SQL = load("qianbao.wallets")

Entropy = Callable[[int], bytes]

Purpose = Literal["sign_in", "pin_reset", "step_up"]
"""What a code is for; it is good for nothing else, and its text says so."""

_TEXT: dict[tuple[Purpose, Language], str] = {
    ("sign_in", "en"): "{code} is your Qianbao code. It is good for {minutes} minutes. "
    "Nobody from Qianbao will ever ask you for it.",
    ("sign_in", "zh"): "您的钱包验证码是 {code}，{minutes} 分钟内有效。"
    "工作人员不会向您索要，请勿告诉他人。",
    ("pin_reset", "en"): "{code} is the code to choose a NEW PAYMENT PIN for your Qianbao wallet, "
    "good for {minutes} minutes. If you did not ask for it, tell it to nobody.",
    ("pin_reset", "zh"): "您正在重设钱包支付密码，验证码 {code}，{minutes} 分钟内有效。"
    "如非本人操作，请勿告诉任何人。",
    ("step_up", "en"): "{code} is the Qianbao code for {about}, and for nothing else. It is good "
    "for {minutes} minutes. If this is not you, tell it to nobody.",
    ("step_up", "zh"): "验证码 {code}，仅用于{about}，{minutes} 分钟内有效。"
    "如非本人操作，请勿告诉任何人。",
}


_SIX_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)


class TooManyCodes(QianbaoError):
    code = "too_many_codes"
    status = 429
    retry = True
    en = "This phone was sent {limit} codes within {hours} h."
    zh = "该手机号 {hours} 小时内已发送 {limit} 次验证码。"
    next_en = "Use the last code you received, or ask again {hours} h after the first of them."
    next_zh = "请使用最近收到的验证码，或在首次发送 {hours} 小时后再试。"


class CodeTooSoon(QianbaoError):
    code = "code_too_soon"
    status = 429
    retry = True
    en = "The last code was sent less than {wait_seconds} seconds ago."
    zh = "{wait_seconds} 秒内刚发送过验证码。"
    next_en = "Text messages take a while. Ask again in {left_seconds} seconds."
    next_zh = "短信可能有延迟，请在 {left_seconds} 秒后再重新获取。"


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


class CodeFormat(InvalidInput):
    code = "code_format"
    en = "A code is six digits."
    zh = "验证码为六位数字。"
    next_en = "Enter the six digits of the last text message. This cost no try."
    next_zh = "请输入最近一条短信中的六位数字，本次不计入尝试次数。"


class CodeWrong(QianbaoError):
    code = "code_wrong"
    status = 403
    en = "This is not the code that was sent. Tries left: {left}."
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


class Signup(msgspec.Struct, frozen=True):
    """A code is on its way to the phone that ends in `phone_tail` (four digits)."""

    signup_id: str
    phone_tail: str
    expires_at: datetime


class ProvedPhone(msgspec.Struct, frozen=True):
    """A sign-up whose code is known to whoever asks."""

    signup_id: str
    phone_index: bytes
    phone_cipher: bytes
    code_hash: bytes
    attempts: int
    language: Language
    purpose: Purpose
    expires_at: datetime
    confirmed_at: datetime | None


class CodeWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A code to be sent to `number` under `signup_id`. `asker` is the network that asks, as it is
    stored; `about` says, within the text, what a `step_up` is for."""

    signup_id: str
    number: str
    language: Language
    purpose: Purpose
    asker: bytes | None
    about: str = ""


async def start_signup(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    *,
    signup_id: str,
    phone: str,
    language: Language,
    purpose: Purpose = "sign_in",
    address: str = "",
    now: datetime,
    entropy: Entropy = os.urandom,
) -> Signup:
    """Sends a code to `phone`, whether it has a wallet or not. The same id sent again sends nothing
    more. `address` is the network that asks (`client_address`), empty when it is not known. Raises
    `PhoneInvalid`, `CodeTooSoon`, `TooManyCodes`, `CodesFromAddress`, `CodesUsedUp` or
    `SignupIdUsed`."""
    check_id(signup_id, "sig")
    wanted = CodeWanted(
        signup_id=signup_id,
        number=read_phone(phone),
        language=language,
        purpose=purpose,
        asker=address_index(keys, address),
    )
    async with pool.connection() as conn:
        return await send_code(conn, keys, settings, wanted, now=now, entropy=entropy)


async def send_again(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    *,
    signup_id: str,
    again_id: str,
    purpose: Purpose = "sign_in",
    address: str = "",
    now: datetime,
    entropy: Entropy = os.urandom,
) -> Signup:
    """Sends another code to the phone of the sign-up `signup_id`; `again_id` is the sign-up to go
    on with, and sent twice sends one code. Raises `SignupUnknown`, `CodeUsed`, `CodeTooSoon`,
    `TooManyCodes`, `CodesFromAddress`, `CodesUsedUp` or `SignupIdUsed`."""
    check_id(again_id, "sig")
    async with pool.connection() as conn:
        before = await fetch_one(conn, SQL.find_signup, {"signup_id": signup_id}, ProvedPhone)
        if before is None or before.purpose != purpose:
            raise SignupUnknown
        if before.confirmed_at is not None:
            raise CodeUsed
        wanted = CodeWanted(
            signup_id=again_id,
            number=keys.decrypt(before.phone_cipher, "phone"),
            language=before.language,
            purpose=purpose,
            asker=address_index(keys, address),
        )
        return await send_code(conn, keys, settings, wanted, now=now, entropy=entropy)


async def send_code(
    conn: Connection,
    keys: KeyRing,
    settings: Settings,
    wanted: CodeWanted,
    *,
    now: datetime,
    entropy: Entropy = os.urandom,
) -> Signup:
    """A code to a number that is known already; nothing more when one was sent under the same id.
    Raises `CodeTooSoon`, `TooManyCodes`, `CodesFromAddress`, `CodesUsedUp` or `SignupIdUsed`."""
    index = keys.index(wanted.number, "phone")
    await conn.execute(SQL.lock_phone, {"phone_index": index})
    known = await fetch_one(conn, SQL.find_signup, {"signup_id": wanted.signup_id}, ProvedPhone)
    if known is not None:
        if (known.phone_index, known.purpose) != (index, wanted.purpose):
            raise SignupIdUsed
        return Signup(wanted.signup_id, tail(wanted.number), known.expires_at)
    await _check_rates(conn, settings, index, wanted.purpose, wanted.asker, now)
    return await _send_fresh(conn, keys, settings, wanted, now, entropy)


async def _send_fresh(
    conn: Connection,
    keys: KeyRing,
    settings: Settings,
    wanted: CodeWanted,
    now: datetime,
    entropy: Entropy,
) -> Signup:
    code = f"{int.from_bytes(entropy(8)) % 1_000_000:06d}"
    minutes = settings.code_valid_minutes
    expires_at = now + timedelta(minutes=minutes)
    signup = {
        "signup_id": wanted.signup_id,
        "phone_index": keys.index(wanted.number, "phone"),
        "phone_cipher": keys.encrypt(wanted.number, "phone"),
        "code_hash": _code_hash(keys, wanted.signup_id, code),
        "language": wanted.language,
        "purpose": wanted.purpose,
        "address_index": wanted.asker,
        "now": now,
        "expires_at": expires_at,
    }
    await conn.execute(SQL.add_signup, signup)
    words = _TEXT[wanted.purpose, wanted.language]
    text = words.format(code=code, minutes=minutes, about=wanted.about)
    await send_text(conn, keys, phone=wanted.number, text=text, now=now)
    return Signup(wanted.signup_id, tail(wanted.number), expires_at)


async def check_code(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    *,
    signup_id: str,
    code: str,
    purpose: Purpose = "sign_in",
    now: datetime,
) -> ProvedPhone:
    """The sign-up whose code this is; the code stays good. Raises `SignupUnknown`, `CodeUsed`,
    `CodeExpired`, `CodeFormat`, `CodeWrong` or `CodeAttemptsUsedUp`.

    Takes the pool because a wrong code is counted, and committed, although an error is raised.
    """
    async with pool.connection() as conn:
        signup = await fetch_one(conn, SQL.lock_signup, {"signup_id": signup_id}, ProvedPhone)
        if signup is None or signup.purpose != purpose:
            raise SignupUnknown
        if signup.confirmed_at is not None:
            raise CodeUsed
        if signup.attempts >= settings.code_attempts:
            raise CodeAttemptsUsedUp(attempts=settings.code_attempts)
        if now >= signup.expires_at:
            raise CodeExpired(minutes=settings.code_valid_minutes)
        if not _SIX_DIGITS.fullmatch(code.strip()):
            raise CodeFormat
        given = _code_hash(keys, signup_id, code.strip())
        if hmac.compare_digest(signup.code_hash, given):
            return signup
        await conn.execute(SQL.count_wrong_code, {"signup_id": signup_id})
    left = settings.code_attempts - signup.attempts - 1
    if left == 0:
        raise CodeAttemptsUsedUp(attempts=settings.code_attempts)
    raise CodeWrong(left=left)


async def spend_code(conn: Connection, signup: ProvedPhone, now: datetime) -> None:
    """Raises `CodeUsed`, which undoes the transaction: of two that confirm at once, one does."""
    spent = await conn.execute(SQL.use_signup, {"signup_id": signup.signup_id, "now": now})
    if spent.rowcount == 0:
        raise CodeUsed


async def _check_rates(
    conn: Connection,
    settings: Settings,
    phone_index: bytes,
    purpose: Purpose,
    asker: bytes | None,
    now: datetime,
) -> None:
    await _check_wait(conn, settings, phone_index, purpose, now)
    await _check_rate(conn, settings, phone_index, now)
    await check_flood(conn, settings, asker, now)


async def _check_rate(
    conn: Connection, settings: Settings, phone_index: bytes, now: datetime
) -> None:
    limits = ((1, settings.codes_per_phone_per_hour), (24, settings.codes_per_phone_per_day))
    for hours, limit in limits:
        place = {"phone_index": phone_index, "since": now - timedelta(hours=hours)}
        cursor = await conn.execute(SQL.count_signups, place)
        row = await cursor.fetchone()
        if row and row[0] >= limit:
            raise TooManyCodes(limit=limit, hours=hours)


async def _check_wait(
    conn: Connection, settings: Settings, phone_index: bytes, purpose: Purpose, now: datetime
) -> None:
    place = {"phone_index": phone_index, "purpose": purpose}
    cursor = await conn.execute(SQL.last_unused_signup_at, place)
    row = await cursor.fetchone()
    wait = timedelta(seconds=settings.code_wait_seconds)
    if row and row[0] + wait > now:
        left_seconds = math.ceil((row[0] + wait - now).total_seconds())
        raise CodeTooSoon(wait_seconds=settings.code_wait_seconds, left_seconds=left_seconds)


def _code_hash(keys: KeyRing, signup_id: str, code: str) -> bytes:
    return keys.index(f"{signup_id}:{code}", "code")
