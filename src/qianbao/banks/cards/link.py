"""Linking a card: record the attempt, ask the bank outside any transaction, record its answer.

Handing in the bank's SMS code belongs to `confirm`; what a refusal tells the holder to `refusals`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from qianbao.banks import directory
from qianbao.banks.cards.card import (
    QUERIES,
    Card,
    CardAlreadyLinked,
    LockedWallet,
    find_card,
    get_card,
    lock_wallet,
    naming,
)
from qianbao.banks.cards.forms import DocumentNeeded, choose_form, read_spelling
from qianbao.banks.cards.refused import refusal_of, renewed
from qianbao.banks.gateway import (
    BankMisunderstood,
    BankSilent,
    BankUnreachable,
    Gateway,
    VerificationRequest,
)
from qianbao.banks.gateway import Verification as Answer
from qianbao.banks.phones import read_phone
from qianbao.clock import local_date, show_day, show_minute
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import QianbaoError
from qianbao.identity.documents import Document, current_document, document_number
from qianbao.ids import check_id
from qianbao.keyring import KeyRing
from qianbao.settings import Settings

CHECK_WINDOW = timedelta(hours=24)
"""Banks count checks of one card in 24 hours (domain.md 2.1)."""


class DocumentExpired(QianbaoError):
    code = "document_expired"
    en = "Your document ending in {document_tail} expired on {valid_until_en}."
    zh = "您尾号 {document_tail} 的证件已于{valid_until_zh}到期。"
    next_en = "Enter your renewed document first; then link the card."
    next_zh = "请先登记新证件，再绑定银行卡。"


class TooManyCards(QianbaoError):
    code = "too_many_cards"
    en = "A wallet can have {maximum} cards; this one has them all."
    zh = "每个钱包最多绑定 {maximum} 张银行卡，已达上限。"
    next_en = "Unlink a card that you no longer use."
    next_zh = "请先解绑不再使用的银行卡。"


class CardChecksUsedUp(QianbaoError):
    code = "card_checks_used_up"
    status = 429
    retry = True
    en = (
        "A bank allows few checks of one card in 24 hours and locks a card that is checked more "
        "often. So we did not send this one."
    )
    zh = "银行对同一张卡 24 小时内的核验次数有限，超过可能锁卡，因此本次未发送。"
    next_en = (
        "It can be checked again after {next_time_en} (Beijing time). Use the time to ask the bank "
        "how it prints your name, or link another card: for whom a bank has confirmed, some checks "
        "are kept."
    )
    next_zh = (
        "{next_time_zh}（北京时间）之后可再次核验。建议先向银行查询您的登记姓名写法，"
        "或先绑定其他银行卡：已由银行核验过身份的持有人另有预留的核验次数。"
    )


class SameIdOtherBody(QianbaoError):
    code = "same_id_other_body"
    en = "This id was already used for another card, phone, name or document."
    zh = "该编号已用于其他卡号、手机号、姓名或证件的请求。"
    next_en = "Start again with a new id."
    next_zh = "请使用新的编号重新发起。"


class BankBusy(QianbaoError):
    code = "bank_busy"
    status = 503
    retry = True
    en = "{bank_en} is busy and has not checked the card ending in {last_four}."
    zh = "{bank_zh}系统繁忙，尚未核验尾号 {last_four} 的银行卡。"
    next_en = "Try again in a few minutes."
    next_zh = "请几分钟后再试。"


class _Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder typed, read. Lives as long as the request."""

    wallet_id: str
    card_id: str
    bank: directory.Bank
    card_number: str
    fingerprint: bytes
    phone: str
    phone_index: bytes
    name_form: str | None
    confirmed_close: str


class _Attempt(msgspec.Struct, frozen=True):
    """The row, and the document it is checked against."""

    card: Card
    document: Document


async def link_card(
    pool: Pool,
    gateway: Gateway,
    keys: KeyRing,
    settings: Settings,
    *,
    wallet_id: str,
    card_id: str,
    card_number: str,
    phone: str,
    name_form: str | None,
    confirmed_close: str = "",
    now: datetime,
) -> Card:
    """Has the bank check name, document number, card number and phone (domain.md 2.1). On a match
    the card comes back in state `code_sent` and the bank has texted its code to `phone`.

    `name_form` is the spelling the holder chose or typed; None takes the bank's usual one. One that
    is only close to the document's name needs `confirmed_close`, the very spelling that the holder
    was asked about and says the bank writes. Asking again with the same `card_id` repeats the very
    request, which is how a silent bank is asked again; an attempt already answered gives the same
    answer.

    Raises `CardForNoWallet`, `CardNumberInvalid`, `CardBankUnknown`, `BankPhoneInvalid`,
    `NameFormUnreadable`, `DocumentNeeded`, `DocumentExpired`, `NameFormNotYours`, `NameFormClose`,
    `CardAlreadyLinked`, `TooManyCards`, `CardChecksUsedUp`, `SameIdOtherBody`, `BankSilent`,
    `BankUnreachable`, `BankBusy`, and for each refusal of the bank's its own error (`refusals`).
    """
    number = directory.read_card_number(card_number)
    read = read_phone(phone)
    wish = _Wish(
        wallet_id=wallet_id,
        card_id=check_id(card_id, "crd"),
        bank=directory.find_bank(number),
        card_number=number,
        fingerprint=keys.index(number, "card"),
        phone=read,
        phone_index=keys.index(read, "bank_phone"),
        name_form=read_spelling(name_form or "") or None,
        confirmed_close=confirmed_close,
    )
    async with pool.connection() as conn:
        attempt = await _begin(conn, settings, wish, now)
    card = attempt.card
    if card.state in ("checking", "unknown"):
        answer = await _ask(pool, gateway, keys, wish, attempt)
        if answer.result == "BUSY":
            raise BankBusy(**naming(card))
        async with pool.connection() as conn:
            card = await _record(conn, attempt, answer, now)
    if card.state == "refused":
        async with pool.connection() as conn:
            raise await refusal_of(conn, card)
    return card


