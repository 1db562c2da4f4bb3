"""Anna has forgotten her PIN; somebody has found her phone, or her passport, and not both."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta

import pytest

from qianbao.banks.directory import CardNumberInvalid
from qianbao.db.look_ups import one_by_one
from qianbao.db.pool import Pool
from qianbao.identity.documents import DocumentSubmission, add_document
from qianbao.ids import new_id
from qianbao.keyring import new_token
from qianbao.notices.inbox import list_notices
from qianbao.wallets import codes, pin_reset
from qianbao.wallets.opening import mark_closed
from qianbao.wallets.pin import PinLocked, PinTooSimple, PinWrong, check_pin
from qianbao.wallets.sessions import NotSignedIn, find_session, start_session
from qianbao.wallets.signup import SignedIn
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

NUMBER = "11010519491231002X"
CARD = "6222020000000012344"
NEW_PIN = "975310"


async def with_document(pool: Pool, phone: str = ANNA) -> str:
    """A wallet whose holder has shown a document."""
    wallet_id = await sign_up(pool, phone)
    submission = DocumentSubmission(kind="resident_id", number=NUMBER, native="王小明")
    async with pool.connection() as conn:
        await add_document(
            conn, KEYS, wallet_id=wallet_id, document_id=new_id("doc", NOW), submission=submission,
            now=NOW,
        )  # fmt: skip
    return wallet_id


async def reset_code(pool: Pool, phone: str = ANNA, now: datetime = NOW) -> tuple[str, str]:
    """A reset is started: its id, and the code that the text message brought."""
    signup_id, before = new_id("sig", now), set(await texts_to(pool, phone))
    await codes.start_signup(
        pool, KEYS, SETTINGS, signup_id=signup_id, phone=phone, language="en",
        purpose="pin_reset", now=now,
    )  # fmt: skip
    (text,) = set(await texts_to(pool, phone)) - before
    assert "NEW PAYMENT PIN" in text
    found = re.search(r"\d{6}", text)
    assert found
    return signup_id, found.group()


async def reset(
    pool: Pool,
    signup_id: str,
    code: str,
    number: str = NUMBER,
    new_pin: str = NEW_PIN,
    now: datetime = NOW,
) -> SignedIn:
    return await pin_reset.reset_pin(
        pool, KEYS, SETTINGS, signup_id=signup_id, code=code, document_number=number,
        new_pin=new_pin, now=now,
    )  # fmt: skip


async def attempts(pool: Pool) -> list[tuple[str, str]]:
    """What was kept of them: proof and outcome."""
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT proof, outcome FROM pin_resets ORDER BY outcome DESC")
        return [(row[0], row[1]) for row in await cursor.fetchall()]


async def test_the_code_and_the_document_set_a_new_pin(pool: Pool) -> None:
    """Even while the PIN is locked; everybody else is signed out, and Anna is told twice."""
    annas, elsewhere = await with_document(pool), new_token()
    async with pool.connection() as conn:
        await start_session(conn, wallet_id=annas, token=elsewhere, now=NOW)
    for number in range(5):
        with pytest.raises((PinWrong, PinLocked)):
            await check_pin(pool, SETTINGS, wallet_id=annas, pin=f"13579{number}", now=NOW)
    signed_in = await reset(pool, *await reset_code(pool), number="110105 19491231 002x")
    assert (signed_in.wallet_id, signed_in.created) == (annas, False)
    await check_pin(pool, SETTINGS, wallet_id=annas, pin=NEW_PIN, now=NOW)
    with pytest.raises(PinWrong):
        await check_pin(pool, SETTINGS, wallet_id=annas, pin=PIN, now=NOW)
    async with pool.connection() as conn:
        await find_session(one_by_one(conn), token=signed_in.token, now=NOW, settings=SETTINGS)
        with pytest.raises(NotSignedIn):
            await find_session(one_by_one(conn), token=elsewhere, now=NOW, settings=SETTINGS)
        assert [one.kind for one in await list_notices(conn, wallet_id=annas)] == ["pin_changed"]
    assert any("changed without the old one" in text for text in await texts_to(pool, ANNA))
    assert await attempts(pool) == [("code", "done")]


async def test_the_phone_alone_does_not(pool: Pool) -> None:
    annas = await with_document(pool)
    signup_id, code = await reset_code(pool)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(pin_reset.PinResetRefused) as refused:
            await reset(pool, signup_id, code, number="11010519491231001X")
        assert refused.value.detail == {"left": left}
        assert NUMBER not in str(refused.value.detail)
    with pytest.raises(pin_reset.PinResetsUsedUp):
        await reset(pool, signup_id, code)
    await check_pin(pool, SETTINGS, wallet_id=annas, pin=PIN, now=NOW)
    assert await attempts(pool) == [("code", "refused")] * 5
    tomorrow = NOW + timedelta(hours=24)
    fresh = await reset_code(pool, now=tomorrow)
    assert (await reset(pool, *fresh, now=tomorrow)).wallet_id == annas


@pytest.mark.usefixtures("slow_hashing")
async def test_guesses_made_at_once_are_counted_one_by_one(pool: Pool) -> None:
    await with_document(pool)
    signup_id, code = await reset_code(pool)
    tried = await asyncio.gather(
        *(reset(pool, signup_id, code, number=f"{guess:018d}") for guess in range(12)),
        return_exceptions=True,
    )
    kinds = [type(one).__name__ for one in tried]
    assert kinds.count("PinResetRefused") == SETTINGS.pin_resets_per_day
    assert kinds.count("PinResetsUsedUp") == 12 - SETTINGS.pin_resets_per_day


async def test_the_document_alone_does_not(pool: Pool) -> None:
    await with_document(pool)
    signup_id, code = await reset_code(pool)
    with pytest.raises(codes.CodeWrong):
        await reset(pool, signup_id, wrong(code))
    assert await attempts(pool) == []


async def test_a_code_serves_its_own_purpose_only(pool: Pool) -> None:
    """Somebody who talks Anna out of her sign-in code cannot choose a PIN with it."""
    await with_document(pool)
    with pytest.raises(codes.SignupUnknown):
        await reset(pool, *await code_for(pool, ANNA))
    with pytest.raises(codes.SignupUnknown):
        await confirm(pool, *await reset_code(pool))


async def test_a_new_pin_must_be_good_before_anything_is_tried(pool: Pool) -> None:
    await with_document(pool)
    signup_id, code = await reset_code(pool)
    with pytest.raises(PinTooSimple):
        await reset(pool, signup_id, code, number="wrong", new_pin="111111")
    assert await attempts(pool) == []
    await reset(pool, signup_id, code)
    with pytest.raises(codes.CodeUsed):
        await reset(pool, signup_id, code)


async def test_an_empty_wallet_without_a_document_needs_the_code_alone(pool: Pool) -> None:
    bens = await sign_up(pool, BEN)
    signup_id, code = await reset_code(pool, BEN)
    async with pool.connection() as conn:
        await conn.execute("UPDATE accounts SET balance_minor = 1 WHERE owner_id = %s", (bens,))
    with pytest.raises(pin_reset.PinResetNeedsDocument):
        await reset(pool, signup_id, code, number="")
    async with pool.connection() as conn:
        await conn.execute("UPDATE accounts SET balance_minor = 0 WHERE owner_id = %s", (bens,))
    assert (await reset(pool, signup_id, code, number="")).wallet_id == bens


async def test_a_phone_without_an_open_wallet(pool: Pool) -> None:
    bens = await sign_up(pool, BEN)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=bens, now=NOW)
    with pytest.raises(pin_reset.NoWalletToReset):
        await reset(pool, *await reset_code(pool, BEN))


async def by_card(pool: Pool, wallet_id: str, token: str, card: str, number: str = NUMBER) -> None:
    await pin_reset.reset_pin_by_card(
        pool, KEYS, SETTINGS, wallet_id=wallet_id, token=token, card_number=card,
        document_number=number, new_pin=NEW_PIN, now=NOW,
    )  # fmt: skip


async def put_card(pool: Pool, wallet_id: str, state: str) -> None:
    """A row as linking leaves it."""
    row = {
        "wallet_id": wallet_id, "card_id": new_id("crd", NOW), "state": state,
        "fingerprint": KEYS.index(CARD, "card"), "now": NOW,
    }  # fmt: skip
    async with pool.connection() as conn:
        await conn.execute(
            "INSERT INTO cards (wallet_id, card_id, bank, last_four, fingerprint, name_form, "
            "phone_tail, document_id, state, created_at) VALUES (%(wallet_id)s, %(card_id)s, "
            "'ICBC', '2344', %(fingerprint)s, 'x', '8001', 'doc', %(state)s, %(now)s)",
            row,
        )


async def test_abroad_without_text_messages_a_linked_card_stands_for_the_code(pool: Pool) -> None:
    annas, here, elsewhere = await with_document(pool), new_token(), new_token()
    async with pool.connection() as conn:
        for token in (here, elsewhere):
            await start_session(conn, wallet_id=annas, token=token, now=NOW)
    with pytest.raises(CardNumberInvalid):
        await by_card(pool, annas, here, "1234")
    await put_card(pool, annas, "code_sent")
    with pytest.raises(pin_reset.PinResetRefused):  # not linked yet
        await by_card(pool, annas, here, CARD)
    await put_card(pool, annas, "linked")
    with pytest.raises(pin_reset.PinResetRefused):
        await by_card(pool, annas, here, CARD, "X12345678")
    with pytest.raises(pin_reset.PinResetRefused):
        await by_card(pool, annas, here, "6216610000000012342")
    await by_card(pool, annas, here, CARD[:4] + " " + CARD[4:])
    await check_pin(pool, SETTINGS, wallet_id=annas, pin=NEW_PIN, now=NOW)
    assert await attempts(pool) == [("card", "refused")] * 3 + [("card", "done")]
    async with pool.connection() as conn:
        await find_session(one_by_one(conn), token=here, now=NOW, settings=SETTINGS)
        with pytest.raises(NotSignedIn):
            await find_session(one_by_one(conn), token=elsewhere, now=NOW, settings=SETTINGS)
