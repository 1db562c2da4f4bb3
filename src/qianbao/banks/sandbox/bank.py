"""What a simulated bank does: check a card's holder, confirm by SMS, keep agreements, move money.

Every verb is one transaction of the bank's own, and gives the same answer when asked again under
the same request id. Silence and other faults belong to `faults` and the door.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from qianbao.banks import directory
from qianbao.banks.gateway import CodeSending, Confirmation, OrderAnswer, Verification
from qianbao.banks.sandbox.customers import Customer, of_card
from qianbao.banks.sandbox.messages import QUERIES, receive
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import NotFound, QianbaoError

CHECKS_PER_DAY = 4
CODE_TRIES = 5
CODE_VALID = timedelta(minutes=15)
CODES_PER_VERIFICATION = 5
VERIFICATION_VALID = timedelta(hours=24)
"""How long a bank sends new codes for a verification that matched."""
PLAIN_BANKS = frozenset({"CCB", "CITIC", "CMBC", "GDB", "SHBANK", "SCB"})
"""Banks that say only yes or no, as "plain" products do (domain.md 2.2). Which do is simulation."""


class RequestIdReused(QianbaoError):
    code = "sandbox_request_id_reused"
    en = "This request id came before with another body."
    zh = "该请求编号已用于内容不同的请求。"
    next_en = "Use a new request id."
    next_zh = "请使用新的请求编号。"


class NothingThere(NotFound):
    code = "sandbox_nothing_there"
    en = "The bank knows no such verification or agreement."
    zh = "银行没有该验证或协议。"
    next_en = "Check the token."
    next_zh = "请检查令牌。"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The four elements, as the wallet sends them; `phone` in E.164."""

    request_id: str
    card_number: str
    holder_name: str
    document_kind: str
    document_number: str
    phone: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    request_id: str
    agreement: str
    direction: Literal["debit", "credit"]
    amount_minor: int
    currency: str


class _Verification(msgspec.Struct, frozen=True):
    bank: str
    request_id: str
    request_hash: bytes
    card_number: str
    result: str
    mismatched_fields: list[str] | None
    verification: str
    code: str
    tries: int
    expires_at: datetime
    agreement: str | None
    created_at: datetime


class _Count(msgspec.Struct, frozen=True):
    number: int


class _Code(msgspec.Struct, frozen=True):
    message_id: str


class _Result(msgspec.Struct, frozen=True):
    result: Literal["CONFIRMED", "OTP_WRONG", "OTP_TRIES", "OTP_EXPIRED"]


class _Agreement(msgspec.Struct, frozen=True):
    bank: str
    agreement: str
    card_number: str
    ended_at: datetime | None


class _Order(msgspec.Struct, frozen=True):
    request_id: str
    request_hash: bytes
    outcome: Literal["SETTLED", "REFUSED"]
    result: str


async def verify(
    conn: Connection, bank: str, check: Check, *, refuse: bool, now: datetime
) -> Verification:
    """Compares the four elements with the bank's records; on MATCH texts a code to the phone on
    record. The fifth check of a card in 24 hours is refused. Raises `RequestIdReused`."""
    await conn.execute(QUERIES.lock, {"word": f"{bank} verify {check.card_number}"})
    known = await _verification(conn, bank, check)
    if known is None:
        customer = await of_card(conn, bank, check.card_number)
        result, differing = await _judge(conn, bank, check, customer, refuse=refuse, now=now)
        await _remember(conn, bank, check, result, differing, now)
        known = await _verification(conn, bank, check)
        assert known is not None
        if customer is not None and result == "MATCH":
            await _text_code(conn, known, customer, known.verification, now)
    fields = known.mismatched_fields
    return Verification(
        request_id=known.request_id,
        result=known.result,
        mismatched_fields=None if fields is None else tuple(fields),
        verification=known.verification if known.result == "MATCH" else "",
        expires_in_seconds=max(0, round((known.expires_at - now).total_seconds())),
    )


async def _verification(conn: Connection, bank: str, check: Check) -> _Verification | None:
    keys = {"bank": bank, "request_id": check.request_id}
    known = await fetch_one(conn, QUERIES.get_verification, keys, _Verification)
    if known is not None and known.request_hash != _hash(check):
        raise RequestIdReused()
    return known


