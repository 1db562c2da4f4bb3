"""The bank's code that does not come: sent again, given up; and a refusal told again later."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from qianbao.banks.cards import (
    Card,
    dismiss_refused,
    get_card,
    list_cards,
    list_refused,
    send_code_again,
    unlink_card,
)
from qianbao.banks.cards.card import CardUnknown
from qianbao.banks.cards.codes import (
    CardCodeExpired,
    CardCodesUsedUp,
    CardCodeTooSoon,
    CardNotAwaitingCode,
)
from qianbao.banks.cards.confirm import CardCodeWrong
from qianbao.banks.cards.link import CardChecksUsedUp
from qianbao.banks.cards.refusals import CardDetailsMismatch, CardNameMismatch
from qianbao.banks.gateway import BankSilent, BankUnreachable, Confirmation, Gateway
from qianbao.db.pool import Pool
from qianbao.http_client import HttpClient
from qianbao.ids import new_id
from tests.banks.scene import (
    KEYS,
    NOW,
    PATIENCE_SECONDS,
    SETTINGS,
    TOKEN,
    Sandbox,
    finish,
    jobs,
    known_by_phone,
    link,
    new_card,
    new_number,
    new_phone,
    new_wallet,
    passport,
    start,
)
from tests.kit.ports import unused_port

WAIT = timedelta(seconds=SETTINGS.code_wait_seconds)


async def annas_card(pool: Pool, gateway: Gateway, sandbox: Sandbox) -> tuple[Card, str]:
    """Anna's card, its code on the way, and her phone."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    return await start(pool, gateway, anna, icbc, phone), phone


async def again(pool: Pool, gateway: Gateway, card: Card, *, after: timedelta) -> Card:
    return await send_code_again(
        pool, gateway, SETTINGS, wallet_id=card.wallet_id, card_id=card.card_id, now=NOW + after
    )


