"""The registers: outside sources, other than banks, that are asked who a holder is.

Asked by a job, outside any transaction. A register's silence is no answer: the job runs again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_all, load
from qianbao.errors import QianbaoError
from qianbao.http_client import HttpClient, NotSent, Refused, Unanswered
from qianbao.identity import evidence
from qianbao.identity.kept import Document, current_document, document_number
from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.names import from_mrz, in_characters

SQL = load("qianbao.identity")

Register = Literal["immigration", "mobile_operator"]
Result = Literal["MATCH", "MISMATCH", "NOT_FOUND"]


class RegisterSilent(QianbaoError):
    code = "register_silent"
    status = 503
    retry = True
    en = "A register has not answered yet. Nothing was guessed."
    zh = "登记机构尚未答复，系统不作猜测。"
    next_en = "It is asked again by itself."
    next_zh = "系统会自动重新查询。"


class RegisterMisunderstood(QianbaoError):
    code = "register_misunderstood"
    status = 502
    en = "A register did not accept our request ({http_status})."
    zh = "登记机构未接受我们的请求（{http_status}）。"
    next_en = "This is not your doing. Open a case, so that we look into it."
    next_zh = "这不是您的问题。请提交工单，由我们处理。"


class RegisterRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a register is asked. Asked twice under one id, it gives the same answer."""

    request_id: str
    name: str
    document_kind: str
    document_number: str
    phone: str

    def __repr__(self) -> str:
        return f"RegisterRequest(request_id={self.request_id!r}, …)"


class _Answer(msgspec.Struct, frozen=True):
    result: Result


class _Answered(msgspec.Struct, frozen=True):
    source: str
    answers: int
    confirmed: bool


class Registers:
    """The registers, which the bank gateway passes on."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def ask(self, register: Register, request: RegisterRequest) -> Result:
        """Raises `RegisterSilent` or `RegisterMisunderstood`."""
        try:
            answer = await self._http.ask("POST", f"/registers/{register}/checks", _Answer, request)
        except (NotSent, Unanswered):
            raise RegisterSilent from None
        except Refused as refused:
            raise RegisterMisunderstood(http_status=refused.status) from None
        return answer.result


async def check_registers(
    pool: Pool, registers: Registers, keys: KeyRing, *, wallet_id: str, now: datetime
) -> None:
    """The job `check_registers`: asks each register that has not confirmed the wallet's current
    document, and keeps the answers. A no is asked about again at the holder's next submission: a
    register's record can be put right. Raises `RegisterSilent` (or `RegisterMisunderstood`) after
    keeping what was answered."""
    async with pool.connection() as conn:
        document = await current_document(conn, wallet_id)
        if document is None:
            return
        answered = await _answered(conn, wallet_id, document)
        phone = await _phone(conn, keys, wallet_id)
    trouble: QianbaoError | None = None
    for source, register in _sources(document).items():
        before = answered.get(source, _Answered(source, 0, confirmed=False))
        if before.confirmed:
            continue
        request = RegisterRequest(
            # The same until there is an answer, so that a repeated job repeats its question.
            request_id=f"{document.document_id}:{source}:{before.answers + 1}",
            name=_name(document),
            document_kind=document.kind,
            document_number=document_number(keys, document),
            phone=phone,
        )
        try:
            result = await registers.ask(register, request)
        except QianbaoError as error:
            trouble = error
            continue
        await _keep(pool, wallet_id, document, source, result, now)
    if trouble is not None:
        raise trouble


def _sources(document: Document) -> dict[str, Register]:
    """Who is asked under which name. The gateway has one register of people's documents: for a
    resident ID it is the citizens' one that answers, a source of its own (domain.md 1.1)."""
    people = "citizen" if document.residency == "mainland" else "immigration"
    return {people: "immigration", "mobile_operator": "mobile_operator"}


async def _answered(conn: Connection, wallet_id: str, document: Document) -> dict[str, _Answered]:
    place = {"wallet_id": wallet_id, "document_id": document.document_id}
    rows = await fetch_all(conn, SQL.count_answers, place, _Answered)
    return {row.source: row for row in rows}


async def _phone(conn: Connection, keys: KeyRing, wallet_id: str) -> str:
    cursor = await conn.execute(SQL.find_phone_cipher, {"wallet_id": wallet_id})
    row: Any = await cursor.fetchone()
    return keys.decrypt(row[0], "phone")


async def _keep(
    pool: Pool, wallet_id: str, document: Document, source: str, result: Result, now: datetime
) -> None:
    compared = ["name", "document_number"]
    async with pool.connection() as conn:
        await evidence.record(
            conn,
            wallet_id=wallet_id,
            evidence_id=new_id("evi", now),
            source=source,
            outcome=result,
            compared=[*compared, "phone"] if source == "mobile_operator" else compared,
            document_id=document.document_id,
            card_id=None,
            at=now,
        )
        await evidence.refresh(conn, wallet_id=wallet_id, now=now)


def _name(document: Document) -> str:
    """The name as registers keep it: in characters, or surname first in the letters of the
    machine-readable zone."""
    name = document.legal_name
    if in_characters(name):
        return name.native or name.surname + name.given
    if name.mrz and len(name.mrz.rstrip("<")) < len(name.mrz):  # otherwise letters are cut off
        name = from_mrz(name.mrz)
    return f"{name.surname} {name.given}".strip()
