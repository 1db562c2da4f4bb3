"""Anna signs a mandate, looks at it, and ends it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from qianbao.db.look_ups import one_by_one
from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key, new_id
from qianbao.mandates import (
    EndMode,
    MandateAlreadyActive,
    MandateAlreadyEnded,
    MandateIdTaken,
    MandateNotFound,
    MandatePlanNotFound,
    MandatePlanTaken,
    MandatePlanTooHigh,
    approve_plan,
    end,
    get_mandate,
    list_mandates,
    list_merchant_mandates,
    mandate_holder,
    plans,
    sign,
)
from qianbao.money import AmountOutOfRange, CurrencyUnsupported, Money
from qianbao.wallets.errors import WalletClosed, WalletUnknown
from qianbao.wallets.opening import mark_closed
from tests.mandates.scene import (
    BEN,
    NOW,
    Connection,
    a_merchant,
    a_plan,
    a_wallet,
    events,
    facts,
    notices,
)

LATER = NOW + timedelta(hours=1)


async def anna_signs(conn: Connection, wallet_id: str, merchant_id: str) -> str:
    mandate_id = new_id("man", NOW)
    await sign(
        conn, wallet_id=wallet_id, mandate_id=mandate_id, merchant_id=merchant_id,
        plan_id="rides", now=NOW,
    )  # fmt: skip
    return mandate_id


async def test_anna_signs_and_ends(conn: Connection) -> None:
    """Signing lets Didi charge at most what the plan says; ending stops it, and both are told."""
    anna, didi = await a_wallet(conn), await a_merchant(conn)
    await a_plan(conn, didi)
    assert [plan.title_zh for plan in await plans(conn)] == ["免密打车"]

    mandate_id = await anna_signs(conn, anna, didi)
    mandate = await get_mandate(conn, wallet_id=anna, mandate_id=mandate_id)
    assert (mandate.state, mandate.per_charge_minor, mandate.merchant_name_zh) == (
        "active",
        20_000,
        "滴滴出行",
    )
    assert (await facts(conn, anna))["mandates_active"] == 1

    ended = await end(conn, wallet_id=anna, mandate_id=mandate_id, mode=EndMode.HOLDER, now=LATER)
    assert (ended.state, ended.end_mode, ended.ended_at) == ("ended", 2, LATER)
    after = await facts(conn, anna)
    assert (after["mandates_active"], after["facts_changed_at"]) == (0, LATER)
    assert await events(conn, didi) == ["mandate.signed", "mandate.ended"]
    assert sorted(await notices(conn, anna)) == ["mandate_ended", "mandate_signed"]


async def test_ended_stays_ended(conn: Connection) -> None:
    """Ending twice is refused and counts once; signing again is a new mandate."""
    anna, didi = await a_wallet(conn), await a_merchant(conn)
    await a_plan(conn, didi)
    first = await anna_signs(conn, anna, didi)
    await end(conn, wallet_id=anna, mandate_id=first, mode=EndMode.MERCHANT, now=LATER)
    with pytest.raises(MandateAlreadyEnded):
        await end(conn, wallet_id=anna, mandate_id=first, mode=EndMode.HOLDER, now=LATER)
    second = await anna_signs(conn, anna, didi)
    listed = await list_mandates(conn, wallet_id=anna)
    assert [(one.mandate_id, one.state, one.end_mode) for one in listed] == [
        (second, "active", None),
        (first, "ended", 3),
    ]
    assert (await facts(conn, anna))["mandates_active"] == 1


async def test_one_mandate_a_plan(conn: Connection) -> None:
    """The same request again is the same mandate; another for the plan is refused; an id means one
    thing."""
    anna, didi, meituan = await a_wallet(conn), await a_merchant(conn), await a_merchant(conn)
    await a_plan(conn, didi)
    await a_plan(conn, meituan, "meals")
    mandate_id = await anna_signs(conn, anna, didi)
    again = await sign(
        conn, wallet_id=anna, mandate_id=mandate_id, merchant_id=didi, plan_id="rides", now=LATER
    )
    assert again.signed_at == NOW
    with pytest.raises(MandateAlreadyActive):
        await anna_signs(conn, anna, didi)
    with pytest.raises(MandateIdTaken):
        await sign(
            conn, wallet_id=anna, mandate_id=mandate_id, merchant_id=meituan, plan_id="meals",
            now=LATER,
        )  # fmt: skip
    assert (await facts(conn, anna))["mandates_active"] == 1
    assert await events(conn, meituan) == []


async def test_two_signings_at_once(pool: Pool) -> None:
    """Anna taps twice, on two devices: one mandate."""
    async with pool.connection() as conn:
        anna, didi = await a_wallet(conn), await a_merchant(conn)
        await a_plan(conn, didi)

    async def tap() -> str:
        try:
            async with pool.connection() as conn:
                return await anna_signs(conn, anna, didi)
        except QianbaoError as refusal:
            return refusal.code

    outcomes = await asyncio.gather(*(tap() for _ in range(5)))
    assert outcomes.count("mandate_already_active") == 4
    async with pool.connection() as conn:
        assert (await facts(conn, anna))["mandates_active"] == 1


async def test_two_endings_at_once(pool: Pool) -> None:
    """Anna and the merchant end it in the same moment: it ends once, and the count stays true."""
    async with pool.connection() as conn:
        anna, didi = await a_wallet(conn), await a_merchant(conn)
        await a_plan(conn, didi)
        mandate_id = await anna_signs(conn, anna, didi)

    async def stop(mode: EndMode) -> str:
        try:
            async with pool.connection() as conn:
                await end(conn, wallet_id=anna, mandate_id=mandate_id, mode=mode, now=LATER)
        except MandateAlreadyEnded:
            return "already"
        return "ended"

    outcomes = await asyncio.gather(stop(EndMode.HOLDER), stop(EndMode.MERCHANT))
    assert sorted(outcomes) == ["already", "ended"]
    async with pool.connection() as conn:
        assert (await facts(conn, anna))["mandates_active"] == 0


async def test_what_cannot_be_signed(conn: Connection) -> None:
    """No such plan, no such wallet, a closed one, another currency: each named, nothing changed."""
    anna, didi = await a_wallet(conn), await a_merchant(conn)
    await approve_plan(
        conn, merchant_id=didi, plan_id="euros", title_en="Rides", title_zh="打车",
        per_charge=Money(100, "EUR"), most_minor=50_000, now=NOW,
    )  # fmt: skip
    await a_plan(conn, didi)

    async def attempt(wallet_id: str, plan_id: str) -> None:
        await sign(
            conn, wallet_id=wallet_id, mandate_id=new_id("man", NOW), merchant_id=didi,
            plan_id=plan_id, now=NOW,
        )  # fmt: skip

    with pytest.raises(MandatePlanNotFound):
        await attempt(anna, "no-such-plan")
    with pytest.raises(WalletUnknown):
        await attempt(new_id("wal", NOW), "rides")
    with pytest.raises(CurrencyUnsupported):
        await attempt(anna, "euros")
    await mark_closed(conn, wallet_id=anna, now=NOW)
    with pytest.raises(WalletClosed):
        await attempt(anna, "rides")
    assert await list_mandates(conn, wallet_id=anna) == []
    assert (await facts(conn, anna))["mandates_active"] == 0


async def test_somebody_elses_mandate(conn: Connection) -> None:
    """Ben can neither see nor end Anna's; another merchant finds nothing."""
    anna, ben, didi = await a_wallet(conn), await a_wallet(conn, BEN), await a_merchant(conn)
    await a_plan(conn, didi)
    mandate_id = await anna_signs(conn, anna, didi)
    with pytest.raises(MandateNotFound):
        await get_mandate(conn, wallet_id=ben, mandate_id=mandate_id)
    with pytest.raises(MandateNotFound):
        await end(conn, wallet_id=ben, mandate_id=mandate_id, mode=EndMode.HOLDER, now=NOW)
    with pytest.raises(MandateNotFound):
        await mandate_holder(
            one_by_one(conn),
            merchant_id=await a_merchant(conn, "Meituan"),
            mandate_id=mandate_id,
        )
    holder = await mandate_holder(one_by_one(conn), merchant_id=didi, mandate_id=mandate_id)
    assert holder == anna


