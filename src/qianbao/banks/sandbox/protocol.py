"""The sandbox's side of the bank gateway: the protocol of docs/architecture.md over HTTP.

Faults are acted out here: a silent bank keeps the line open for longer than the wallet waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from litestar import get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from msgspec import Meta

from qianbao.banks import directory
from qianbao.banks.gateway import (
    CodeSending,
    Confirmation,
    Ending,
    OrderAnswer,
    Verification,
)
from qianbao.banks.phones import read_phone
from qianbao.banks.sandbox import bank as banking
from qianbao.banks.sandbox import faults, messages, registers
from qianbao.db.queries import Connection

Short = Annotated[str, Meta(min_length=1, max_length=100)]
Optional = Annotated[str, Meta(max_length=100)]
AmountMinor = Annotated[int, Meta(gt=0, le=10**13)]
Answer = TypeVar("Answer")


class VerificationBody(msgspec.Struct, frozen=True):
    request_id: Short
    card_number: Short
    holder_name: Short
    document_kind: Short
    document_number: Short
    phone: Short


class ConfirmationBody(msgspec.Struct, frozen=True):
    request_id: Short
    code: Short


class CodeBody(msgspec.Struct, frozen=True):
    request_id: Short


class EndingBody(msgspec.Struct, frozen=True):
    request_id: Short


class OrderBody(msgspec.Struct, frozen=True):
    request_id: Short
    agreement: Short
    direction: Literal["debit", "credit"]
    amount_minor: AmountMinor
    currency: Short


class RegisterBody(msgspec.Struct, frozen=True):
    request_id: Short
    name: Short
    document_kind: Optional = ""
    document_number: Optional = ""
    phone: Optional = ""


class SmsBody(msgspec.Struct, frozen=True):
    message_id: Short
    sender: Short
    phone: Short
    text: Annotated[str, Meta(max_length=1000)]


class RegisterAnswer(msgspec.Struct, frozen=True):
    result: registers.Answer


async def answer(
    state: State, bank: str, work: Callable[[Connection, bool], Awaitable[Answer]]
) -> Answer:
    """Does `work(conn, refuse)` in one transaction, unless and until the bank's fault says
    otherwise."""
    directory.get_bank(bank)
    async with state.pool.connection() as conn:
        fault = await faults.of_bank(conn, bank)
    if fault == "silent_before":
        await _silence(state)
    async with state.pool.connection() as conn:
        done = await work(conn, fault == "refuse")
    if fault == "silent_after":
        await _silence(state)
    return done


async def _silence(state: State) -> None:
    await asyncio.sleep(state.silence_seconds)
    raise HTTPException(status_code=503, detail="the bank is silent")


@post("/banks/{bank:str}/verifications", status_code=200)
async def verify(bank: str, data: VerificationBody, state: State) -> Verification:
    body = msgspec.structs.asdict(data) | {"phone": read_phone(data.phone)}
    check = banking.Check(**body)

    async def work(conn: Connection, refuse: bool) -> Verification:
        return await banking.verify(conn, bank, check, refuse=refuse, now=state.clock())

    return await answer(state, bank, work)


@post("/banks/{bank:str}/verifications/{verification:str}/confirm", status_code=200)
async def confirm(
    bank: str, verification: str, data: ConfirmationBody, state: State
) -> Confirmation:
    async def work(conn: Connection, refuse: bool) -> Confirmation:  # noqa: ARG001
        return await banking.confirm(
            conn,
            bank,
            verification,
            request_id=data.request_id,
            code=data.code,
            now=state.clock(),
        )

    return await answer(state, bank, work)


@post("/banks/{bank:str}/verifications/{verification:str}/code", status_code=200)
async def send_code(bank: str, verification: str, data: CodeBody, state: State) -> CodeSending:
    async def work(conn: Connection, refuse: bool) -> CodeSending:  # noqa: ARG001
        return await banking.send_code(
            conn, bank, verification, request_id=data.request_id, now=state.clock()
        )

    return await answer(state, bank, work)


@post("/banks/{bank:str}/agreements/{agreement:str}/end", status_code=200)
async def end_agreement(
    bank: str,
    agreement: str,
    data: EndingBody,  # noqa: ARG001 - ending is idempotent by itself
    state: State,
) -> Ending:
    async def work(conn: Connection, refuse: bool) -> Ending:  # noqa: ARG001
        await banking.end_agreement(conn, bank, agreement, now=state.clock())
        return Ending("ENDED")

    return await answer(state, bank, work)


@post("/banks/{bank:str}/orders", status_code=200)
async def order(bank: str, data: OrderBody, state: State) -> OrderAnswer:
    wanted = banking.Order(**msgspec.structs.asdict(data))

    async def work(conn: Connection, refuse: bool) -> OrderAnswer:
        return await banking.order(conn, bank, wanted, refuse=refuse, now=state.clock())

    return await answer(state, bank, work)


@get("/banks/{bank:str}/orders/{request_id:str}")
async def ask_order(bank: str, request_id: str, state: State) -> OrderAnswer:
    async def work(conn: Connection, refuse: bool) -> OrderAnswer:  # noqa: ARG001
        return await banking.ask_order(conn, bank, request_id)

    return await answer(state, bank, work)


@post("/registers/immigration/checks", status_code=200)
async def check_immigration(data: RegisterBody, state: State) -> RegisterAnswer:
    async with state.pool.connection() as conn:
        result = await registers.check_immigration(
            conn,
            name=data.name,
            document_kind=data.document_kind,
            document_number=data.document_number.upper(),
        )
    return RegisterAnswer(result)


@post("/registers/mobile_operator/checks", status_code=200)
async def check_mobile_operator(data: RegisterBody, state: State) -> RegisterAnswer:
    async with state.pool.connection() as conn:
        result = await registers.check_mobile_operator(
            conn,
            name=data.name,
            document_number=data.document_number.upper(),
            phone=read_phone(data.phone),
        )
    return RegisterAnswer(result)


@post("/sms", status_code=202)
async def sms(data: SmsBody, state: State) -> dict[str, Any]:
    async with state.pool.connection() as conn:
        await messages.receive(
            conn,
            message_id=data.message_id,
            phone=read_phone(data.phone),
            sender=data.sender,
            text=data.text,
            now=state.clock(),
        )
    return {"message_id": data.message_id}


HANDLERS = [
    verify,
    send_code,
    confirm,
    end_agreement,
    order,
    ask_order,
    check_immigration,
    check_mobile_operator,
    sms,
]
