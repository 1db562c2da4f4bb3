"""The payment PIN under guessing, and its holder who mistypes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from qianbao.db.look_ups import one_by_one
from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.keyring import new_token
from qianbao.notices.inbox import list_notices
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.pin import (
    PinBusy,
    PinLocked,
    PinsDiffer,
    PinTooSimple,
    PinWrong,
    change_pin,
    check_pin,
    typed_twice,
)
from qianbao.wallets.sessions import NotSignedIn, find_session, start_session
from tests.wallets.scene import ANNA, NOW, PIN, SETTINGS, sign_up

LOCK = timedelta(minutes=SETTINGS.pin_lock_minutes)


async def _check(pool: Pool, wallet_id: str, pin: str, now=NOW) -> None:
    await check_pin(pool, SETTINGS, wallet_id=wallet_id, pin=pin, now=now)


async def test_five_wrong_pins_lock_out_even_the_right_one(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    for left in (4, 3, 2, 1):
        with pytest.raises(PinWrong) as refused:
            await _check(pool, annas, f"13579{left}")
        assert refused.value.detail == {"left": left}
    with pytest.raises(PinLocked) as locked:
        await _check(pool, annas, "135790")
    assert "10:30" in locked.value.sentence("zh")  # where Anna lives it is 10 o'clock
    with pytest.raises(PinLocked):
        await _check(pool, annas, PIN, NOW + LOCK - timedelta(seconds=1))
    await _check(pool, annas, PIN, NOW + LOCK)


async def test_a_lock_that_has_run_out_gives_five_more_tries(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    for number in range(5):
        with pytest.raises((PinWrong, PinLocked)):
            await _check(pool, annas, f"13579{number}")
    with pytest.raises(PinWrong) as refused:
        await _check(pool, annas, "135794", NOW + LOCK)
    assert refused.value.detail == {"left": 4}


async def test_the_same_wrong_pin_sent_again_costs_no_further_try(pool: Pool) -> None:
    """A page reloaded, a button tapped twice: also the try that would lock."""
    annas = await sign_up(pool, ANNA)
    for wrong, left in (("135790", 4), ("135790", 4), ("no pin", 3), ("no pin", 3), ("135792", 2),
                        ("135790", 1), ("135790", 1), ("135790", 1)):  # fmt: skip
        with pytest.raises(PinWrong) as refused:
            await _check(pool, annas, wrong)
        assert refused.value.detail == {"left": left}
    with pytest.raises(PinLocked):
        await _check(pool, annas, "135791")
    with pytest.raises(PinLocked):
        await _check(pool, annas, "135791")


async def test_what_was_typed_wrongly_is_not_kept_readable_nor_for_long(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    with pytest.raises(PinWrong):
        await _check(pool, annas, "135791")
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT pin_wrong_hash FROM wallets")
        (kept,) = await cursor.fetchone() or ("",)
        assert kept.startswith("$argon2")
        assert "135791" not in kept
    await _check(pool, annas, PIN)
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT pin_wrong_hash FROM wallets")
        assert await cursor.fetchone() == (None,)


async def test_the_right_pin_forgives_earlier_wrong_ones(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    for _ in range(3):
        for number in range(4):
            with pytest.raises(PinWrong):
                await _check(pool, annas, f"no pin {number}")
        await _check(pool, annas, PIN)


@pytest.mark.usefixtures("slow_hashing")
async def test_guesses_sent_all_at_once_get_no_more_than_five_looks(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    guesses = [f"{number:06d}" for number in range(135_000, 135_015)]
    tried = await asyncio.gather(
        *(_check(pool, annas, guess) for guess in guesses), return_exceptions=True
    )
    told = [type(one) for one in tried]
    assert (told.count(PinWrong), told.count(PinLocked)) == (SETTINGS.pin_attempts - 1, 11)
    with pytest.raises(PinLocked):
        await _check(pool, annas, PIN)


@pytest.mark.usefixtures("slow_hashing")
async def test_the_right_pin_sent_all_at_once_is_right_each_time(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    await asyncio.gather(*(_check(pool, annas, PIN) for _ in range(3 * SETTINGS.pin_attempts)))
    with pytest.raises(PinWrong) as refused:
        await _check(pool, annas, "135791")
    assert refused.value.detail == {"left": SETTINGS.pin_attempts - 1}


async def test_a_check_that_never_ended_counts_as_a_wrong_one(pool: Pool) -> None:
    """The process died while it looked: the next one waits no longer than the look may take."""
    annas = await sign_up(pool, ANNA)
    died = "pin_failures = 2, pin_looked_at_until = clock_timestamp() + interval '0.2 seconds'"
    async with pool.connection() as conn:
        await conn.execute(f"UPDATE wallets SET {died}")
    with pytest.raises(PinWrong) as refused:
        await _check(pool, annas, "135791")
    assert refused.value.detail == {"left": SETTINGS.pin_attempts - 3}


async def test_nobody_waits_for_ever(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    annas = await sign_up(pool, ANNA)
    monkeypatch.setattr("qianbao.wallets.pin.WAIT_SECONDS", 0.1)
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET pin_looked_at_until = 'infinity'")
    with pytest.raises(PinBusy):
        await _check(pool, annas, PIN)


async def _change(pool: Pool, wallet_id: str, old: str, new: str, token: str = "here") -> None:
    await change_pin(
        pool, SETTINGS, wallet_id=wallet_id, pin=old, new_pin=new, token=token, now=NOW
    )


async def test_anna_changes_her_pin(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    for old, new, error in (("135791", "975310", PinWrong), (PIN, "111111", PinTooSimple)):
        with pytest.raises(error):
            await _change(pool, annas, old, new)
    await _check(pool, annas, PIN)
    await _change(pool, annas, PIN, "975310")
    await _check(pool, annas, "975310")
    with pytest.raises(PinWrong):
        await _check(pool, annas, PIN)


async def test_a_new_pin_signs_everybody_else_out_and_is_told(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    here, elsewhere = new_token(), new_token()
    async with pool.connection() as conn:
        for token in (here, elsewhere):
            await start_session(conn, wallet_id=annas, token=token, now=NOW)
    await _change(pool, annas, PIN, "975310", here)
    async with pool.connection() as conn:
        assert (
            await find_session(one_by_one(conn), token=here, now=NOW, settings=SETTINGS)
        ).wallet_id == annas
        with pytest.raises(NotSignedIn):
            await find_session(one_by_one(conn), token=elsewhere, now=NOW, settings=SETTINGS)
        (notice,) = await list_notices(conn, wallet_id=annas)
    assert notice.kind == "pin_changed"


def test_a_new_pin_is_entered_twice() -> None:
    assert typed_twice("975310", "975310") == "975310"
    for again in ("975311", ""):
        with pytest.raises(PinsDiffer):
            typed_twice("975310", again)


async def test_a_wallet_that_is_not_there(pool: Pool) -> None:
    with pytest.raises(WalletUnknown):
        await _check(pool, new_id("wal", NOW), PIN)
