"""Operators Mei and Oskar sign in, mistype, and leave a record."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import InvalidId, new_id
from qianbao.rollouts import operators, passwords

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
PASSWORD = "four calm words here"
RULES = {"attempts": 5, "lock_minutes": 30}


async def _mei(pool: Pool) -> operators.Operator:
    async with pool.connection() as conn:
        return await operators.create_operator(
            conn,
            operator_id=new_id("opr", NOW),
            name="Mei",
            password=PASSWORD,
            by=operators.COMMAND_LINE,
            now=NOW,
        )


async def _sign_in(pool: Pool, password: str, now: datetime = NOW, name: str = "Mei") -> str:
    return await operators.sign_in(pool, name=name, password=password, now=now, **RULES)


async def _whose(pool: Pool, token: str, now: datetime) -> operators.Operator:
    async with pool.connection() as conn:
        return await operators.find_session(conn, token=token, now=now)


async def test_mei_signs_in_and_out(pool: Pool) -> None:
    mei = await _mei(pool)
    token = await _sign_in(pool, PASSWORD)
    assert await _whose(pool, token, NOW) == mei
    async with pool.connection() as conn:
        await operators.sign_out(conn, token=token, now=NOW)
    with pytest.raises(operators.OperatorNotSignedIn):
        await _whose(pool, token, NOW)


async def test_a_session_ends_when_nobody_uses_it(pool: Pool) -> None:
    await _mei(pool)
    token = await _sign_in(pool, PASSWORD)
    later = NOW + operators.SESSION_IDLE - timedelta(seconds=1)
    await _whose(pool, token, later)  # using it starts the idle time again
    await _whose(pool, token, later + timedelta(hours=11))
    with pytest.raises(operators.OperatorNotSignedIn):
        await _whose(pool, token, later + timedelta(hours=24))


async def test_an_unknown_name_reads_like_a_wrong_password(pool: Pool) -> None:
    await _mei(pool)
    with pytest.raises(operators.SignInRefused) as wrong:
        await _sign_in(pool, "not this one at all")
    with pytest.raises(operators.SignInRefused) as unknown:
        await _sign_in(pool, PASSWORD, name="Nobody")
    assert wrong.value.sentence("zh") == unknown.value.sentence("zh")


async def test_five_wrong_passwords_lock_even_the_right_one_out(pool: Pool) -> None:
    await _mei(pool)
    for _ in range(5):
        with pytest.raises(operators.SignInRefused):
            await _sign_in(pool, "not this one at all")
    with pytest.raises(operators.SignInRefused):
        await _sign_in(pool, PASSWORD, NOW + timedelta(minutes=29))
    assert await _sign_in(pool, PASSWORD, NOW + timedelta(minutes=30))


@pytest.mark.usefixtures("slow_hashing")
async def test_guesses_sent_all_at_once_are_counted_one_by_one(pool: Pool) -> None:
    await _mei(pool)
    guesses = [_sign_in(pool, f"wrong guess number {number}") for number in range(12)]
    errors = await asyncio.gather(*guesses, return_exceptions=True)
    kinds = [type(error).__name__ for error in errors]
    assert kinds == ["SignInRefused"] * 12
    with pytest.raises(operators.SignInRefused):
        await _sign_in(pool, PASSWORD)


async def test_the_right_password_forgives_earlier_wrong_ones(pool: Pool) -> None:
    await _mei(pool)
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(operators.SignInRefused):
                await _sign_in(pool, "not this one at all")
        assert await _sign_in(pool, PASSWORD)


@pytest.mark.parametrize(
    ("name", "password", "error"),
    [
        ("Mei", PASSWORD, operators.OperatorNameTaken),
        (operators.SHIPPED, PASSWORD, operators.OperatorNameTaken),
        ("", PASSWORD, operators.OperatorNameInvalid),
        ("M" * 41, PASSWORD, operators.OperatorNameInvalid),
        ("Mei\n", PASSWORD, operators.OperatorNameInvalid),
        ("Oskar", "eleven char", operators.PasswordTooShort),
    ],
)
async def test_who_cannot_become_an_operator(
    pool: Pool, name: str, password: str, error: type[Exception]
) -> None:
    await _mei(pool)
    async with pool.connection() as conn:
        with pytest.raises(error):
            await operators.create_operator(
                conn,
                operator_id=new_id("opr", NOW),
                name=name,
                password=password,
                by=operators.COMMAND_LINE,
                now=NOW,
            )


async def test_an_operator_has_an_operators_id(pool: Pool) -> None:
    async with pool.connection() as conn:
        with pytest.raises(InvalidId):
            await operators.create_operator(
                conn,
                operator_id=new_id("wal", NOW),
                name="Mei",
                password=PASSWORD,
                by=operators.COMMAND_LINE,
                now=NOW,
            )


async def test_the_audit_is_read_latest_first_and_page_by_page(pool: Pool) -> None:
    await _mei(pool)
    async with pool.connection() as conn:
        for minute in range(1, 5):
            await operators.audit(
                conn, operator="Mei", action="wallet.look_up", subject=f"wal_{minute % 2}",
                detail={"minute": minute}, now=NOW + timedelta(minutes=minute),
            )  # fmt: skip
        first = await operators.list_audit(conn, limit=2)
        rest = await operators.list_audit(conn, before=first[-1].audit_id)
        about_one = await operators.list_audit(conn, subject="wal_1")
        of_operators = await operators.list_audit(conn, kind="operator")
    assert [entry.detail.get("minute") for entry in first] == [4, 3]
    assert [entry.action for entry in rest] == [
        "wallet.look_up", "wallet.look_up", "operator.create",
    ]  # fmt: skip
    assert [entry.detail["minute"] for entry in about_one] == [3, 1]
    assert [entry.action for entry in of_operators] == ["operator.create"]
    assert (of_operators[0].operator, of_operators[0].subject_name) == ("$ qianbao", "Mei")
    assert about_one[0].subject_name == ""


@pytest.mark.usefixtures("slow_hashing")
async def test_a_flood_of_sign_ins_keeps_no_payment_waiting(pool: Pool) -> None:
    """Two hundred guesses at once: a PIN is checked meanwhile as fast as ever; who finds no place
    is told so, and was not counted."""
    await _mei(pool)
    guesses = [
        asyncio.create_task(_sign_in(pool, f"wrong guess {number}", name=f"Nobody {number}"))
        for number in range(200)
    ]
    await asyncio.sleep(0.05)
    await asyncio.to_thread(lambda: None)  # what a PIN waits for: not for all who have a place
    answered = [type(one.exception()) for one in guesses if one.done()]
    assert answered.count(operators.SignInRefused) < passwords.MOST_WAITING / 2
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    kinds = [type(outcome) for outcome in outcomes]
    assert set(kinds) == {operators.SignInRefused, passwords.SignInBusy}
    assert kinds.count(operators.SignInRefused) >= passwords.MOST_WAITING
    assert await _sign_in(pool, PASSWORD)
