"""A request that rules ask more proof for: kept as it was sent, sent a code, and proved by it.

A code is good for one request alone: this wallet, this key, this body (so this amount and this
receiver). Here belongs sending it, with its words in the text message, and proving it; what waits
is `waiting`, and codes themselves are `wallets.codes`.
"""

from __future__ import annotations

import os
from datetime import datetime

import msgspec

from qianbao.bank_names import bank_name
from qianbao.banks.cards import list_cards
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_one, load
from qianbao.errors import Language, NotFound, QianbaoError
from qianbao.keyring import KeyRing
from qianbao.money import show
from qianbao.payments.merchants import find_merchant
from qianbao.payments.waiting import Bound, Waiting
from qianbao.settings import Settings
from qianbao.wallets.code_limits import address_index
from qianbao.wallets.codes import (
    CodeUsed,
    CodeWanted,
    Entropy,
    check_code,
    send_code,
    spend_code,
)
from qianbao.wallets.phones import tail
from qianbao.wallets.profile import phone_of, wallet

sql = load("qianbao.payments")


class StepUpUnknown(NotFound):
    code = "step_up_unknown"
    en = "No request of yours waits under this id."
    zh = "没有以此编号等待验证的请求。"
    next_en = "Send the request itself; if more proof is asked for, the answer names the id."
    next_zh = "请先提交请求本身；如需更多验证，返回结果中会给出编号。"


class StepUpOver(QianbaoError):
    code = "step_up_over"
    en = "This request waited for its code longer than {minutes} minutes. Nothing was moved."
    zh = "该请求等待验证码已超过 {minutes} 分钟，未动用任何资金。"
    next_en = "Send it again with the payment PIN, and ask for a new code."
    next_zh = "请重新输入支付密码提交，并获取新的验证码。"


class CodeForOtherRequest(QianbaoError):
    code = "code_for_other_request"
    status = 403
    en = "No code was sent for exactly this request. Nothing was moved."
    zh = "没有为这一请求发送过验证码，未动用任何资金。"
    next_en = (
        "A code is good for one amount and one receiver. Send the request without a code first."
    )
    next_zh = "验证码仅对一个金额和一个收款方有效。请先提交不带验证码的请求。"


class CodeSent(msgspec.Struct, frozen=True):
    """A code is on its way to the wallet's phone, which ends in `phone_tail`."""

    step_up_id: str
    phone_tail: str
    expires_at: datetime


async def find_waiting(
    conn: Connection, settings: Settings, *, wallet_id: str, step_up_id: str, now: datetime
) -> Waiting:
    """Raises `StepUpUnknown` or `StepUpOver`."""
    place = {"wallet_id": wallet_id, "step_up_id": step_up_id}
    found = await fetch_one(conn, sql.find_step_up, place, Waiting)
    if found is None:
        raise StepUpUnknown()
    if now >= found.expires_at:
        raise StepUpOver(minutes=settings.step_up_minutes)
    return found


async def send_step_up_code(
    pool: Pool,
    keys: KeyRing,
    settings: Settings,
    *,
    wallet_id: str,
    step_up_id: str,
    signup_id: str,
    address: str = "",
    now: datetime,
    entropy: Entropy = os.urandom,
) -> CodeSent:
    """Sends a code for one waiting request to the wallet's own phone; the text says what it is for.
    Only the latest code counts; the same `signup_id` sent again sends nothing more. Raises
    `StepUpUnknown`, `StepUpOver`, `CodeTooSoon`, `TooManyCodes`, `CodesFromAddress`,
    `CodesUsedUp` or `SignupIdUsed`."""
    async with pool.connection() as conn:
        found = await find_waiting(
            conn, settings, wallet_id=wallet_id, step_up_id=step_up_id, now=now
        )
        profile = await wallet(conn, wallet_id)
        wanted = CodeWanted(
            signup_id=signup_id,
            number=await phone_of(conn, keys, wallet_id),
            language=profile.language,
            purpose="step_up",
            asker=address_index(keys, address),
            about=await _about(conn, keys, found, profile.language),
        )
        sent = await send_code(conn, keys, settings, wanted, now=now, entropy=entropy)
        row = {
            "wallet_id": wallet_id,
            "step_up_id": step_up_id,
            "request_hash": found.request_hash,
            "signup_id": sent.signup_id,
        }
        await conn.execute(sql.set_step_up_code, row)
    return CodeSent(step_up_id, sent.phone_tail, sent.expires_at)


