"""Pay Score on and off. A state is a row: when it was enabled, when it was disabled."""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_one
from qianbao.errors import QianbaoError
from qianbao.notices import inbox
from qianbao.payscore.lists import list_orders, sql
from qianbao.wallets.errors import WalletClosed, WalletUnknown

_NAMED = 5
"""Orders that the refusal names one by one."""


class PayScoreOff(QianbaoError):
    code = "pay_score_off"
    en = "Pay Score is off."
    zh = "支付分未开通。"
    next_en = "Turn it on under Wallet, Pay Score."
    next_zh = "请在 钱包—支付分 中开通。"


class ScoreOrdersOpen(QianbaoError):
    code = "score_orders_open"
    en = "Pay Score stays on while service orders are open: {orders}."
    zh = "支付分仍有未完结的服务订单：{orders_zh}。"
    next_en = "Ask the merchant to complete or cancel a running order; decline one not confirmed."
    next_zh = "进行中的订单请联系商户完结或取消；未确认的订单可直接拒绝。"


class PayScore(msgspec.Struct, frozen=True):
    """The last time Pay Score was enabled; on while `disabled_at` is None."""

    wallet_id: str
    enabled_at: datetime
    disabled_at: datetime | None


class LockedWallet(msgspec.Struct, frozen=True):
    """What an act on Pay Score needs of the wallet it has locked."""

    status: str
    currency: str
    pay_score_on: bool


async def lock_wallet(conn: Connection, wallet_id: str) -> LockedWallet:
    """The wallet, locked until this transaction ends. Raises `WalletUnknown`."""
    wallet = await fetch_one(conn, sql.lock_wallet, {"wallet_id": wallet_id}, LockedWallet)
    if wallet is None:
        raise WalletUnknown()
    return wallet


def must_be_open(wallet: LockedWallet) -> None:
    """Raises `WalletClosed` unless it is."""
    if wallet.status == "closed":
        raise WalletClosed()


async def pay_score(conn: Connection, *, wallet_id: str) -> PayScore | None:
    """Pay Score as it stands; None when it has never been on."""
    return await fetch_one(conn, sql.last_switch, {"wallet_id": wallet_id}, PayScore)


async def enable(conn: Connection, *, wallet_id: str, now: datetime) -> PayScore:
    """Turns Pay Score on; on already, nothing changes. Raises `WalletUnknown` or
    `WalletClosed`."""
    wallet = await lock_wallet(conn, wallet_id)
    must_be_open(wallet)
    if not wallet.pay_score_on:
        keys = {"wallet_id": wallet_id, "now": now}
        await conn.execute(sql.turn_on, keys)
        await conn.execute(sql.set_switch, keys | {"on": True})
        await inbox.tell(
            conn,
            wallet_id=wallet_id,
            kind="pay_score_on",
            title_en="Pay Score is on",
            title_zh="支付分已开通",
            body_en="Merchants may offer you services without a deposit. You confirm each order.",
            body_zh="商户可为您提供免押金服务，每笔订单均需您确认。",
            link="/me/pay/manage/pay-score",
            now=now,
        )
    switched = await pay_score(conn, wallet_id=wallet_id)
    assert switched is not None
    return switched


async def disable(conn: Connection, *, wallet_id: str, now: datetime) -> PayScore:
    """Turns Pay Score off. Raises `WalletUnknown`, `WalletClosed`, `PayScoreOff`, or
    `ScoreOrdersOpen` naming the orders that stand in the way."""
    wallet = await lock_wallet(conn, wallet_id)
    must_be_open(wallet)
    if not wallet.pay_score_on:
        raise PayScoreOff()
    await _refuse_open_orders(conn, wallet_id)
    keys = {"wallet_id": wallet_id, "now": now}
    await conn.execute(sql.turn_off, keys)
    await conn.execute(sql.set_switch, keys | {"on": False})
    await inbox.tell(
        conn,
        wallet_id=wallet_id,
        kind="pay_score_off",
        title_en="Pay Score is off",
        title_zh="支付分已关闭",
        body_en="No merchant can open a service order on it any more.",
        body_zh="商户不能再向您发起免押金服务订单。",
        link="/me/pay/manage/pay-score",
        now=now,
    )
    switched = await pay_score(conn, wallet_id=wallet_id)
    assert switched is not None
    return switched


async def _refuse_open_orders(conn: Connection, wallet_id: str) -> None:
    found = await list_orders(conn, wallet_id=wallet_id, open_only=True, limit=_NAMED + 1)
    if not found:
        return
    named, more = found[:_NAMED], len(found) > _NAMED
    raise ScoreOrdersOpen(
        orders="; ".join(f"{order.merchant_name_en}, {order.introduction}" for order in named)
        + ("; and more" if more else ""),
        orders_zh="；".join(f"{order.merchant_name_zh} {order.introduction}" for order in named)
        + ("等" if more else ""),
        score_order_ids=[order.score_order_id for order in named],
    )