async def _judge(
    conn: Connection,
    bank: str,
    check: Check,
    customer: Customer | None,
    *,
    refuse: bool,
    now: datetime,
) -> tuple[str, list[str] | None]:
    keys = {"bank": bank, "card_number": check.card_number, "since": now - timedelta(hours=24)}
    count = await fetch_one(conn, QUERIES.count_verifications, keys, _Count)
    if count is not None and count.number >= CHECKS_PER_DAY:
        return "TRIES_EXCEEDED", None
    if refuse:
        return "CARD_RESTRICTED", None
    if customer is None:
        return "CARD_INVALID", None
    return compare(bank, check, customer)


def compare(bank: str, check: Check, customer: Customer) -> tuple[str, list[str] | None]:
    """The canonical result, and what differs as far as this bank says (domain.md 2.2). Names are
    compared character by character, in capitals: order, spaces and all."""
    differing = []
    if check.holder_name.upper() != customer.printed_name.upper():
        differing.append("name")
    document = (check.document_kind, check.document_number.upper())
    if document != (customer.document_kind, customer.document_number.upper()):
        differing.append("document_number")
    if check.phone != customer.phone:
        differing.append("phone")
    if not differing:
        return "MATCH", []
    if bank in PLAIN_BANKS:
        return "MISMATCH_UNSPECIFIED", None
    alone = {"name": "NAME_MISMATCH", "document_number": "ID_MISMATCH", "phone": "PHONE_MISMATCH"}
    return (alone[differing[0]] if len(differing) == 1 else "MISMATCH_UNSPECIFIED"), differing


async def _remember(
    conn: Connection,
    bank: str,
    check: Check,
    result: str,
    fields: list[str] | None,
    now: datetime,
) -> None:
    row = {
        "bank": bank,
        "request_id": check.request_id,
        "request_hash": _hash(check),
        "card_number": check.card_number,
        "result": result,
        "mismatched_fields": fields,
        "verification": f"vrf_{secrets.token_hex(12)}",
        "code": f"{secrets.randbelow(10**6):06d}",
        "expires_at": now + CODE_VALID,
        "created_at": now,
    }
    await conn.execute(QUERIES.add_verification, row)


async def _text_code(
    conn: Connection, known: _Verification, customer: Customer, message_id: str, now: datetime
) -> None:
    name, tail = directory.get_bank(known.bank), known.card_number[-4:]
    minutes = CODE_VALID // timedelta(minutes=1)
    text = (
        f"【{name.zh}】验证码 {known.code}，用于绑定尾号 {tail} 的银行卡，{minutes} 分钟内有效。"
        f"{name.en}: your code is {known.code}, to link the card ending in {tail}; "
        f"good for {minutes} minutes."
    )
    await receive(
        conn,
        message_id=message_id,
        phone=customer.phone,
        sender=known.bank,
        text=text,
        now=now,
    )


async def send_code(
    conn: Connection, bank: str, verification: str, *, request_id: str, now: datetime
) -> CodeSending:
    """Texts a new code, at most five for a verification, as long as it is not confirmed nor a day
    old. Raises `NothingThere`."""
    keys = {"bank": bank, "verification": verification}
    known = await fetch_one(conn, QUERIES.get_verification_by_token, keys, _Verification)
    if known is None or known.result != "MATCH":
        raise NothingThere()
    message_id = f"{verification}:{request_id}"
    codes = await fetch_all(conn, QUERIES.list_codes, keys, _Code)
    if any(one.message_id == message_id for one in codes):
        return CodeSending("SENT")
    customer = await of_card(conn, bank, known.card_number)
    old = now >= known.created_at + VERIFICATION_VALID
    if customer is None or old or known.agreement is not None:
        return CodeSending("EXPIRED")
    if len(codes) >= CODES_PER_VERIFICATION:
        return CodeSending("TRIES")
    fresh = {"code": f"{secrets.randbelow(10**6):06d}", "expires_at": now + CODE_VALID}
    await conn.execute(QUERIES.set_code, keys | fresh)
    known = msgspec.structs.replace(known, **fresh)
    await _text_code(conn, known, customer, message_id, now)
    return CodeSending("SENT")