async def prove_code(
    pool: Pool, keys: KeyRing, settings: Settings, *, bound: Bound, code: str, now: datetime
) -> None:
    """Passes when `code` is the one sent for this request, or was proved before: a proof holds for
    as long as the request may wait. Raises `StepUpUnknown`, `StepUpOver`, `CodeForOtherRequest`,
    and what `check_code` raises."""
    found = await find_bound(pool, settings, bound, now)
    if found.code_proven_at is not None:
        return
    if found.signup_id is None:
        raise CodeForOtherRequest()
    try:
        proved = await check_code(
            pool, keys, settings, signup_id=found.signup_id, code=code, purpose="step_up", now=now
        )
        async with pool.connection() as conn:
            await spend_code(conn, proved, now)
            row = msgspec.structs.asdict(bound) | {"signup_id": found.signup_id, "now": now}
            await conn.execute(sql.prove_step_up, row)
    except CodeUsed:
        # The same request from another tab was quicker; that proved this one, too.
        found = await find_bound(pool, settings, bound, now)
        if found.code_proven_at is None:
            raise


async def find_bound(pool: Pool, settings: Settings, bound: Bound, now: datetime) -> Waiting:
    """The request that waits, if it is this one. Raises `StepUpUnknown`, `StepUpOver` or
    `CodeForOtherRequest`."""
    place = {"wallet_id": bound.wallet_id, "step_up_id": bound.step_up_id}
    async with pool.connection() as conn:
        found = await find_waiting(conn, settings, **place, now=now)
    if not bound.is_waiting(found):
        raise CodeForOtherRequest()
    return found


async def forget_step_ups(conn: Connection, *, before: datetime, limit: int = 10_000) -> int:
    """Drops requests that have waited in vain since before `before`; gives how many."""
    cursor = await conn.execute(sql.forget_step_ups, {"before": before, "limit": limit})
    return cursor.rowcount


_ABOUT: dict[str, dict[Language, str]] = {
    "transfer": {
        "en": "sending {amount} to the phone ending in {to}",
        "zh": "向尾号 {to} 的手机用户转账 {amount}",
    },
    "pay": {"en": "paying {amount} to {to}", "zh": "向{to}付款 {amount}"},
    "withdraw": {"en": "withdrawing {amount} to {to}", "zh": "提现 {amount} 至{to}"},
    "top_up": {"en": "topping up {amount} from {to}", "zh": "从{to}充值 {amount}"},
}
"""What a code is for, by the kind of request."""


async def _about(conn: Connection, keys: KeyRing, found: Waiting, language: Language) -> str:
    amount = show(found.amount_minor, found.currency)
    to = await _counterparty(conn, keys, found, language)
    return _ABOUT[found.kind][language].format(amount=amount, to=to)


async def _counterparty(conn: Connection, keys: KeyRing, found: Waiting, language: Language) -> str:
    if found.kind == "transfer":
        return tail(await phone_of(conn, keys, found.counterparty_id))
    if found.kind == "pay":
        merchant = await find_merchant(conn, merchant_id=found.counterparty_id)
        return merchant.name_zh if language == "zh" else merchant.name_en
    cards = {card.card_id: card for card in await list_cards(conn, found.wallet_id)}
    card = cards[found.counterparty_id]
    return f"{bank_name(card.bank, language)} {card.last_four}"
