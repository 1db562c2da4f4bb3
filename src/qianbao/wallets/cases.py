"""Cases: a holder asks the operator, the operator answers, both in writing.

A legal hold has a case, too, so that its holder has a number to give: it opens and closes with the
hold (`holds`), and nobody answers it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import InvalidInput, Language, NotFound, QianbaoError
from qianbao.ids import check_id, new_id
from qianbao.notices.inbox import tell
from qianbao.wallets.errors import WalletUnknown

SQL = load("qianbao.wallets")

MOST_SUBJECT, MOST_BODY = 120, 4000

_HOLD_SUBJECT: dict[Language, str] = {"en": "Legal hold", "zh": "依法冻结"}
_HOLD_BODY: dict[Language, str] = {
    "en": "Your wallet is held under a legal order. Give this case's number when you ask the "
    "operator about it, or object. The case closes when the hold ends.",
    "zh": "您的钱包被依法冻结。咨询或提出异议时，请提供本工单的编号。冻结解除后，本工单即办结。",
}
_HOLD_ENDED: dict[Language, str] = {
    "en": "The legal hold has ended.",
    "zh": "依法冻结已解除。",
}


class CaseTextLength(InvalidInput):
    code = "case_text_length"
    en = "A case needs a subject of 1 to {most_subject} characters and 1 to {most_body} of text."
    zh = "工单须填写 1 至 {most_subject} 字的标题和 1 至 {most_body} 字的内容。"
    next_en = "Say in a few sentences what happened, and what you expected."
    next_zh = "请简要说明发生了什么，以及您的期望。"


class CaseIdUsed(QianbaoError):
    code = "case_id_used"
    en = "This id was used for another case."
    zh = "该编号已用于另一个工单。"
    next_en = "Send the request with a fresh id."
    next_zh = "请使用新的编号重新提交。"


class CaseUnknown(NotFound):
    code = "case_unknown"
    en = "There is no such case."
    zh = "没有这个工单。"
    next_en = "Check the case's number."
    next_zh = "请核对工单编号。"


class CaseAnswered(QianbaoError):
    code = "case_answered"
    en = "This case has been answered already."
    zh = "该工单已答复。"
    next_en = "Read the answer; the holder may open another case."
    next_zh = "请查看已有答复；持有人可以另行提交工单。"


class CaseOfLegalHold(QianbaoError):
    code = "case_of_legal_hold"
    en = "This case belongs to a legal hold; it closes when the hold is lifted."
    zh = "该工单属于一项依法冻结，冻结解除时自动办结。"
    next_en = "To answer the holder, wait for a case of their own; to end this one, lift the hold."
    next_zh = "如需答复用户，请在其另行提交的工单中答复；如需办结，请解除冻结。"


class Case(msgspec.Struct, frozen=True):
    """A holder's question in their own words, and the operator's answer; `case_id` is the number
    that people give each other. With `legal_hold_id`, the case of that hold."""

    wallet_id: str
    case_id: str
    subject: str
    body: str
    legal_hold_id: str | None
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
    await _lock(conn, wallet_id)
    asked = {"wallet_id": wallet_id, "case_id": case_id, "subject": subject, "body": body}
    await conn.execute(SQL.add_case, asked | {"legal_hold_id": None, "now": now})
    case = await _get(conn, wallet_id, case_id)
    if (case.subject, case.body) != (subject, body):
        raise CaseIdUsed
    return case


async def answer(
    conn: Connection, *, wallet_id: str, case_id: str, answer: str, operator: str, now: datetime
) -> Case:
    """The operator's answer, once; the holder finds it in the inbox. Raises `CaseUnknown`,
    `CaseOfLegalHold`, `CaseAnswered` or `CaseTextLength`."""
    case = await _get(conn, wallet_id, case_id)
    if case.legal_hold_id is not None:
        raise CaseOfLegalHold
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
        title_zh=f"您的工单已答复：{case.subject}",
        body_en=text,
        body_zh=text,
        link="/me/help",
        now=now,
    )
    return await _get(conn, wallet_id, case_id)


async def open_for_hold(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, now: datetime
) -> Case:
    """The case of a hold, in the holder's language, in the transaction that puts it into force.
    Raises `WalletUnknown`."""
    language = await _lock(conn, wallet_id)
    case_id = new_id("cas", now)
    opened = {
        "wallet_id": wallet_id,
        "case_id": case_id,
        "subject": _HOLD_SUBJECT[language],
        "body": _HOLD_BODY[language],
        "legal_hold_id": legal_hold_id,
        "now": now,
    }
    await conn.execute(SQL.add_case, opened)
    return await _get(conn, wallet_id, case_id)


async def close_with_hold(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, operator: str, now: datetime
) -> None:
    """Ends the case of a hold that `operator` lifts. Raises `WalletUnknown`."""
    language = await _lock(conn, wallet_id)
    said = {"answer": _HOLD_ENDED[language], "operator": operator, "now": now}
    await conn.execute(
        SQL.close_case_of_hold,
        {"wallet_id": wallet_id, "legal_hold_id": legal_hold_id} | said,
    )


async def open_cases_of(conn: Connection, wallet_id: str) -> list[Case]:
    """What is open and concerns the wallet, the latest first: its own cases, and those of legal
    holds on other wallets of the same person."""
    return await fetch_all(conn, SQL.open_cases_of, {"wallet_id": wallet_id}, Case)


async def list_cases(conn: Connection, wallet_id: str) -> list[Case]:
    """A wallet's cases, the latest first."""
    return await fetch_all(conn, SQL.list_cases, {"wallet_id": wallet_id}, Case)


async def list_open_cases(conn: Connection, *, limit: int = 100) -> list[Case]:
    """What operators have not answered yet, whoever has waited longest first. A hold's case is not
    among them: nobody asks anything in it."""
    return await fetch_all(conn, SQL.list_open_cases, {"limit": limit}, Case)


async def _lock(conn: Connection, wallet_id: str) -> Language:
    """Locks the wallet; gives its holder's language."""
    cursor = await conn.execute(SQL.lock_wallet, {"wallet_id": wallet_id})
    row = await cursor.fetchone()
    if row is None:
        raise WalletUnknown
    language: Language = row[1]
    return language


async def _get(conn: Connection, wallet_id: str, case_id: str) -> Case:
    place = {"wallet_id": wallet_id, "case_id": case_id}
    case = await fetch_one(conn, SQL.find_case, place, Case)
    if case is None:
        raise CaseUnknown
    return case


def in_words(case: Case, language: Language) -> Case:
    """The case as its reader sees it: one of a legal hold is ours to say, in either language."""
    if case.legal_hold_id is None:
        return case
    return msgspec.structs.replace(
        case,
        subject=_HOLD_SUBJECT[language],
        body=_HOLD_BODY[language],
        answer=_HOLD_ENDED[language] if case.answer else "",
    )
