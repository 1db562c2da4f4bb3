"""Anna signs up, mistypes, comes back; two phones in one pocket; a code guessed at."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from qianbao.db.look_ups import one_by_one
from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.wallets import codes, pin, signup
from qianbao.wallets.opening import WalletIdUsed, bucket_of, mark_closed
from qianbao.wallets.profile import find_by_phone, wallet
from qianbao.wallets.sessions import find_session
from tests.wallets.scene import (
    ANNA,
    BEN,
    KEYS,
    NOW,
    PIN,
    SETTINGS,
    code_for,
    confirm,
    sign_up,
    texts_to,
    wrong,
)


async def _count(pool: Pool, table: str) -> int:
    async with pool.connection() as conn:
        cursor = await conn.execute(f"SELECT count(*) FROM {table}")
        row = await cursor.fetchone()
    assert row
    return int(row[0])


async def test_anna_opens_a_wallet(pool: Pool) -> None:
    signed_in = await confirm(pool, *await code_for(pool, "138 0013 8001"))
    assert signed_in.created
    async with pool.connection() as conn:
        session = await find_session(
            one_by_one(conn), token=signed_in.token, now=NOW, settings=SETTINGS
        )
        annas = await wallet(conn, signed_in.wallet_id)
        cursor = await conn.execute("SELECT pin_hash, phone_cipher, bucket FROM wallets")
        row = await cursor.fetchone()
    assert session.wallet_id == signed_in.wallet_id
    assert (annas.status, annas.phone_tail, annas.balance_minor) == ("open", "8001", 0)
    assert row
    assert PIN not in row[0]
    assert b"8001" not in row[1]
    assert row[2] == bucket_of(signed_in.wallet_id)


async def test_the_text_is_in_the_language_of_who_signs_up(pool: Pool) -> None:
    await code_for(pool, ANNA, language="zh")
    (text,) = await texts_to(pool, ANNA)
    assert "验证码" in text
    assert "10 分钟" in text


async def test_the_same_request_again_sends_no_second_text(pool: Pool) -> None:
    signup_id, _ = await code_for(pool, ANNA)
    again = await codes.start_signup(
        pool, KEYS, SETTINGS, signup_id=signup_id, phone=ANNA, language="en",
        now=NOW + timedelta(minutes=1),
    )  # fmt: skip
    assert again.expires_at == NOW + timedelta(minutes=SETTINGS.code_valid_minutes)
    assert len(await texts_to(pool, ANNA)) == 1
    with pytest.raises(codes.SignupIdUsed):
        await codes.start_signup(
            pool, KEYS, SETTINGS, signup_id=signup_id, phone=BEN, language="en", now=NOW
        )
    assert await texts_to(pool, BEN) == []


async def test_a_phone_is_sent_so_many_codes_an_hour(pool: Pool) -> None:
    limit, wait = SETTINGS.codes_per_phone_per_hour, timedelta(seconds=SETTINGS.code_wait_seconds)
    for number in range(limit):
        await code_for(pool, ANNA, NOW + number * wait)
    with pytest.raises(codes.TooManyCodes):
        await code_for(pool, ANNA, NOW + limit * wait)
    assert len(await texts_to(pool, ANNA)) == limit
    await code_for(pool, BEN)
    await code_for(pool, ANNA, NOW + timedelta(hours=1))


async def test_a_phone_that_is_asked_for_many_times_at_once_is_sent_one_code(pool: Pool) -> None:
    async def ask() -> None:
        await codes.start_signup(
            pool, KEYS, SETTINGS, signup_id=new_id("sig", NOW), phone=ANNA, language="en", now=NOW
        )

    asked = await asyncio.gather(*(ask() for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in asked) == ["CodeTooSoon"] * 3 + ["NoneType"]
    assert len(await texts_to(pool, ANNA)) == 1


async def test_a_code_that_was_used_is_no_reason_to_wait(pool: Pool) -> None:
    await sign_up(pool, ANNA)
    assert not (await confirm(pool, *await code_for(pool, ANNA))).created


async def test_a_phone_is_sent_so_many_codes_a_day(pool: Pool) -> None:
    for number in range(SETTINGS.codes_per_phone_per_day):
        await code_for(pool, ANNA, NOW + timedelta(minutes=10 * number))
    later = NOW + timedelta(hours=10)
    with pytest.raises(codes.TooManyCodes) as refused:
        await code_for(pool, ANNA, later)
    assert refused.value.detail == {"limit": SETTINGS.codes_per_phone_per_day, "hours": 24}
    await code_for(pool, ANNA, NOW + timedelta(hours=25))


async def _again(pool: Pool, signup_id: str, again_id: str, after: timedelta) -> codes.Signup:
    return await codes.send_again(
        pool, KEYS, SETTINGS, signup_id=signup_id, again_id=again_id, now=NOW + after
    )


async def test_a_code_that_does_not_come_is_sent_again_after_a_minute(pool: Pool) -> None:
    signup_id, _ = await code_for(pool, ANNA, language="zh")
    again_id, wait = new_id("sig", NOW), timedelta(seconds=SETTINGS.code_wait_seconds)
    with pytest.raises(codes.CodeTooSoon) as refused:
        await _again(pool, signup_id, again_id, wait - timedelta(seconds=30))
    assert refused.value.detail["left_seconds"] == 30
    before = await texts_to(pool, ANNA)
    assert len(before) == 1
    both = await asyncio.gather(*(_again(pool, signup_id, again_id, wait) for _ in range(2)))
    assert {one.signup_id for one in both} == {again_id}
    (text,) = set(await texts_to(pool, ANNA)) - set(before)
    assert "验证码" in text
    code = re.search(r"\d{6}", text)
    assert code
    assert (await confirm(pool, again_id, code.group(), now=NOW + wait)).created
    with pytest.raises(codes.CodeUsed):
        await _again(pool, again_id, new_id("sig", NOW), 3 * wait)
    with pytest.raises(codes.SignupUnknown):
        await _again(pool, new_id("sig", NOW), new_id("sig", NOW), 3 * wait)


async def test_five_wrong_codes_void_even_the_right_one(pool: Pool) -> None:
    signup_id, code = await code_for(pool, ANNA)
    for left in (4, 3, 2, 1):
        with pytest.raises(codes.CodeWrong) as refused:
            await confirm(pool, signup_id, wrong(code))
        assert refused.value.detail == {"left": left}
    with pytest.raises(codes.CodeAttemptsUsedUp):
        await confirm(pool, signup_id, wrong(code))
    with pytest.raises(codes.CodeAttemptsUsedUp):
        await confirm(pool, signup_id, code)
    assert await _count(pool, "wallets") == 0


async def test_what_cannot_be_a_code_costs_no_try(pool: Pool) -> None:
    signup_id, code = await code_for(pool, ANNA)
    for typed in ("", " ", "12345", "1234567", "12a456"):
        with pytest.raises(codes.CodeFormat):
            await confirm(pool, signup_id, typed)
    with pytest.raises(codes.CodeWrong) as refused:
        await confirm(pool, signup_id, wrong(code))
    assert refused.value.detail == {"left": SETTINGS.code_attempts - 1}


async def test_codes_guessed_all_at_once_are_counted_one_by_one(pool: Pool) -> None:
    signup_id, code = await code_for(pool, ANNA)
    guesses = [f"{(int(code) + step) % 1_000_000:06d}" for step in range(1, 16)]
    tried = await asyncio.gather(
        *(confirm(pool, signup_id, guess) for guess in guesses), return_exceptions=True
    )
    kinds = [type(one).__name__ for one in tried]
    assert kinds.count("CodeWrong") == SETTINGS.code_attempts - 1
    assert kinds.count("CodeAttemptsUsedUp") == 15 - SETTINGS.code_attempts + 1


async def test_a_code_lasts_so_long_and_serves_once(pool: Pool) -> None:
    signup_id, code = await code_for(pool, ANNA)
    late = NOW + timedelta(minutes=SETTINGS.code_valid_minutes)
    with pytest.raises(codes.CodeExpired):
        await confirm(pool, signup_id, code, now=late)
    await confirm(pool, signup_id, code, now=late - timedelta(seconds=1))
    with pytest.raises(codes.CodeUsed):
        await confirm(pool, signup_id, code)
    with pytest.raises(codes.SignupUnknown):
        await confirm(pool, new_id("sig", NOW), code)


async def test_the_code_stays_good_until_a_pin_is_chosen(pool: Pool) -> None:
    signup_id, code = await code_for(pool, ANNA)
    with pytest.raises(signup.PinNeeded):
        await confirm(pool, signup_id, code, pin=None)
    for simple in ("000000", "123456", "654321", "890123"):
        with pytest.raises(pin.PinTooSimple):
            await confirm(pool, signup_id, code, pin=simple)
    for no_pin in ("", "12345", "1234567", "12a456", "１２３４５７", "24681\n"):
        with pytest.raises(pin.PinFormat):
            await confirm(pool, signup_id, code, pin=no_pin)
    assert (await confirm(pool, signup_id, code)).created


async def test_anna_signs_in_on_a_new_phone(pool: Pool) -> None:
    wallet_id = await sign_up(pool, ANNA)
    signup_id, code = await code_for(pool, ANNA)
    with pytest.raises(signup.WalletPinNeeded):
        await confirm(pool, signup_id, code, pin=None)
    with pytest.raises(pin.PinWrong):
        await confirm(pool, signup_id, code, pin="135791")
    signed_in = await confirm(pool, signup_id, code)
    assert (signed_in.wallet_id, signed_in.created) == (wallet_id, False)
    assert await _count(pool, "wallets") == 1


async def test_two_confirmations_at_once_open_one_wallet(pool: Pool) -> None:
    later = NOW + timedelta(seconds=SETTINGS.code_wait_seconds)
    first, second = await code_for(pool, ANNA), await code_for(pool, ANNA, later)
    both = await asyncio.gather(confirm(pool, *first, now=later), confirm(pool, *second, now=later))
    assert both[0].wallet_id == both[1].wallet_id
    assert sorted(one.created for one in both) == [False, True]
    for table in ("wallets", "accounts", "phones"):
        assert await _count(pool, table) == 1


async def test_one_confirmation_sent_twice_at_once_signs_in_once(pool: Pool) -> None:
    code = await code_for(pool, ANNA)
    both = await asyncio.gather(confirm(pool, *code), confirm(pool, *code), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["CodeUsed", "SignedIn"]
    assert await _count(pool, "wallets") == await _count(pool, "sessions") == 1


async def test_an_id_in_use_opens_nothing(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    signup_id, code = await code_for(pool, BEN)
    with pytest.raises(WalletIdUsed):
        await signup.confirm_signup(
            pool, KEYS, SETTINGS, signup_id=signup_id, code=code, pin=PIN, wallet_id=annas, now=NOW
        )
    assert await _count(pool, "phones") == 1
    assert (await confirm(pool, signup_id, code)).created


async def test_a_closed_wallets_phone_signs_up_anew(pool: Pool) -> None:
    old = await sign_up(pool, BEN)
    async with pool.connection() as conn:
        assert await mark_closed(conn, wallet_id=old, now=NOW)
        assert not await mark_closed(conn, wallet_id=old, now=NOW)
    new = await sign_up(pool, BEN, NOW + timedelta(hours=1))
    async with pool.connection() as conn:
        found = await find_by_phone(conn, KEYS, "138 0013 8002")
    assert [(one.wallet_id, one.status) for one in found] == [(new, "open"), (old, "closed")]