async def test_a_merchants_pages(conn: Connection) -> None:
    """A merchant reads what was signed with it, newest first, and every mandate once."""
    didi = await a_merchant(conn)
    signed = []
    anna = await a_wallet(conn)
    for number in range(5):
        await a_plan(conn, didi, f"plan-{number}")
        at = NOW + timedelta(minutes=number)
        mandate = await sign(
            conn, wallet_id=anna, mandate_id=id_from_key("man", anna, str(number)),
            merchant_id=didi, plan_id=f"plan-{number}", now=at,
        )  # fmt: skip
        signed.append(mandate.mandate_id)
    seen: list[str] = []
    page = await list_merchant_mandates(conn, merchant_id=didi, limit=2)
    while True:
        seen += [mandate.mandate_id for mandate in page.items]
        if page.next is None:
            break
        page = await list_merchant_mandates(conn, merchant_id=didi, limit=2, after=page.next)
    assert seen == signed[::-1]


async def test_what_cannot_be_approved(conn: Connection) -> None:
    """A plan over the operator's limit, of nothing, or under a name already taken."""
    didi = await a_merchant(conn)
    plan = {"merchant_id": didi, "title_en": "Rides", "title_zh": "打车", "now": NOW}
    with pytest.raises(MandatePlanTooHigh):
        await approve_plan(conn, plan_id="a", per_charge=Money(50_001), most_minor=50_000, **plan)
    with pytest.raises(AmountOutOfRange):
        await approve_plan(conn, plan_id="a", per_charge=Money(0), most_minor=50_000, **plan)
    for _ in range(2):
        await approve_plan(conn, plan_id="a", per_charge=Money(100), most_minor=50_000, **plan)
    with pytest.raises(MandatePlanTaken):
        await approve_plan(conn, plan_id="a", per_charge=Money(200), most_minor=50_000, **plan)
    assert [found.per_charge_minor for found in await plans(conn)] == [100]


async def test_a_repeated_signing_finds_its_first_answer(conn: Connection) -> None:
    """Whatever has become of the wallet since."""
    anna, didi = await a_wallet(conn), await a_merchant(conn)
    await a_plan(conn, didi)
    signing = {
        "wallet_id": anna, "mandate_id": new_id("man", NOW), "merchant_id": didi,
        "plan_id": "rides", "now": NOW,
    }  # fmt: skip
    first = await sign(conn, **signing)
    await mark_closed(conn, wallet_id=anna, now=NOW)
    assert await sign(conn, **signing) == first
    with pytest.raises(WalletClosed):
        await sign(conn, **signing | {"mandate_id": new_id("man", NOW)})
