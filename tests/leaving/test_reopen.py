"""Ben registers again with the same passport and finds his history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qianbao.ids import new_id
from qianbao.leaving import (
    NothingToReopen,
    NotVerifiedYet,
    close,
    earlier_wallets,
    reopen,
    statement,
    transactions,
)
from qianbao.wallets.errors import WalletClosed, WalletUnknown
from tests.leaving.scene import a_verified_wallet, an_order_at_the_bank, unlink, verify
from tests.mandates.scene import (
    ANNA,
    BEN,
    FREE_MINOR,
    NOW,
    TARO,
    Connection,
    a_wallet,
    notices,
)

DAY = timedelta(days=1)
PERSON, SOMEBODY_ELSE = new_id("per", NOW), new_id("per", NOW)


async def ben_leaves(conn: Connection, amount_minor: int = 3_200, after: timedelta = DAY) -> str:
    """A wallet that Ben opened, topped up, emptied and closed."""
    opened_at = NOW + after
    ben, card = await a_verified_wallet(conn, PERSON, BEN, opened_at)
    await an_order_at_the_bank(conn, ben, card, "top_up", amount_minor, opened_at)
    await an_order_at_the_bank(conn, ben, card, "withdrawal", amount_minor, opened_at)
    await unlink(conn, ben)
    await close(conn, wallet_id=ben, reason="shut out", now=opened_at + DAY, free_minor=FREE_MINOR)
    return ben


async def test_ben_finds_his_history(conn: Connection) -> None:
    """Until a card is linked nothing is shown; then his earlier transactions are there, once."""
    first = await ben_leaves(conn)
    again = NOW + 3 * DAY
    second = await a_wallet(conn, BEN, again)
    with pytest.raises(NotVerifiedYet):
        await reopen(conn, wallet_id=second, now=again)
    assert await earlier_wallets(conn, wallet_id=second) == ()

    card = await verify(conn, second, PERSON, again)
    assert [one.wallet_id for one in await earlier_wallets(conn, wallet_id=second)] == [first]
    assert (await transactions(conn, wallet_id=second)).items == ()
    found = await reopen(conn, wallet_id=second, now=again)
    assert [(one.wallet_id, one.reopened_at) for one in found.earlier] == [(first, again)]
    await an_order_at_the_bank(conn, second, card, "top_up", 100, again)

    page = await transactions(conn, wallet_id=second)
    assert [(item.wallet_id, item.amount_minor) for item in page.items] == [
        (second, 100),
        (first, -3_200),
        (first, 3_200),
    ]
    whole = await statement(conn, wallet_id=second, period="all", now=again)
    assert (whole.wallet_ids, whole.closing_minor, len(whole.lines)) == ((second, first), 100, 3)
    assert await reopen(conn, wallet_id=second, now=again + DAY) == found
    assert (await notices(conn, second)).count("history_found") == 1


async def test_twice_there_and_back(conn: Connection) -> None:
    """The third wallet finds both earlier ones, the last closed first."""
    first = await ben_leaves(conn, 100, DAY)
    second = await ben_leaves(conn, 200, 5 * DAY)
    third, _ = await a_verified_wallet(conn, PERSON, BEN, NOW + 9 * DAY)
    found = await reopen(conn, wallet_id=third, now=NOW + 9 * DAY)
    assert [one.wallet_id for one in found.earlier] == [second, first]
    amounts = [item.amount_minor for item in (await transactions(conn, wallet_id=third)).items]
    assert amounts == [-200, 200, -100, 100]


async def test_nobody_elses_history(conn: Connection) -> None:
    """Taro, verified under his own passport, finds nothing of Ben's, even with Ben's old phone."""
    await ben_leaves(conn)
    taro, _ = await a_verified_wallet(conn, SOMEBODY_ELSE, BEN, NOW + 3 * DAY)
    with pytest.raises(NothingToReopen):
        await reopen(conn, wallet_id=taro, now=NOW + 3 * DAY)
    assert (await transactions(conn, wallet_id=taro)).items == ()


async def test_an_open_wallet_is_no_history(conn: Connection) -> None:
    """A second wallet of the same person that is still open is not drawn in."""
    anna, _ = await a_verified_wallet(conn, PERSON, ANNA)
    other, _ = await a_verified_wallet(conn, PERSON, TARO)
    with pytest.raises(NothingToReopen):
        await reopen(conn, wallet_id=anna, now=NOW)
    assert await earlier_wallets(conn, wallet_id=other) == ()


async def test_a_closed_wallet_reopens_nothing(conn: Connection) -> None:
    """The new wallet takes the history along, never the other way round."""
    first = await ben_leaves(conn)
    with pytest.raises(WalletClosed):
        await reopen(conn, wallet_id=first, now=NOW + 3 * DAY)
    with pytest.raises(WalletUnknown):
        await reopen(conn, wallet_id=new_id("wal", NOW), now=NOW)
    with pytest.raises(WalletUnknown):
        await earlier_wallets(conn, wallet_id=new_id("wal", NOW))
