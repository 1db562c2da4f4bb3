"""Cases: a holder asks the operator, the operator answers, both in writing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.ids import check_id
from qianbao.notices.inbox import tell
from qianbao.wallets.errors import WalletUnknown

SQL = load("qianbao.wallets")

MOST_SUBJECT, MOST_BODY = 120, 4000


class CaseTextLength(InvalidInput):
    code = "case_text_length"
    en = "A case needs a subject of 1 to {most_subject} characters and 1 to {most_body} of text."
    zh = "申诉须填写 1 至 {most_subject} 字的标题和 1 至 {most_body} 字的内容。"
    next_en = "Say in a few sentences what happened, and what you expected."
    next_zh = "请简要说明发生了什么，以及您的期望。"


class CaseIdUsed(QianbaoError):
    code = "case_id_used"
    en = "This id was used for another case."
    zh = "该编号已用于另一项申诉。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


class CaseUnknown(NotFound):
    code = "case_unknown"
    en = "There is no such case."
    zh = "没有这项申诉。"
    next_en = "Check the case's number."
    next_zh = "请核对申诉编号。"


class CaseAnswered(QianbaoError):
    code = "case_answered"
    en = "This case has been answered already."
    zh = "该申诉已答复。"
    next_en = "Read the answer; the holder may open another case."
    next_zh = "请查看已有答复；持有人可以另行申诉。"


class Case(msgspec.Struct, frozen=True):
    """A holder's question in their own words, and the operator's answer."""

    wallet_id: str
    case_id: str
    subject: str
    body: str
    state: Literal["open", "answered"]
    answer: str
    answered_by: str | None
    created_at: datetime
    answered_at: datetime | None


async def open_case(
    conn: Connection, *, wallet_id: str, case_id: str, subject: str, body: str, now: datetime
) -> Case:
    """A closed wallet may ask, too. The same request again gives the case that is there. Raises
    `CaseTextLength`, `CaseIdUsed` or `WalletUnknown`."""
    check_id(case_id, "cas")
    subject, body = subject.strip(), body.strip()
    if not (0 < len(subject) <= MOST_SUBJECT and 0 < len(body) <= MOST_BODY):
        raise CaseTextLength(most_subject=MOST_SUBJECT, most_body=MOST_BODY)
    cursor = await conn.execute(SQL.lock_wallet, {"wallet_id": wallet_id})
    if await cursor.fetchone() is None:
        raise WalletUnknown
    asked = {"wallet_id": wallet_id, "case_id": case_id, "subject": subject, "body": body}
    await conn.execute(SQL.add_case, asked | {"now": now})
    case = await _get(conn, wallet_id, case_id)
    if (case.subject, case.body) != (subject, body):
        raise CaseIdUsed
    return case


async def answer(
    conn: Connection, *, wallet_id: str, case_id: str, answer: str, operator: str, now: datetime
) -> Case:
    """The operator's answer, once; the holder finds it in the inbox. Raises `CaseUnknown`,
    `CaseAnswered` or `CaseTextLength`."""
    case = await _get(conn, wallet_id, case_id)
    text = answer.strip()
    if not 0 < len(text) <= MOST_BODY:
        raise CaseTextLength(most_subject=MOST_SUBJECT, most_body=MOST_BODY)
    said = {"wallet_id": wallet_id, "case_id": case_id, "answer": text, "operator": operator}
    if (await conn.execute(SQL.answer_case, said | {"now": now})).rowcount == 0:
        raise CaseAnswered
    await tell(
        conn,
        wallet_id=wallet_id,
        kind="case_answered",
        title_en=f"Your question was answered: {case.subject}",
        title_zh=f"您的申诉已答复：{case.subject}",
        body_en=text,
        body_zh=text,
        link="/me/help",
        now=now,
    )
    return await _get(conn, wallet_id, case_id)


async def list_cases(conn: Connection, wallet_id: str) -> list[Case]:
    """A wallet's cases, the latest first."""
    return await fetch_all(conn, SQL.list_cases, {"wallet_id": wallet_id}, Case)


async def list_open_cases(conn: Connection, *, limit: int = 100) -> list[Case]:
    """What operators have not answered yet, whoever has waited longest first."""
    return await fetch_all(conn, SQL.list_open_cases, {"limit": limit}, Case)


async def _get(conn: Connection, wallet_id: str, case_id: str) -> Case:
    place = {"wallet_id": wallet_id, "case_id": case_id}
    case = await fetch_one(conn, SQL.find_case, place, Case)
    if case is None:
        raise CaseUnknown
    return case
