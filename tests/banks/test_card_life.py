"""Cards while the wallet around them changes: it closes, fills up, or links the same card twice."""

from __future__ import annotations

import pytest

from qianbao.banks import directory
from qianbao.banks.cards import get_card, unlink_card
from qianbao.banks.cards.card import CardAlreadyLinked
from qianbao.banks.cards.link import TooManyCards
from qianbao.banks.gateway import Gateway
from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.wallets.opening import mark_closed
from tests.banks.scene import (
    KEYS,
    NOW,
    Sandbox,
    facts,
    finish,
    jobs,
    link,
    new_number,
    new_phone,
    new_wallet,
    passport,
    start,
)


async def test_a_closed_wallet_links_no_card(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Ben closes between the bank's text message and handing in its code: the card stays out, no
    new one can be begun, and the bank was not asked for a permission nobody uses."""
    number, phone = new_number(), new_phone()
    ben = await new_wallet(pool, passport("WEBER", "BEN", number))
    [first, second] = await sandbox.account("ICBC", "WEBER BEN", number, phone, cards=2)
    card = await start(pool, gateway, ben, first, phone)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=ben, now=NOW)
    code = await sandbox.code(phone)
    with pytest.raises(QianbaoError) as late:
        await finish(pool, gateway, card, code)
    with pytest.raises(QianbaoError) as new:
        await start(pool, gateway, ben, second, phone)
    assert (late.value.code, new.value.code) == ("card_for_no_wallet", "card_for_no_wallet")
    assert await facts(pool, ben) == ([], [], None)


async def test_the_wallet_closes_while_the_bank_confirms(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """The bank's yes comes too late: its agreement is kept only to be ended."""
    number, phone = new_number(), new_phone()
    ben = await new_wallet(pool, passport("WEBER", "BEN", number))
    [plastic] = await sandbox.account("ICBC", "WEBER BEN", number, phone)
    card = await start(pool, gateway, ben, plastic, phone)

    class Slow:
        """The gateway, with Ben closing while it speaks."""

        async def confirm(self, *about: str, **more: str) -> object:
            said = await gateway.confirm(*about, **more)
            async with pool.connection() as conn:
                await mark_closed(conn, wallet_id=ben, now=NOW)
            return said

    with pytest.raises(QianbaoError) as late:
        await finish(pool, Slow(), card, await sandbox.code(phone))  # type: ignore[arg-type]
    assert late.value.code == "card_for_no_wallet"
    assert await facts(pool, ben) == ([], [], None)
    assert await jobs(pool, "end_agreement") == [{"wallet_id": ben, "card_id": card.card_id}]


async def test_one_card_begun_twice_leaves_one_agreement(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Deng starts linking a card twice and hands in both codes: the second agreement is ended at
    the bank, not forgotten there."""
    number, phone = new_number(), new_phone()
    deng = await new_wallet(pool, passport("DENG", "WEI", number))
    [plastic] = await sandbox.account("ICBC", "DENG WEI", number, phone)
    first = await start(pool, gateway, deng, plastic, phone)
    first_code = await sandbox.code(phone)
    second = await start(pool, gateway, deng, plastic, phone)
    second_code = await sandbox.code(phone)
    await finish(pool, gateway, first, first_code)
    with pytest.raises(CardAlreadyLinked):
        await finish(pool, gateway, second, second_code)
    async with pool.connection() as conn:
        left = await get_card(conn, deng, second.card_id)
    assert left.state == "unlinked"
    assert await jobs(pool, "end_agreement") == [{"wallet_id": deng, "card_id": second.card_id}]
    assert (await facts(pool, deng))[0] == ["ICBC"]


async def test_cards_begun_together_do_not_pass_the_limit(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Room for one more, two begun: one links."""
    number, phone = new_number(), new_phone()
    deng = await new_wallet(pool, passport("DENG", "WEI", number))
    most = directory.directory().limits.cards_per_wallet
    plastic = await sandbox.account("ICBC", "DENG WEI", number, phone, cards=most + 1)
    for card_number in plastic[: most - 1]:
        await link(pool, gateway, sandbox, deng, card_number, phone)
    one = await start(pool, gateway, deng, plastic[-2], phone)
    one_code = await sandbox.code(phone)
    other = await start(pool, gateway, deng, plastic[-1], phone)
    other_code = await sandbox.code(phone)
    await finish(pool, gateway, one, one_code)
    with pytest.raises(TooManyCards):
        await finish(pool, gateway, other, other_code)
    assert len((await facts(pool, deng))[0]) == most


async def test_unlinked_before_the_second_confirmation_is_heard(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """The code is handed in twice at once, and the card unlinked before the second answer."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [plastic] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    card = await start(pool, gateway, anna, plastic, phone)
    code = await sandbox.code(phone)

    class Slow:
        """The gateway, with another request linking and unlinking meanwhile."""

        async def confirm(self, *about: str, **more: str) -> object:
            said = await gateway.confirm(*about, **more)
            await finish(pool, gateway, card, code)
            await unlink_card(pool, gateway, KEYS, wallet_id=anna, card_id=card.card_id, now=NOW)
            return said

    with pytest.raises(QianbaoError) as late:
        await finish(pool, Slow(), card, code)  # type: ignore[arg-type]
    assert late.value.code == "card_not_awaiting_code"
