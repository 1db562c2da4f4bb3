"""Anna reads what happened to her money, page by page, and learns no more about others than their
phone's last digits."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from qianbao.ids import new_id
from qianbao.leaving import (
    HistoryCursorInvalid,
    TransactionNotFound,
    get_transaction,
    transactions,
)
from qianbao.wallets.errors import WalletUnknown
from tests.leaving.scene import a_verified_wallet, an_order_at_the_bank
from tests.mandates.scene import BANK, BEN, NOW, Connection, a_merchant, a_wallet, move

PERSON = new_id("per", NOW)
MINUTE = timedelta(minutes=1)


async def test_every_kind_of_line(conn: Connection) -> None:
    """Each line names its other side as the holder knows it, in both languages."""
    anna, card = await a_verified_wallet(conn, PERSON)
    ben, shop = await a_wallet(conn, BEN), await a_merchant(conn, "Noodle bar", "面馆")
    await an_order_at_the_bank(conn, anna, card, "top_up", 10_000, NOW)
    await move(conn, "transfer", anna, ben, 1_000, NOW + MINUTE, note="for lunch")
    await move(conn, "payment", anna, shop, 2_000, NOW + 2 * MINUTE, reference="pay_1", note="soup")
    await move(conn, "charge", anna, shop, 300, NOW + 3 * MINUTE)
    await move(conn, "refund", shop, anna, 500, NOW + 4 * MINUTE)
    await an_order_at_the_bank(
        conn, anna, card, "withdrawal", 4_000, NOW + 5 * MINUTE, fee_minor=10
    )
    page = await transactions(conn, wallet_id=anna)
    seen = [
        (item.kind, item.amount_minor, item.balance_after_minor, item.counterparty.en)
        for item in page.items
    ]
    assert seen == [
        ("withdrawal_fee", -10, 3_190, "Qianbao"),
        ("withdrawal", -4_000, 3_200, "Industrial and Commercial Bank of China ••••6789"),
        ("refund", 500, 7_200, "Noodle bar"),
        ("charge", -300, 6_700, "Noodle bar"),
        ("payment", -2_000, 7_000, "Noodle bar"),
        ("transfer", -1_000, 9_000, "Wallet of phone ••••8002"),
        ("top_up", 10_000, 10_000, "Industrial and Commercial Bank of China ••••6789"),
    ]
    assert page.next is None
    payment = page.items[4]
    assert (payment.counterparty.zh, payment.note, payment.reference, payment.state) == (
        "面馆", "soup", "pay_1", "done",
    )  # fmt: skip
    assert (payment.kind_words.en, payment.kind_words.zh) == ("Payment", "付款")
    [received] = (await transactions(conn, wallet_id=ben)).items
    assert (received.amount_minor, received.counterparty.zh) == (1_000, "手机尾号 8001 的钱包")
    assert anna not in repr(received)


async def test_what_the_bank_has_not_answered(conn: Connection) -> None:
    """Orders under way stand on top of the first page, without a balance; the rest is done."""
    anna, card = await a_verified_wallet(conn, PERSON)
    await an_order_at_the_bank(conn, anna, card, "top_up", 10_000, NOW)
    top_up = await an_order_at_the_bank(
        conn, anna, card, "top_up", 500, NOW + MINUTE, state="pending"
    )
    out = await an_order_at_the_bank(
        conn, anna, card, "withdrawal", 2_000, NOW + 2 * MINUTE, fee_minor=10, state="unknown"
    )
    await an_order_at_the_bank(conn, anna, card, "withdrawal", 1, NOW, state="refused")
    page = await transactions(conn, wallet_id=anna, limit=1)
    assert [(i.transaction_id, i.amount_minor, i.state) for i in page.items[:2]] == [
        (out, -2_010, "unknown"),
        (top_up, 500, "pending"),
    ]
    assert page.items[0].balance_after_minor is None
    assert [item.state for item in page.items[2:]] == ["done"]
    found = await get_transaction(conn, wallet_id=anna, transaction_id=out)
    assert found == page.items[0]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
async def test_pages_miss_nothing(conn: Connection, limit: int) -> None:
    """However long the pages are, every line is seen once, newest first."""
    anna = await a_wallet(conn)
    for number in range(7):
        await move(conn, "top_up", BANK, anna, 100 + number, NOW + number * MINUTE)
    seen: list[int] = []
    page = await transactions(conn, wallet_id=anna, limit=limit)
    while True:
        assert len(page.items) <= limit
        seen += [item.amount_minor for item in page.items]
        if page.next is None:
            break
        page = await transactions(conn, wallet_id=anna, limit=limit, after=page.next)
    assert seen == list(range(106, 99, -1))


async def test_new_lines_do_not_move_old_pages(conn: Connection) -> None:
    """Money that comes in while Anna reads does not make her read a line twice."""
    anna = await a_wallet(conn)
    for number in range(4):
        await move(conn, "top_up", BANK, anna, 100 + number, NOW + number * MINUTE)
    first = await transactions(conn, wallet_id=anna, limit=2)
    await move(conn, "top_up", BANK, anna, 999, NOW + 9 * MINUTE)
    rest = await transactions(conn, wallet_id=anna, limit=5, after=first.next)
    assert [item.amount_minor for item in first.items + rest.items] == [103, 102, 101, 100]


async def test_one_line(conn: Connection) -> None:
    """Anna and Ben each see their side of a transfer; Taro sees none; nobody sees what is not."""
    anna, ben = await a_wallet(conn), await a_wallet(conn, BEN)
    await move(conn, "top_up", BANK, anna, 500)
    transfer = await move(conn, "transfer", anna, ben, 200)
    hers = await get_transaction(conn, wallet_id=anna, transaction_id=transfer)
    his = await get_transaction(conn, wallet_id=ben, transaction_id=transfer)
    assert (hers.amount_minor, his.amount_minor) == (-200, 200)
    taro = await a_wallet(conn, "+8613800138003")
    for wallet_id, transaction_id in ((taro, transfer), (anna, "trf_none")):
        with pytest.raises(TransactionNotFound):
            await get_transaction(conn, wallet_id=wallet_id, transaction_id=transaction_id)


@pytest.mark.parametrize(
    "cursor",
    ["x", "!!!", "e30x", "ä", "[]", "x" * 10_000, '{"a": "b"}', '{"a": -1}', '{"a": 1e40}'],
)
async def test_a_forged_place(conn: Connection, cursor: str) -> None:
    """Whatever is sent as a place is refused by name, or read as a place in Anna's own history."""
    anna = await a_wallet(conn)
    sent = [cursor, base64.urlsafe_b64encode(cursor.encode()).decode()]
    for after in sent:
        with pytest.raises(HistoryCursorInvalid):
            await transactions(conn, wallet_id=anna, after=after)


async def test_a_place_in_somebody_elses_history(conn: Connection) -> None:
    """Ben's place, sent by Anna, shows her own lines and nothing of his."""
    anna, ben = await a_wallet(conn), await a_wallet(conn, BEN)
    for owner in (anna, ben, ben):
        await move(conn, "top_up", BANK, owner, 100)
    his = (await transactions(conn, wallet_id=ben, limit=1)).next
    page = await transactions(conn, wallet_id=anna, after=his)
    assert [item.wallet_id for item in page.items] == [anna]
    with pytest.raises(WalletUnknown):
        await transactions(conn, wallet_id=new_id("wal", NOW))