async def _begin(conn: Connection, settings: Settings, wish: _Wish, now: datetime) -> _Attempt:
    """The attempt's row: the one already there, or a new one after every check."""
    wallet = await lock_wallet(conn, wish.wallet_id)
    document = await current_document(conn, wish.wallet_id)
    if document is None:
        raise DocumentNeeded()
    earlier = await find_card(conn, wish.wallet_id, wish.card_id)
    if earlier is not None:
        _check_same(earlier, wish, document)
        if earlier.state in ("checking", "unknown"):
            await _count_check(conn, settings, wish, now)
        return _Attempt(earlier, document)
    check_valid(document, wallet, now)
    form = choose_form(
        document.known_names, wish.bank, wish.name_form, confirmed_close=wish.confirmed_close
    )
    await check_room(
        conn,
        wallet_id=wish.wallet_id,
        bank=wish.bank,
        fingerprint=wish.fingerprint,
        last_four=wish.card_number[-4:],
    )
    await _count_check(conn, settings, wish, now)
    row = {
        "wallet_id": wish.wallet_id,
        "card_id": wish.card_id,
        "bank": wish.bank.code,
        "last_four": wish.card_number[-4:],
        "fingerprint": wish.fingerprint,
        "name_form": form.text,
        "name_verdict": form.verdict,
        "name_reason": form.reason,
        "name_confirmed": form.confirmed_close,
        "phone_tail": wish.phone[-4:],
        "phone_index": wish.phone_index,
        "document_id": document.document_id,
        "now": now,
    }
    await conn.execute(QUERIES.add_card, row)
    return _Attempt(await get_card(conn, wish.wallet_id, wish.card_id), document)


def _check_same(card: Card, wish: _Wish, document: Document) -> None:
    same = (
        card.fingerprint == wish.fingerprint
        and card.phone_index == wish.phone_index
        and wish.name_form in (None, card.name_form)
    )
    # Answered attempts stay what they were; an open one must still be the same request.
    if card.state in ("checking", "unknown"):
        same = same and card.document_id == document.document_id
    if not same:
        raise SameIdOtherBody()


def is_expired(document: Document, now: datetime) -> bool:
    """A document is good through its last day."""
    return document.valid_until is not None and document.valid_until < local_date(now)


def check_valid(document: Document, wallet: LockedWallet, now: datetime) -> None:
    """An expired document links no card, but for the one that money can leave to: whom a bank has
    confirmed before, the next bank knows by itself, and their money is not kept in. Raises
    `DocumentExpired`."""
    to_leave = wallet.verified_at is not None and wallet.cards == 0
    if is_expired(document, now) and not to_leave:
        last = document.valid_until
        assert last is not None
        raise DocumentExpired(
            document_tail=document.number_tail,
            valid_until=last.isoformat(),
            valid_until_en=show_day(last, "en"),
            valid_until_zh=show_day(last, "zh"),
        )


class _Counted(msgspec.Struct, frozen=True):
    linked: int
    this_one: bool


async def check_room(
    conn: Connection, *, wallet_id: str, bank: directory.Bank, fingerprint: bytes, last_four: str
) -> None:
    """Whether the wallet, locked where it is to take it, has room for this card. Raises
    `CardAlreadyLinked`, `TooManyCards`."""
    keys = {"wallet_id": wallet_id, "fingerprint": fingerprint}
    counted = await fetch_one(conn, QUERIES.count_cards, keys, _Counted)
    assert counted is not None
    if counted.this_one:
        raise CardAlreadyLinked(bank_en=bank.en, bank_zh=bank.zh, last_four=last_four)
    maximum = directory.directory().limits.cards_per_wallet
    if counted.linked >= maximum:
        raise TooManyCards(maximum=maximum)


