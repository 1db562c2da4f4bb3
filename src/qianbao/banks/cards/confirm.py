"""Handing in the bank's SMS code: the last step of linking."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime

from qianbao.banks import directory
from qianbao.banks.cards.card import DISCARDED, QUERIES, Card, get_card, lock_wallet, naming
from qianbao.banks.cards.codes import check_awaiting
from qianbao.banks.cards.forms import DocumentNeeded
from qianbao.banks.cards.link import check_room, check_valid, is_expired
from qianbao.banks.gateway import BankSilent, Confirmation, Gateway
from qianbao.db.jobs import enqueue
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity import evidence
from qianbao.identity.counted import is_of_holder
from qianbao.identity.documents import Document, current_document
from qianbao.identity.whose_number import own_number
from qianbao.ids import new_id
from qianbao.keyring import KeyRing

COMPARED = ["name", "document_number", "card_number", "phone"]


class CardCodeUnreadable(InvalidInput):
    code = "card_code_unreadable"
    en = "A bank's code has six digits."
    zh = "银行验证码为 6 位数字。"
    next_en = "Enter the six digits of the bank's text message."
    next_zh = "请输入银行短信中的 6 位数字。"


class CardCodeWrong(QianbaoError):
    code = "card_code_wrong"
    en = "{bank_en} says this is not the code it sent."
    zh = "{bank_zh}提示验证码不正确。"
    next_en = (
        "Enter the code of the latest message from {bank_en}. After a few wrong ones the bank "
        "voids it, and the card has to be linked again; it does not tell us how many are left."
    )
    next_zh = (
        "请输入{bank_zh}最近一条短信中的验证码。多次输错后银行会作废该验证码，须重新绑定；"
        "银行未告知剩余次数。"
    )


class CardOfEarlierDocument(QianbaoError):
    code = "card_of_earlier_document"
    en = (
        "{bank_en} was asked about another person's document than the one you have shown since, or "
        "than one that a bank has confirmed since."
    )
    zh = "向{bank_zh}核验时使用的证件，与您之后提交的证件或其他银行此后已核验的证件不属于同一人。"
    next_en = "Link the card again; the bank is then asked about your present document."
    next_zh = "请重新绑定该卡，届时将按您现在的证件向银行核验。"


async def confirm_card(
    pool: Pool,
    gateway: Gateway,
    keys: KeyRing,
    *,
    wallet_id: str,
    card_id: str,
    code: str,
    now: datetime,
    entropy: Callable[[int], bytes] = os.urandom,
) -> Card:
    """Links the card when the bank accepts its code; a linked card comes back as it is.

    Raises `CardUnknown`, `CardCodeUnreadable`, `CardForNoWallet`, `CardNotAwaitingCode`,
    `CardCodeWrong` (try again), `CardCodeTries` and `CardCodeExpired` (link again),
    `CardAlreadyLinked`, `TooManyCards`, `CardOfEarlierDocument`, `DocumentExpired`,
    `DocumentOfAnotherPerson` (a bank has confirmed somebody else with its number), `BankSilent`
    (hand in the same code again: a bank that had accepted it says so).
    """
    if not re.fullmatch(r"[0-9]{6}", code.strip()):
        raise CardCodeUnreadable()
    async with pool.connection() as conn:
        card = await get_card(conn, wallet_id, card_id)
        if card.state == "linked":
            return card
        await lock_wallet(conn, wallet_id)
    check_awaiting(card)
    answer = await gateway.confirm(
        card.bank, card.verification, request_id=new_id("req", now, entropy), code=code.strip()
    )
    if answer.result == "OTP_WRONG":
        raise CardCodeWrong(**naming(card))
    if answer.result == "CONFIRMED" and not answer.agreement:
        raise BankSilent()  # a yes without the token to use it is no answer
    async with pool.connection() as conn:
        left_out = await _record(conn, keys, card, answer, now)
    if left_out is not None:
        raise left_out
    async with pool.connection() as conn:
        card = await get_card(conn, wallet_id, card_id)
    if card.state != "linked":
        check_awaiting(card)
    return card


async def _record(
    conn: Connection, keys: KeyRing, card: Card, answer: Confirmation, now: datetime
) -> QianbaoError | None:
    """Writes the bank's last word, unless another request has already. Gives why the wallet cannot
    take the card any more; the agreement is then ended by a job, not left at the bank."""
    row = {
        "wallet_id": card.wallet_id,
        "card_id": card.card_id,
        "bank": card.bank,
        "document_id": card.document_id,
        "now": now,
    }
    document = await current_document(conn, card.wallet_id)
    left_out = await _left_out(conn, card, document, accepted=bool(answer.agreement), now=now)
    present = await get_card(conn, card.wallet_id, card.card_id)
    given_up = present.result == DISCARDED and present.agreement_cipher is None
    if present.state != "code_sent" and not (given_up and answer.agreement):
        return None
    if not answer.agreement:
        final = {"state": "refused", "result": answer.result, "verification": ""}
        await conn.execute(QUERIES.set_answer, row | final | {"mismatched": None})
        return None
    row["agreement_cipher"] = keys.encrypt(answer.agreement, "agreement")
    if given_up or left_out is not None:
        await conn.execute(QUERIES.set_left_out, row)
        await enqueue(conn, "end_agreement", wallet_id=card.wallet_id, card_id=card.card_id)
        return left_out
    await conn.execute(QUERIES.set_linked, row)
    await conn.execute(QUERIES.bank_confirmed, row)
    await enqueue(conn, "tell_wallet", wallet_id=card.wallet_id)
    assert document is not None, "it would be left out"
    if not is_expired(document, now):  # it is for the money to leave, and vouches for nobody anew
        await _keep_evidence(conn, card, now)
    # What registers said of a name that the bank has now contradicted is nobody's any more.
    await evidence.refresh(conn, wallet_id=card.wallet_id, now=now)
    return None


async def _left_out(
    conn: Connection, card: Card, document: Document | None, *, accepted: bool, now: datetime
) -> QianbaoError | None:
    """Locks the wallet; why it cannot take the card, if so."""
    try:
        wallet = await lock_wallet(conn, card.wallet_id)
        if document is None:  # it was set aside while the code was on its way
            return DocumentNeeded()
        check_valid(document, wallet, now)
        await _check_holder(conn, card)
        await check_room(
            conn,
            wallet_id=card.wallet_id,
            bank=directory.get_bank(card.bank),
            fingerprint=card.fingerprint,
            last_four=card.last_four,
        )
        if accepted:
            await own_number(conn, card.wallet_id, card.document_id, now)
    except QianbaoError as refusal:
        return refusal
    return None


async def _check_holder(conn: Connection, card: Card) -> None:
    """A bank vouches for the person it was asked about: for nobody shown since, and for nobody whom
    another bank's word, given meanwhile, is not about."""
    if not await is_of_holder(conn, card.wallet_id, card.document_id):
        raise CardOfEarlierDocument(**naming(card))


async def _keep_evidence(conn: Connection, card: Card, now: datetime) -> None:
    """One piece of evidence for each linking: its id follows from the card's."""
    await evidence.record(
        conn,
        wallet_id=card.wallet_id,
        evidence_id="evi" + card.card_id[3:],
        source=f"bank:{card.bank}",
        outcome="MATCH",
        compared=COMPARED,
        document_id=card.document_id,
        card_id=card.card_id,
        at=now,
    )
