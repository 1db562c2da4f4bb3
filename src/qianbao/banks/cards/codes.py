"""The bank's SMS code while it is awaited: having it sent again, and why it is awaited no longer.

Handing it in belongs to `confirm`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from datetime import datetime, timedelta

from qianbao.banks.cards.card import QUERIES, Card, get_card, lock_wallet, naming
from qianbao.banks.gateway import BankUnreachable, Gateway
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.errors import QianbaoError
from qianbao.ids import new_id
from qianbao.settings import Settings


class CardCodeTries(QianbaoError):
    code = "card_code_tries"
    en = "{bank_en} has had too many wrong codes for the card ending in {last_four}."
    zh = "尾号 {last_four} 的银行卡验证码错误次数过多，{bank_zh}已停止本次验证。"
    next_en = "Link the card again: the bank sends a new code."
    next_zh = "请重新绑定，银行会发送新的验证码。"


class CardCodeExpired(QianbaoError):
    code = "card_code_expired"
    en = "The code that {bank_en} sent is no longer good."
    zh = "{bank_zh}发送的验证码已过期。"
    next_en = "Link the card again: the bank sends a new code."
    next_zh = "请重新绑定，银行会发送新的验证码。"


class CardNotAwaitingCode(QianbaoError):
    code = "card_not_awaiting_code"
    en = "No code is awaited for the {bank_en} card ending in {last_four}."
    zh = "{bank_zh}尾号 {last_four} 的银行卡目前无需输入验证码。"
    next_en = "Start linking the card; the bank then sends a code."
    next_zh = "请先发起绑定，银行会发送验证码。"


class CardCodeTooSoon(QianbaoError):
    code = "card_code_too_soon"
    status = 429
    retry = True
    en = "{bank_en} sent its last code less than {wait_seconds} seconds ago."
    zh = "{bank_zh}在 {wait_seconds} 秒内刚发送过验证码。"
    next_en = "Text messages take a while. Ask again in {left_seconds} seconds."
    next_zh = "短信可能有延迟，请在 {left_seconds} 秒后再重新获取。"


class CardCodesUsedUp(QianbaoError):
    code = "card_codes_used_up"
    status = 429
    en = "{bank_en} sends no more codes for this attempt to link the card ending in {last_four}."
    zh = "本次绑定尾号 {last_four} 的银行卡，{bank_zh}不再发送验证码。"
    next_en = (
        "Enter the last code. If none came, check with the bank which phone it has, give this "
        "attempt up and link the card again."
    )
    next_zh = (
        "请输入最后一次收到的验证码；如未收到，请向银行核对预留手机号，放弃本次绑定后重新发起。"
    )


FINAL: dict[str, type[QianbaoError]] = {
    "OTP_TRIES": CardCodeTries,
    "OTP_EXPIRED": CardCodeExpired,
}
"""The bank's answers to a code after which it wants no other."""


def check_awaiting(card: Card) -> None:
    """Raises `CardCodeTries`, `CardCodeExpired` or `CardNotAwaitingCode` unless the bank awaits a
    code."""
    if card.state == "refused" and card.result in FINAL:
        raise FINAL[card.result](**naming(card))
    if card.state != "code_sent":
        raise CardNotAwaitingCode(**naming(card))


async def send_code_again(
    pool: Pool,
    gateway: Gateway,
    settings: Settings,
    *,
    wallet_id: str,
    card_id: str,
    now: datetime,
    entropy: Callable[[int], bytes] = os.urandom,
) -> Card:
    """Has the bank text a new code; the old one is void. That is no new check of the card.

    Raises `CardUnknown`, `CardForNoWallet`, what `check_awaiting` raises, `CardCodeTooSoon`,
    `CardCodesUsedUp`, `BankSilent` (it may have sent one) and `BankUnreachable` (it has not).
    """
    async with pool.connection() as conn:
        card = await _count(conn, settings, wallet_id, card_id, now)
    row = {"wallet_id": wallet_id, "card_id": card_id}
    try:
        answer = await gateway.send_code(
            card.bank, card.verification, request_id=new_id("req", now, entropy)
        )
    except BankUnreachable:
        async with pool.connection() as conn:
            await conn.execute(QUERIES.take_back_code, row | {"before": card.code_sent_at})
        raise
    if answer.result == "TRIES":
        raise CardCodesUsedUp(**naming(card))
    if answer.result == "EXPIRED":
        async with pool.connection() as conn:
            await conn.execute(QUERIES.code_expired, row)
    async with pool.connection() as conn:
        card = await get_card(conn, wallet_id, card_id)
    if card.state != "linked":  # the old code may have been handed in meanwhile
        check_awaiting(card)
    return card


async def _count(
    conn: Connection, settings: Settings, wallet_id: str, card_id: str, now: datetime
) -> Card:
    """Counts the code before it is asked for; gives the card as it was."""
    await lock_wallet(conn, wallet_id)
    card = await get_card(conn, wallet_id, card_id)
    check_awaiting(card)
    wait = timedelta(seconds=settings.code_wait_seconds)
    left = (card.code_sent_at or card.created_at) + wait - now
    if left > timedelta(0):
        raise CardCodeTooSoon(
            wait_seconds=settings.code_wait_seconds,
            left_seconds=math.ceil(left.total_seconds()),
            **naming(card),
        )
    if card.codes_sent >= settings.bank_codes_per_card:
        raise CardCodesUsedUp(**naming(card))
    row = {"wallet_id": wallet_id, "card_id": card_id, "now": now}
    await conn.execute(QUERIES.count_code, row)
    return card