async def test_a_code_is_sent_again_after_a_minute_and_the_old_one_is_void(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    card, phone = await annas_card(pool, gateway, sandbox)
    old = await sandbox.code(phone)
    with pytest.raises(CardCodeTooSoon) as refused:
        await again(pool, gateway, card, after=timedelta(seconds=20))
    assert refused.value.detail["left_seconds"] == SETTINGS.code_wait_seconds - 20
    assert len(await sandbox.texts(phone)) == 1
    assert (await again(pool, gateway, card, after=WAIT)).codes_sent == 2
    assert len(await sandbox.texts(phone)) == 2
    new = await sandbox.code(phone)
    assert new != old
    with pytest.raises(CardCodeWrong):
        await finish(pool, gateway, card, old)
    assert (await finish(pool, gateway, card, new)).state == "linked"
    with pytest.raises(CardNotAwaitingCode):
        await again(pool, gateway, card, after=2 * WAIT)


async def test_so_many_codes_and_no_more(pool: Pool, gateway: Gateway, sandbox: Sandbox) -> None:
    """A new code is no new check of the card, so a bound of its own holds."""
    card, phone = await annas_card(pool, gateway, sandbox)
    most = SETTINGS.bank_codes_per_card
    for number in range(1, most):
        await again(pool, gateway, card, after=number * WAIT)
    with pytest.raises(CardCodesUsedUp):
        await again(pool, gateway, card, after=most * WAIT)
    assert len(await sandbox.texts(phone)) == most
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM card_checks")
        assert await cursor.fetchone() == (1,)
    assert (await finish(pool, gateway, card, await sandbox.code(phone))).state == "linked"


async def test_a_double_tap_sends_one_code(pool: Pool, gateway: Gateway, sandbox: Sandbox) -> None:
    card, phone = await annas_card(pool, gateway, sandbox)
    taps = await asyncio.gather(
        *(again(pool, gateway, card, after=WAIT) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, CardCodeTooSoon) for one in taps) == 2
    assert len(await sandbox.texts(phone)) == 2


async def test_a_bank_that_cannot_be_reached_sent_nothing_and_one_that_is_silent_may_have(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    card, _ = await annas_card(pool, gateway, sandbox)
    http = HttpClient(_nowhere(), TOKEN, PATIENCE_SECONDS)
    with pytest.raises(BankUnreachable):
        await again(pool, Gateway(http), card, after=WAIT)
    await http.close()
    async with pool.connection() as conn:
        assert (await get_card(conn, card.wallet_id, card.card_id)) == card
    await sandbox.fault("ICBC", "silent_before")
    with pytest.raises(BankSilent):
        await again(pool, gateway, card, after=WAIT)
    await sandbox.fault("ICBC", None)
    with pytest.raises(CardCodeTooSoon):
        await again(pool, gateway, card, after=WAIT)


async def test_a_bank_that_knows_no_such_verification_any_more(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """It was confirmed there, and the answer was lost here."""
    card, phone = await annas_card(pool, gateway, sandbox)
    code = await sandbox.code(phone)
    await gateway.confirm("ICBC", card.verification, request_id=new_id("req", NOW), code=code)
    with pytest.raises(CardCodeExpired):
        await again(pool, gateway, card, after=WAIT)


async def test_a_pending_card_is_given_up(pool: Pool, gateway: Gateway, sandbox: Sandbox) -> None:
    card, phone = await annas_card(pool, gateway, sandbox)
    code = await sandbox.code(phone)
    gone = await give_up(pool, gateway, card)
    assert (gone.state, gone.result) == ("unlinked", "DISCARDED")
    assert (await give_up(pool, gateway, card)) == gone
    with pytest.raises(CardNotAwaitingCode):
        await finish(pool, gateway, card, code)
    async with pool.connection() as conn:
        assert await list_cards(conn, card.wallet_id) == ()
        assert await list_refused(conn, wallet_id=card.wallet_id, now=NOW) == ()
    assert await jobs(pool, "end_agreement") == []


async def test_a_card_given_up_while_the_bank_agrees_leaves_no_agreement_there(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    card, phone = await annas_card(pool, gateway, sandbox)

    class Slow:
        """The gateway, and Anna giving up while it waits for the bank."""

        async def confirm(self, *where: str, request_id: str, code: str) -> Confirmation:
            answer = await gateway.confirm(*where, request_id=request_id, code=code)
            await give_up(pool, gateway, card)
            return answer

    with pytest.raises(CardNotAwaitingCode):
        await finish(pool, Slow(), card, await sandbox.code(phone))  # type: ignore[arg-type]
    assert await jobs(pool, "end_agreement") == [
        {"wallet_id": card.wallet_id, "card_id": card.card_id}
    ]
    async with pool.connection() as conn:
        left = await get_card(conn, card.wallet_id, card.card_id)
    assert left.state == "unlinked"
    assert left.agreement_cipher is not None


async def give_up(pool: Pool, gateway: Gateway, card: Card) -> Card:
    return await unlink_card(
        pool, gateway, KEYS, wallet_id=card.wallet_id, card_id=card.card_id, now=NOW
    )


async def test_a_refusal_is_told_again_for_thirty_days(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    await known_by_phone(pool, anna)
    [icbc] = await sandbox.account("ICBC", "MULLER ANNA", number, phone)
    [ccb] = await sandbox.account("CCB", "ANNA MUELLER", number, phone)
    said = []
    for hour, card in enumerate((icbc, ccb)):
        with pytest.raises((CardNameMismatch, CardDetailsMismatch)) as refused:
            await start(pool, gateway, anna, card, phone, now=NOW + timedelta(hours=hour))
        said.append(refused.value)
    async with pool.connection() as conn:
        found = await list_refused(conn, wallet_id=anna, now=NOW + timedelta(days=29))
        assert [(one.card.last_four, one.reason.code) for one in found] == [
            (ccb[-4:], "card_details_mismatch"), (icbc[-4:], "card_name_mismatch")
        ]  # fmt: skip
        for again, first in zip(found, reversed(said), strict=True):
            assert again.reason.sentence("en") == first.sentence("en")
            assert again.reason.next_step("zh") == first.next_step("zh")
        late = await list_refused(conn, wallet_id=anna, now=NOW + timedelta(days=30, minutes=1))
        assert [one.card.last_four for one in late] == [ccb[-4:]]
        [boc, _] = found
        await dismiss_refused(conn, wallet_id=anna, card_id=boc.card.card_id, now=NOW)
        left = await list_refused(conn, wallet_id=anna, now=NOW + timedelta(hours=2))
        assert [one.card.last_four for one in left] == [icbc[-4:]]
        with pytest.raises(CardUnknown):
            await dismiss_refused(conn, wallet_id=anna, card_id=new_id("crd", NOW), now=NOW)


async def test_what_the_bank_said_differs_is_remembered(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Asked again under the same id, the same words; a card linked since is not complained of."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    await known_by_phone(pool, anna)
    [icbc] = await sandbox.account("ICBC", "MULLER ANNA", number, new_phone())
    card_id = new_id("crd", NOW)
    sentences = set()
    for _ in range(2):
        with pytest.raises(CardDetailsMismatch) as refused:
            await start(pool, gateway, anna, icbc, phone, card_id=card_id)
        sentences.add(refused.value.sentence("en"))
    assert len(sentences) == 1
    assert "the name and the phone differ" in sentences.pop()
    known = (await sandbox.client.get(
        "/sandbox/customers", params={"bank": "ICBC", "card_number": icbc}
    )).json()  # fmt: skip
    await link(pool, gateway, sandbox, anna, icbc, known["phone"], "MULLER ANNA")
    async with pool.connection() as conn:
        assert await list_refused(conn, wallet_id=anna, now=NOW) == ()


def _nowhere() -> str:
    return f"http://127.0.0.1:{unused_port()}"


async def test_a_bank_that_cannot_be_reached_uses_up_no_check(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    http = HttpClient(_nowhere(), TOKEN, PATIENCE_SECONDS)
    nobody, card_id = Gateway(http), new_id("crd", NOW)
    for _ in range(SETTINGS.bank_card_checks_per_day + 1):
        with pytest.raises(BankUnreachable):
            await start(pool, nobody, anna, icbc, phone, card_id=card_id)
        with pytest.raises(BankUnreachable):
            await start(pool, nobody, anna, icbc, phone)
    assert await checks(pool) == 0
    async with pool.connection() as conn:
        assert await list_cards(conn, anna) == ()  # there was no attempt
    card = await start(pool, gateway, anna, icbc, phone, card_id=card_id)
    assert (card.state, await checks(pool)) == ("code_sent", 1)
    await http.close()


async def test_a_check_that_may_have_arrived_counts_whatever_comes_after(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    """Silence first, then nobody there, then the fifth: the first was a check, and one of four."""
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [icbc] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    http = HttpClient(_nowhere(), TOKEN, PATIENCE_SECONDS)
    nobody, card_id = Gateway(http), new_id("crd", NOW)
    await sandbox.fault("ICBC", "silent_before")
    with pytest.raises(BankSilent):
        await start(pool, gateway, anna, icbc, phone, card_id=card_id)
    await sandbox.fault("ICBC", None)
    with pytest.raises(BankUnreachable):
        await start(pool, nobody, anna, icbc, phone, card_id=card_id)
    assert await checks(pool) == 1
    async with pool.connection() as conn:
        assert (await get_card(conn, anna, card_id)).state == "unknown"
    for _ in range(SETTINGS.bank_card_checks_per_day - 1):
        await start(pool, gateway, anna, icbc, phone)
    with pytest.raises(CardChecksUsedUp):
        await start(pool, gateway, anna, icbc, phone)
    assert (await start(pool, gateway, anna, icbc, phone, card_id=card_id)).card_id == card_id
    await http.close()


async def test_of_requests_at_once_those_that_left_are_one_check(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    icbc, card_id = new_card("ICBC"), new_id("crd", NOW)
    http = HttpClient(_nowhere(), TOKEN, PATIENCE_SECONDS)
    nobody = Gateway(http)
    await sandbox.fault("ICBC", "silent_before")
    outcomes = await asyncio.gather(
        *(start(pool, one, anna, icbc, phone, card_id=card_id)
          for one in (nobody, gateway, nobody, gateway)),
        return_exceptions=True,
    )  # fmt: skip
    assert sorted(type(one).__name__ for one in outcomes) == [
        "BankSilent", "BankSilent", "BankUnreachable", "BankUnreachable"
    ]  # fmt: skip
    assert await checks(pool) == 1
    async with pool.connection() as conn:
        assert (await get_card(conn, anna, card_id)).state == "unknown"
    await http.close()


async def checks(pool: Pool) -> int:
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM card_checks")
        row = await cursor.fetchone()
    assert row
    return int(row[0])