async def confirm(
    conn: Connection, bank: str, verification: str, *, request_id: str, code: str, now: datetime
) -> Confirmation:
    """Takes the SMS code: five tries, fifteen minutes. The right code of a verification confirmed
    before gives the same agreement. Raises `NothingThere`."""
    keys = {"bank": bank, "verification": verification, "request_id": request_id}
    known = await fetch_one(conn, QUERIES.get_verification_by_token, keys, _Verification)
    if known is None or known.result != "MATCH":
        raise NothingThere()
    answered = await fetch_one(conn, QUERIES.get_confirmation, keys, _Result)
    if answered is not None:
        agreed = known.agreement if answered.result == "CONFIRMED" else None
        return Confirmation(answered.result, agreed)
    result = await _try_code(conn, known, code, now)
    agreement = known.agreement
    if result == "CONFIRMED" and agreement is None:
        agreement = await _agree(conn, known, now)
    await conn.execute(QUERIES.add_confirmation, keys | {"result": result})
    return Confirmation(result, agreement if result == "CONFIRMED" else None)


async def _try_code(
    conn: Connection, known: _Verification, code: str, now: datetime
) -> Literal["CONFIRMED", "OTP_WRONG", "OTP_TRIES", "OTP_EXPIRED"]:
    if known.tries >= CODE_TRIES:
        return "OTP_TRIES"
    right = secrets.compare_digest(code.encode(), known.code.encode())
    if right and known.agreement is not None:
        return "CONFIRMED"
    if now >= known.expires_at:
        return "OTP_EXPIRED"
    if right:
        return "CONFIRMED"
    await conn.execute(QUERIES.count_try, {"verification": known.verification})
    return "OTP_TRIES" if known.tries + 1 >= CODE_TRIES else "OTP_WRONG"


async def _agree(conn: Connection, known: _Verification, now: datetime) -> str:
    row = {
        "bank": known.bank,
        "verification": known.verification,
        "agreement": f"agr_{secrets.token_hex(16)}",
        "card_number": known.card_number,
        "now": now,
    }
    await conn.execute(QUERIES.add_agreement, row)
    await conn.execute(QUERIES.set_agreement, row)
    return str(row["agreement"])


async def end_agreement(conn: Connection, bank: str, agreement: str, *, now: datetime) -> None:
    """No money moves under it any more; ending it again changes nothing. Raises `NothingThere`."""
    keys = {"bank": bank, "agreement": agreement, "now": now}
    cursor = await conn.execute(QUERIES.end_agreement, keys)
    if await cursor.fetchone() is None:
        raise NothingThere()


async def order(
    conn: Connection, bank: str, wanted: Order, *, refuse: bool, now: datetime
) -> OrderAnswer:
    """Moves money once for each request id. Raises `RequestIdReused`."""
    await conn.execute(QUERIES.lock, {"word": f"{bank} order {wanted.request_id}"})
    keys = {"bank": bank, "request_id": wanted.request_id}
    known = await fetch_one(conn, QUERIES.get_order, keys, _Order)
    if known is not None and known.request_hash != _hash(wanted):
        raise RequestIdReused()
    if known is None:
        result = "CARD_RESTRICTED" if refuse else await _move(conn, bank, wanted)
        outcome = "SETTLED" if result == "OK" else "REFUSED"
        row = msgspec.structs.asdict(wanted) | {
            "bank": bank,
            "request_hash": _hash(wanted),
            "outcome": outcome,
            "result": result,
            "now": now,
        }
        await conn.execute(QUERIES.add_order, row)
    return await ask_order(conn, bank, wanted.request_id)


async def ask_order(conn: Connection, bank: str, request_id: str) -> OrderAnswer:
    """What became of an order."""
    keys = {"bank": bank, "request_id": request_id}
    known = await fetch_one(conn, QUERIES.get_order, keys, _Order)
    if known is None:
        return OrderAnswer("NOT_FOUND", request_id=request_id)
    return OrderAnswer(known.outcome, known.result, known.request_id)


async def _move(conn: Connection, bank: str, wanted: Order) -> str:
    keys = {"bank": bank, "agreement": wanted.agreement}
    agreement = await fetch_one(conn, QUERIES.get_agreement, keys, _Agreement)
    if agreement is None or agreement.ended_at is not None:
        return "AGREEMENT_ENDED"
    customer = await of_card(conn, bank, agreement.card_number)
    if customer is None:
        return "CARD_INVALID"
    if wanted.currency != "CNY":
        return "CURRENCY_UNSUPPORTED"
    change = wanted.amount_minor if wanted.direction == "credit" else -wanted.amount_minor
    if customer.balance_minor + change < 0:
        return "INSUFFICIENT_FUNDS"
    row = {"bank": bank, "customer_id": customer.customer_id, "change_minor": change}
    await conn.execute(QUERIES.change_balance, row)
    return "OK"


def _hash(body: msgspec.Struct) -> bytes:
    return hashlib.sha256(msgspec.json.encode(body)).digest()
