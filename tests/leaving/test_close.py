"""Ben closes his wallet: the article's blockers all at once, each cleared where it says; then the
end, with nothing left in it and everything on record."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.leaving import (
    ClosingBlocked,
    Closure,
    blockers,
    close,
    find_closure,
    statement,
    transactions,
    write_csv,
)
from qianbao.ledger import lock_accounts, main_account
from qianbao.mandates import EndMode, end, sign
from qianbao.payscore import disable, enable
from qianbao.wallets.errors import WalletClosed, WalletUnknown
from tests.leaving.scene import a_verified_wallet, an_order_at_the_bank, unlink
from tests.mandates.scene import (
    BANK,
    BEN,
    FREE_MINOR,
    NOW,
    Connection,
    a_merchant,
    a_plan,
    a_wallet,
    facts,
    move,
    notices,
)

LATER = NOW + timedelta(hours=1)
PERSON = new_id("per", NOW)
TERMS = {"reason": "moving away", "free_minor": FREE_MINOR}


async def test_everything_in_the_way_at_once(conn: Connection) -> None:
    """3,200.00, a mandate, Pay Score and a card: one refusal names all four, with where to go;
    nothing has changed; one by one they go, and then it closes."""
    ben, card = await a_verified_wallet(conn, PERSON, BEN)
    didi = await a_merchant(conn)
    await a_plan(conn, didi)
    mandate_id = new_id("man", NOW)
    await sign(
        conn, wallet_id=ben, mandate_id=mandate_id, merchant_id=didi, plan_id="rides", now=NOW
    )
    await enable(conn, wallet_id=ben, now=NOW)
    await an_order_at_the_bank(conn, ben, card, "top_up", 320_000)

    with pytest.raises(ClosingBlocked) as refusal:
        await close(conn, wallet_id=ben, now=NOW, **TERMS)
    named = {blocker.code: blocker for blocker in refusal.value.blockers}
    assert set(named) == {"balance", "mandates", "pay_score", "cards"}
    assert named["balance"].amount_minor == 320_000
    assert all(one.en and one.zh and one.screen and one.api for one in named.values())
    for one in named.values():
        assert one.en in refusal.value.sentence("en")
        assert one.zh in refusal.value.sentence("zh")
    assert (await facts(conn, ben))["status"] == "open"
    assert await find_closure(conn, wallet_id=ben) is None

    async def left() -> set[str]:
        found = await blockers(conn, wallet_id=ben, now=NOW, free_minor=FREE_MINOR)
        return {one.code for one in found}

    await end(conn, wallet_id=ben, mandate_id=mandate_id, mode=EndMode.HOLDER, now=NOW)
    assert await left() == {"balance", "pay_score", "cards"}
    await disable(conn, wallet_id=ben, now=NOW)
    assert await left() == {"balance", "cards"}
    await an_order_at_the_bank(conn, ben, card, "withdrawal", 319_780, fee_minor=220)
    assert await left() == {"cards"}
    await unlink(conn, ben)
    assert await left() == set()

    closure = await close(conn, wallet_id=ben, now=LATER, **TERMS)
    assert (closure.closed_by, closure.reason, closure.closed_at) == (
        "holder",
        "moving away",
        LATER,
    )
    assert closure.handed_over_minor == 319_780
    assert await find_closure(conn, wallet_id=ben) == closure
    assert (await facts(conn, ben))["status"] == "closed"
    assert (await notices(conn, ben)).count("wallet_closed") == 1


async def test_the_hash_is_of_the_statement_in_hand(conn: Connection) -> None:
    """Whoever keeps the CSV can show years later that it is the one the closure speaks of."""
    ben, card = await a_verified_wallet(conn, PERSON, BEN)
    await an_order_at_the_bank(conn, ben, card, "top_up", 500)
    await an_order_at_the_bank(conn, ben, card, "withdrawal", 500)
    await unlink(conn, ben)
    closure = await close(conn, wallet_id=ben, now=NOW, **TERMS)
    kept = await statement(conn, wallet_id=ben, period="all", now=NOW + timedelta(days=900))
    assert hashlib.sha256(b"".join(write_csv(kept))).digest() == closure.statement_hash
    assert len(kept.lines) == 2


async def test_closed_is_closed(conn: Connection) -> None:
    """Closing again gives the same closure; anything else is refused; history and statement can
    still be read."""
    ben = await a_wallet(conn, BEN)
    first = await close(conn, wallet_id=ben, now=NOW, **TERMS)
    assert await close(conn, wallet_id=ben, now=LATER, **TERMS) == first
    with pytest.raises(WalletClosed):
        await blockers(conn, wallet_id=ben, now=LATER, free_minor=FREE_MINOR)
    with pytest.raises(WalletClosed):
        await enable(conn, wallet_id=ben, now=LATER)
    assert (await transactions(conn, wallet_id=ben)).items == ()
    closure = await find_closure(conn, wallet_id=ben)
    assert closure is not None
    assert closure.handed_over_minor == 0
    with pytest.raises(WalletUnknown):
        await close(conn, wallet_id=new_id("wal", NOW), now=NOW, **TERMS)


async def test_the_phone_can_sign_up_again(conn: Connection) -> None:
    """A deleted account's phone could not sign up again elsewhere; here it can, and a code sent
    before the closing opens nothing."""
    ben = await a_wallet(conn, BEN)
    await conn.execute(
        "INSERT INTO signups (signup_id, phone_index, phone_cipher, code_hash, language, "
        "created_at, expires_at) SELECT %s, phone_index, '', '', 'en', %s, %s FROM wallets "
        "WHERE wallet_id = %s",
        (new_id("sig", NOW), NOW, NOW + timedelta(minutes=10), ben),
    )
    await close(conn, wallet_id=ben, now=NOW, **TERMS)
    cursor = await conn.execute("SELECT expires_at FROM signups")
    assert await cursor.fetchone() == (NOW,)
    assert await a_wallet(conn, BEN, LATER) != ben


async def test_an_order_under_way_keeps_it_open(conn: Connection) -> None:
    """A payout that fails after the account has gone is money in a closed account: so while the
    bank has not answered, the wallet stays."""
    ben = await a_wallet(conn, BEN)
    await conn.execute("UPDATE wallets SET in_flight = 1 WHERE wallet_id = %s", (ben,))
    with pytest.raises(ClosingBlocked) as refusal:
        await close(conn, wallet_id=ben, now=NOW, **TERMS)
    assert [one.code for one in refusal.value.blockers] == ["in_flight"]


async def test_a_legal_hold_keeps_it_open(conn: Connection) -> None:
    """Only as itself: nothing else is claimed to be in the way."""
    ben = await a_wallet(conn, BEN)
    await conn.execute("UPDATE wallets SET legal_hold = true WHERE wallet_id = %s", (ben,))
    with pytest.raises(ClosingBlocked) as refusal:
        await close(conn, wallet_id=ben, now=NOW, **TERMS)
    assert [one.code for one in refusal.value.blockers] == ["legal_hold"]


async def test_only_the_last_withdrawals_are_handed_over(conn: Connection) -> None:
    """What Ben withdrew in spring, before he went on using the wallet, is not part of it."""
    ben, card = await a_verified_wallet(conn, PERSON, BEN)
    didi = await a_merchant(conn)
    await an_order_at_the_bank(conn, ben, card, "top_up", 10_000)
    await an_order_at_the_bank(conn, ben, card, "withdrawal", 4_000)
    await move(conn, "payment", ben, didi, 1_000)
    await an_order_at_the_bank(conn, ben, card, "withdrawal", 3_000, fee_minor=10)
    await an_order_at_the_bank(conn, ben, card, "withdrawal", 1_980, fee_minor=10)
    await unlink(conn, ben)
    closure = await close(conn, wallet_id=ben, now=LATER, **TERMS)
    assert closure.handed_over_minor == 4_980


async def test_money_that_arrives_while_it_closes(pool: Pool) -> None:
    """Closing waits for whoever holds the account, looks again, and finds the money: whichever
    comes first, no wallet is ever closed with money in it."""
    async with pool.connection() as conn:
        ben = await a_wallet(conn, BEN)
    arriving = asyncio.Event()

    async def arrive() -> None:
        async with pool.connection() as conn:
            await lock_accounts(conn, [main_account(ben)])
            arriving.set()
            await asyncio.sleep(0.2)
            await move(conn, "top_up", BANK, ben, 700)

    async def leave() -> str:
        await arriving.wait()
        try:
            async with pool.connection() as conn:
                await close(conn, wallet_id=ben, now=NOW, **TERMS)
        except ClosingBlocked as refusal:
            return refusal.blockers[0].code
        return "closed"

    _, outcome = await asyncio.gather(arrive(), leave())
    assert outcome == "balance"
    async with pool.connection() as conn:
        assert (await facts(conn, ben))["status"] == "open"


async def test_two_closings_at_once(pool: Pool) -> None:
    """Ben taps twice: one closing, told twice."""
    async with pool.connection() as conn:
        ben = await a_wallet(conn, BEN)

    async def tap(now: datetime) -> Closure:
        async with pool.connection() as conn:
            return await close(conn, wallet_id=ben, now=now, **TERMS)

    one, two = await asyncio.gather(tap(NOW), tap(LATER))
    assert one == two
    async with pool.connection() as conn:
        assert (await notices(conn, ben)).count("wallet_closed") == 1
