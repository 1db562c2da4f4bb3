"""A forgotten payment PIN: choosing a new one by proving who one is another way.

Two things are asked for. The number of the wallet's document, always; besides it the code sent to
the wallet's phone, or, from a session that is signed in, the number of a linked card: whoever is
abroad may not get a text message. Every attempt is kept as a row, and refused ones are bounded.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from qianbao.banks.cards import list_cards
from qianbao.banks.directory import read_card_number
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, load
from qianbao.errors import Language, QianbaoError
from qianbao.identity import documents
from qianbao.ids import new_id
from qianbao.keyring import KeyRing, new_token
from qianbao.notices.texts import send_text
from qianbao.settings import Settings
from qianbao.wallets.codes import Entropy, check_code, spend_code
from qianbao.wallets.errors import WalletClosed
from qianbao.wallets.pin import hash_pin, set_pin
from qianbao.wallets.profile import phone_of, wallet
from qianbao.wallets.sessions import start_session
from qianbao.wallets.signup import SignedIn, wallet_of

SQL = load("qianbao.wallets")

WINDOW = timedelta(hours=24)
Proof = Literal["code", "card"]

_TEXT: dict[Language, str] = {
    "en": "The payment PIN of your Qianbao wallet was changed without the old one. If this was not "
    "you, choose a new PIN at once and open a case in the app.",
    "zh": "您的钱包支付密码已通过“忘记密码”重设。如非本人操作，请立即再次重设并在应用内提交工单。",
}


class PinResetRefused(QianbaoError):
    code = "pin_reset_refused"
    status = 403
    en = "What you entered does not prove that this wallet is yours. Tries left: {left}."
    zh = "所填信息无法证明您是本钱包的持有人，还可尝试 {left} 次。"
    next_en = (
        "Compare the numbers with the document shown to this wallet and with your linked card."
    )
    next_zh = "请对照现行证件（以及已绑定的银行卡）核对所填号码。"


class PinResetsUsedUp(QianbaoError):
    code = "pin_resets_used_up"
    status = 429
    retry = True
    en = "A new PIN was asked for {attempts} times in 24 hours without proof."
    zh = "24 小时内已有 {attempts} 次重设密码未能通过核验。"
    next_en = "Try again tomorrow with your document in hand, or ask the operator."
    next_zh = "请明天持证件再试，或联系平台。"


class PinResetNeedsDocument(QianbaoError):
    code = "pin_reset_needs_document"
    en = "This wallet holds money and knows no document that could prove whose it is."
    zh = "本钱包内有资金，但尚未登记证件，无法核实持有人身份。"
    next_en = "Ask the operator: a person has to look at it."
    next_zh = "请联系平台，由人工核实。"


class NoWalletToReset(QianbaoError):
    code = "no_wallet_to_reset"
    en = "The code is right, and this phone has no open wallet."
    zh = "验证码正确，但该手机号没有使用中的钱包。"
    next_en = "Sign in with it: open a new wallet, or read a closed one's records."
    next_zh = "请用该手机号登录：可为新钱包设置支付密码，或查看已注销钱包的记录。"


async def reset_pin(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    *,
    signup_id: str,
    code: str,
    document_number: str,
    new_pin: str,
    now: datetime,
    entropy: Entropy = os.urandom,
) -> SignedIn:
    """Sets `new_pin` for the wallet of the phone that a `pin_reset` code was sent to, and signs in
    there. A wallet that is empty and knows no document needs the code alone. Raises what `hash_pin`
    and `check_code` raise, `NoWalletToReset`, `PinResetRefused`, `PinResetsUsedUp`,
    `PinResetNeedsDocument`."""
    hashed = await hash_pin(new_pin)
    proved = await check_code(
        pool, keys, settings, signup_id=signup_id, code=code, purpose="pin_reset", now=now
    )
    wallet_id = await wallet_of(pool, proved)
    if wallet_id is None:
        raise NoWalletToReset
    await _prove(pool, keys, settings, wallet_id, _Typed(document_number), now)
    token = new_token(entropy)
    async with pool.connection() as conn:
        await spend_code(conn, proved, now)
        await start_session(conn, wallet_id=wallet_id, token=token, now=now)
        await _set(conn, keys, wallet_id, "code", hashed, token, now)
    return SignedIn(wallet_id, token, created=False)


async def reset_pin_by_card(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    *,
    wallet_id: str,
    token: str,
    card_number: str,
    document_number: str,
    new_pin: str,
    now: datetime,
) -> None:
    """Sets `new_pin` from the session of `token`, which stays; the card is one linked to the
    wallet. Raises what `hash_pin` raises, `CardNumberInvalid`, `WalletClosed`, `PinResetRefused`,
    `PinResetsUsedUp`."""
    hashed = await hash_pin(new_pin)
    typed = _Typed(document_number, keys.index(read_card_number(card_number), "card"))
    await _prove(pool, keys, settings, wallet_id, typed, now)
    async with pool.connection() as conn:
        await _set(conn, keys, wallet_id, "card", hashed, token, now)


class _Typed(msgspec.Struct, frozen=True):
    """What proves it besides a code; `fingerprint` only where a card stands for the code."""

    document_number: str
    fingerprint: bytes | None = None

    @property
    def proof(self) -> Proof:
        return "code" if self.fingerprint is None else "card"


async def _prove(
    pool: Pool, keys: KeyRing, settings: Settings, wallet_id: str, typed: _Typed, now: datetime
) -> None:
    """Takes the pool because a refused attempt is kept, and committed, although an error is raised.
    The wallet is locked, so that attempts made at once are counted one by one."""
    most = settings.pin_resets_per_day
    async with pool.connection() as conn:
        await conn.execute(SQL.lock_wallet, {"wallet_id": wallet_id})
        place = {"wallet_id": wallet_id, "since": now - WINDOW}
        cursor = await conn.execute(SQL.count_refused_resets, place)
        row = await cursor.fetchone()
        refused = int(row[0]) if row else 0
        if refused >= most:
            raise PinResetsUsedUp(attempts=most)
        if await _is_theirs(conn, keys, wallet_id, typed):
            return
        await _keep(conn, wallet_id, typed.proof, "refused", now)
    raise PinResetRefused(left=most - refused - 1)


async def _is_theirs(conn: Connection, keys: KeyRing, wallet_id: str, typed: _Typed) -> bool:
    profile = await wallet(conn, wallet_id)
    if profile.status != "open":
        raise WalletClosed
    document = await documents.current_document(conn, wallet_id)
    if document is None:
        if profile.balance_minor or profile.held_minor:
            raise PinResetNeedsDocument
        return typed.fingerprint is None
    if not documents.is_number(keys, document, typed.document_number):
        return False
    if typed.fingerprint is None:
        return True
    cards = await list_cards(conn, wallet_id)
    return any(card.state == "linked" and card.fingerprint == typed.fingerprint for card in cards)


async def _set(
    conn: Connection,
    keys: KeyRing,
    wallet_id: str,
    proof: Proof,
    pin_hash: str,
    token: str,
    now: datetime,
) -> None:
    await set_pin(conn, wallet_id=wallet_id, pin_hash=pin_hash, token=token, now=now)
    await _keep(conn, wallet_id, proof, "done", now)
    profile = await wallet(conn, wallet_id)
    phone = await phone_of(conn, keys, wallet_id)
    await send_text(conn, keys, phone=phone, text=_TEXT[profile.language], now=now)


async def _keep(
    conn: Connection, wallet_id: str, proof: Proof, outcome: str, now: datetime
) -> None:
    row = {
        "wallet_id": wallet_id,
        "pin_reset_id": new_id("pnr", now),
        "proof": proof,
        "outcome": outcome,
        "now": now,
    }
    await conn.execute(SQL.add_pin_reset, row)