async def check_number(conn: Connection, keys: KeyRing, *, wallet_id: str, card_number: str) -> str:
    """The number as it is sent, once it is known that its bank could be asked about it. Raises
    `CardNumberInvalid`, `CardBankUnknown`, `CardAlreadyLinked`, `TooManyCards`."""
    number = directory.read_card_number(card_number)
    await check_room(
        conn,
        wallet_id=wallet_id,
        bank=directory.find_bank(number),
        fingerprint=keys.index(number, "card"),
        last_four=number[-4:],
    )
    return number


class _Check(msgspec.Struct, frozen=True):
    checked_at: datetime
    own: bool
    refused: bool
    stranger: bool


async def _count_check(conn: Connection, settings: Settings, wish: _Wish, now: datetime) -> None:
    """Counts this check before it is sent, over all wallets; a request that is repeated is the
    check that it was. The bank counts a card's checks whoever asks: a wallet that it refused last
    leaves some to others, more so one whose holder nobody has confirmed or whose document does not
    fit, and newcomers together leave some to whom a bank knows, so that throwaway wallets do not
    keep the card's owner out. What is told is the same for all, and tells nothing of others."""
    keys = _check_of(wish) | {"since": now - CHECK_WINDOW, "now": now}
    await conn.execute(QUERIES.lock_fingerprint, keys)
    if (await conn.execute(QUERIES.repeat_check, keys)).rowcount:
        return
    recent = await fetch_all(conn, QUERIES.recent_checks, keys, _Check)
    cursor = await conn.execute(QUERIES.is_known, keys)
    row = await cursor.fetchone()
    left_to_others = 0 if row is not None and row[0] else settings.bank_card_checks_kept
    latest = next((one for one in recent if one.own), None)
    if latest is not None and latest.refused:
        left_to_others = max(left_to_others, 2 if latest.stranger else 1)
    maximum = max(1, settings.bank_card_checks_per_day - left_to_others)
    if len(recent) >= maximum:
        free_at = recent[maximum - 1].checked_at + CHECK_WINDOW
        raise CardChecksUsedUp(
            next_at=free_at.isoformat(),
            next_time_en=show_minute(free_at, "en"),
            next_time_zh=show_minute(free_at, "zh"),
        )
    await conn.execute(QUERIES.record_check, keys)


def _check_of(wish: _Wish) -> dict[str, Any]:
    return {
        "fingerprint": wish.fingerprint,
        "wallet_id": wish.wallet_id,
        "card_id": wish.card_id,
    }


async def _take_back(conn: Connection, wish: _Wish) -> None:
    """A request that never left was no check. When no other under its id may have reached the bank,
    there was no attempt either."""
    keys = _check_of(wish)
    await conn.execute(QUERIES.lock_wallet, keys)
    await conn.execute(QUERIES.lock_fingerprint, keys)
    cursor = await conn.execute(QUERIES.take_back_request, keys)
    row = await cursor.fetchone()
    if row is not None and row[0] == 0:
        await conn.execute(QUERIES.forget_check, keys)
        await conn.execute(QUERIES.forget_attempt, keys)


async def _ask(
    pool: Pool, gateway: Gateway, keys: KeyRing, wish: _Wish, attempt: _Attempt
) -> Answer:
    """The bank's answer, under the card's own id. Silence leaves the attempt `unknown`; a bank
    that cannot be reached leaves none."""
    document = attempt.document
    request = VerificationRequest(
        request_id=wish.card_id,
        card_number=wish.card_number,
        holder_name=attempt.card.name_form,
        document_kind=document.kind,
        document_number=document_number(keys, document),
        phone=wish.phone,
    )
    try:
        return await gateway.verify(wish.bank.code, request)
    except BankUnreachable:
        async with pool.connection() as conn:
            await _take_back(conn, wish)
        raise
    except (BankSilent, BankMisunderstood):
        async with pool.connection() as conn:
            keys_of_row = {"wallet_id": wish.wallet_id, "card_id": wish.card_id}
            await conn.execute(QUERIES.set_unknown, keys_of_row)
        raise


async def _record(conn: Connection, attempt: _Attempt, answer: Answer, now: datetime) -> Card:
    """Writes the answer, unless another request for the same attempt has already."""
    wallet_id, card_id = attempt.card.wallet_id, attempt.card.card_id
    await conn.execute(QUERIES.lock_wallet, {"wallet_id": wallet_id})
    card = await get_card(conn, wallet_id, card_id)
    if card.state not in ("checking", "unknown"):
        return card
    matched = answer.result == "MATCH" and answer.verification != ""
    row = {
        "wallet_id": wallet_id,
        "card_id": card_id,
        "state": "code_sent" if matched else "refused",
        "result": answer.result,
        "mismatched": None if answer.mismatched_fields is None else list(answer.mismatched_fields),
        "verification": answer.verification,
        "now": now,
    }
    await conn.execute(QUERIES.set_answer, row)
    if answer.result == "ID_MISMATCH" and await renewed(conn, card):
        stale = {"wallet_id": wallet_id, "bank": card.bank, "now": now}
        await conn.execute(QUERIES.bank_became_stale, stale)
    return await get_card(conn, wallet_id, card_id)
