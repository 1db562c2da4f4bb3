"""Signing up, and signing in again: a phone that was proved by its code, and the payment PIN."""

from __future__ import annotations

import os
from datetime import datetime

import msgspec

from qianbao.db.pool import Pool
from qianbao.db.queries import load
from qianbao.errors import QianbaoError
from qianbao.keyring import KeyRing, new_token
from qianbao.settings import Settings
from qianbao.wallets.codes import CodeUsed, Entropy, ProvedPhone, check_code, spend_code
from qianbao.wallets.opening import open_wallet
from qianbao.wallets.pin import check_pin, hash_pin
from qianbao.wallets.sessions import start_session

SQL = load("qianbao.wallets")


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


class SignedIn(msgspec.Struct, frozen=True):
    """`token` is shown this once. `created` says a new wallet was opened."""

    wallet_id: str
    token: str
    created: bool


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
    known = await wallet_of(pool, signup)
    if known is None:
        opened = await _open_new(
            pool, keys, signup, pin=pin, wallet_id=wallet_id, now=now, entropy=entropy
        )
        if opened is not None:
            return opened
        known = await wallet_of(pool, signup)  # somebody was quicker: it is theirs to sign in to
    if known is None:
        raise CodeUsed  # opened and closed in the meantime
    if pin is None:
        raise WalletPinNeeded
    await check_pin(pool, settings, wallet_id=known, pin=pin, now=now)
    token = new_token(entropy)
    async with pool.connection() as conn:
        await spend_code(conn, signup, now)
        await start_session(conn, wallet_id=known, token=token, now=now)
    return SignedIn(known, token, created=False)


async def _open_new(
    pool: Pool,
    keys: KeyRing,
    signup: ProvedPhone,
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
        await spend_code(conn, signup, now)
        await start_session(conn, wallet_id=wallet_id, token=token, now=now)
    return SignedIn(wallet_id, token, created=True)


async def wallet_of(pool: Pool, signup: ProvedPhone) -> str | None:
    async with pool.connection() as conn:
        cursor = await conn.execute(SQL.find_phone, {"phone_index": signup.phone_index})
        row = await cursor.fetchone()
    return str(row[0]) if row else None
