"""Anna's day moves after she was told of it: the notice that names the former day is settled."""

from __future__ import annotations

from qianbao.db.pool import Pool
from qianbao.rollouts.tell import tell_wallet
from tests.rollouts.test_tell import SETTINGS, Desk, _anna, _set, on


async def test_a_newcomer_s_day_moves_with_her_first_card(pool: Pool) -> None:
    """Without a card her day is 15 January; verified on 20 December, she has 90 days."""
    desk = Desk(pool)
    anna = await _anna(desk, banks=())
    await _set(desk, anna, "verified_at = NULL")
    await desk.publish()
    await desk.sweep(on("2026-12-20"))
    await _set(desk, anna, "verified_at = %s, card_banks = ARRAY['ICBC']", on("2026-12-20", 10))
    async with pool.connection() as conn:
        for _ in range(2):  # a job may run twice
            await tell_wallet(conn, SETTINGS, wallet_id=anna, now=on("2026-12-20", 11))
    await desk.sweep(on("2026-12-21"))
    moved, first = await desk.inbox(anna)
    assert (first.kind, first.settled_at) == ("policy_warned", on("2026-12-20", 11))
    assert (moved.kind, moved.settled_at) == ("policy_warned", None)
    assert "15 January 2027" in first.title_en
    assert "20 March 2027" in moved.title_en
    assert "2027年3月20日" in moved.title_zh
    for day in ("2027-03-14", "2027-03-19", "2027-03-20"):
        await desk.sweep(on(day))
    steps = [one.kind for one in (await desk.inbox(anna))[::-1]]
    assert steps[2:] == ["policy_week_before", "policy_day_before", "policy_blocked"]


async def test_a_day_that_has_come_nearer_is_told_too(pool: Pool) -> None:
    """Her verification is taken back: the 90 days are gone with it."""
    desk = Desk(pool)
    anna = await _anna(desk)
    await _set(desk, anna, "verified_at = %s", on("2026-11-30"))
    await desk.publish()
    async with pool.connection() as conn:
        await tell_wallet(conn, SETTINGS, wallet_id=anna, now=on("2026-12-16"))
    await _set(desk, anna, "verified_at = NULL")
    await desk.sweep(on("2026-12-17"))
    told = (await desk.inbox(anna))[::-1]
    assert [one.kind for one in told] == ["policy_warned", "policy_warned"]
    assert [one.settled_at is None for one in told] == [False, True]
    assert "28 February 2027" in told[0].title_en
    assert "15 January 2027" in told[1].title_en
