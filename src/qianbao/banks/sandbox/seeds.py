"""JSON for seeds and tests, under /sandbox: make customers, fill registers, read phones."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.datastructures import State
from msgspec import Meta

from qianbao.banks import directory
from qianbao.banks.phones import read_phone
from qianbao.banks.sandbox import customers, faults, messages, registers
from qianbao.banks.sandbox.protocol import Optional, Short
from qianbao.errors import InvalidInput


class CardOfOtherBank(InvalidInput):
    code = "sandbox_card_of_other_bank"
    en = "The card ending in {last_four} is one of {bank}'s."
    zh = "尾号 {last_four} 的银行卡属于 {bank}。"
    next_en = "Give a number with one of this bank's prefixes."
    next_zh = "请使用该银行卡段的卡号。"


class CustomerBody(msgspec.Struct, frozen=True):
    bank: Short
    printed_name: Short
    document_kind: Short
    document_number: Short
    phone: Short
    balance_minor: Annotated[int, Meta(ge=0, le=10**13)] = 0
    cards: Annotated[list[Short], Meta(max_length=20)] = []


class CorrectionBody(msgspec.Struct, frozen=True):
    bank: Short
    card_number: Short
    printed_name: Optional = ""
    document_kind: Optional = ""
    document_number: Optional = ""
    phone: Optional = ""


class FaultBody(msgspec.Struct, frozen=True):
    bank: Short
    fault: faults.FaultKind | None = None


class ImmigrationBody(msgspec.Struct, frozen=True):
    document_kind: Short
    document_number: Short
    names: Annotated[list[Short], Meta(min_length=1, max_length=20)]


class MobileBody(msgspec.Struct, frozen=True):
    phone: Short
    document_number: Short
    names: Annotated[list[Short], Meta(min_length=1, max_length=20)]


@post("/sandbox/customers", status_code=200)
async def put_customer(data: CustomerBody, state: State) -> dict[str, Any]:
    cards = [directory.read_card_number(number) for number in data.cards]
    for number in cards:
        issuer = directory.find_bank(number)
        if issuer.code != data.bank:
            raise CardOfOtherBank(last_four=number[-4:], bank=issuer.code)
    async with state.pool.connection() as conn:
        customer = await customers.put(
            conn,
            bank=data.bank,
            printed_name=data.printed_name,
            document_kind=data.document_kind,
            document_number=data.document_number.upper(),
            phone=read_phone(data.phone),
            balance_minor=data.balance_minor,
            cards=cards,
        )
    return msgspec.structs.asdict(customer)


@get("/sandbox/customers")
async def get_customer(bank: str, card_number: str, state: State) -> dict[str, Any]:
    async with state.pool.connection() as conn:
        found = await customers.of_card(conn, bank, directory.read_card_number(card_number))
    if found is None:
        raise customers.CustomerUnknown()
    return msgspec.structs.asdict(found)


@post("/sandbox/counter", status_code=200)
async def correct(data: CorrectionBody, state: State) -> dict[str, Any]:
    async with state.pool.connection() as conn:
        number = directory.read_card_number(data.card_number)
        found = await customers.of_card(conn, data.bank, number)
        if found is None:
            raise customers.CustomerUnknown()
        changed = await customers.correct(
            conn,
            found,
            printed_name=data.printed_name,
            document_kind=data.document_kind,
            document_number=data.document_number,
            phone=read_phone(data.phone) if data.phone else "",
        )
    return msgspec.structs.asdict(changed)


@post("/sandbox/faults", status_code=200)
async def set_fault(data: FaultBody, state: State) -> dict[str, Any]:
    async with state.pool.connection() as conn:
        await faults.set_fault(conn, data.bank, data.fault)
    return {"bank": data.bank, "fault": data.fault}


@post("/sandbox/registers/immigration", status_code=200)
async def put_immigration(data: ImmigrationBody, state: State) -> dict[str, Any]:
    async with state.pool.connection() as conn:
        await registers.put_immigration(
            conn,
            document_kind=data.document_kind,
            document_number=data.document_number.upper(),
            names=data.names,
        )
    return {"names": data.names}


@post("/sandbox/registers/mobile", status_code=200)
async def put_mobile(data: MobileBody, state: State) -> dict[str, Any]:
    async with state.pool.connection() as conn:
        await registers.put_mobile_operator(
            conn,
            phone=read_phone(data.phone),
            names=data.names,
            document_number=data.document_number.upper(),
        )
    return {"names": data.names}


@get("/sandbox/phones/{number:str}/messages")
async def phone_messages(number: str, state: State) -> list[messages.Sms]:
    async with state.pool.connection() as conn:
        return await messages.messages(conn, read_phone(number))


HANDLERS = [
    put_customer,
    get_customer,
    correct,
    set_fault,
    put_immigration,
    put_mobile,
    phone_messages,
]
