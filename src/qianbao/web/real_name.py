"""Real-name Authentication: the documents of the holder, and who has confirmed them."""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import Response, Router, get, post
from litestar.response import Redirect

from qianbao.banks.directory import BankUnknown, get_bank
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity.documents import add_document, list_documents
from qianbao.identity.evidence import list_evidence
from qianbao.identity.numbers import KINDS
from qianbao.identity.reading import FOREIGNERS, DocumentSubmission
from qianbao.names import display
from qianbao.wallets.profile import wallet
from qianbao.web import forms
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.i18n import Text
from qianbao.web.marked import marked_lines
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import Asked, holder, of, services_of

ORDER = ("passport", "permanent_residence", "travel_permit", "residence_permit", "resident_id")
"""Foreigners' documents first: they are whom this goes wrong for."""
KIND_WORDS = {kind: Text(en[:1].upper() + en[1:], zh) for kind, (en, zh) in KINDS.items()}
SOURCES = {
    "immigration": Text("Immigration register", "出入境管理登记"),
    "citizen": Text("Citizen register", "公民身份信息登记"),
    "mobile_operator": Text("Mobile operator's real-name register", "运营商实名登记"),
}
OUTCOMES = {
    "MATCH": Text("confirmed", "一致"),
    "MISMATCH": Text("differs", "不一致"),
    "NOT_FOUND": Text("not in this register", "未登记"),
}


class DateUnreadable(InvalidInput):
    code = "date_unreadable"
    en = "“{typed}” is not a date."
    zh = "“{typed}” 不是有效的日期。"
    next_en = "Write it like 2031-05-20."
    next_zh = "请按 2031-05-20 的格式填写。"


@get("/me/pay/manage/real-name")
async def real_name(request: Asked) -> Response[Any]:
    """The current document, those before it, and every answer of an outside source."""
    wallet_id = holder(request)
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
        documents = await list_documents(conn, wallet_id)
        evidence = await list_evidence(conn, wallet_id)
    return draw(
        "real_name.html",
        wallet=profile,
        current=documents[0] if documents else None,
        earlier=documents[1:],
        name=display(documents[0].legal_name) if documents else "",
        evidence=[(one, _source(one.source), OUTCOMES.get(one.outcome)) for one in evidence],
        kinds=KIND_WORDS,
    )


@get("/me/pay/manage/real-name/add")
async def add(request: Asked) -> Response[Any]:
    """The form for a document, or for its renewal."""
    return _add_page(request, request.query_params.get("kind", ""), {})


@post("/me/pay/manage/real-name/add")
async def submit(request: Asked) -> Response[Any]:
    """Takes the document in; the registers are asked by a job."""
    form, services = await forms.read(request), services_of(request)
    try:
        async with services.pool.connection() as conn:
            await add_document(
                conn,
                services.keys,
                wallet_id=holder(request),
                document_id=field(form, "document_id"),
                submission=_submission(form),
                now=of(request).now,
            )
    except QianbaoError as refusal:
        return _add_page(request, field(form, "kind"), form, refusal)
    return Redirect("/me/pay/manage/real-name", status_code=303)


def _submission(form: Form) -> DocumentSubmission:
    return DocumentSubmission(
        kind=field(form, "kind"),
        mrz=field(form, "mrz") or None,
        number=field(form, "number") or None,
        surname=field(form, "surname"),
        given=field(form, "given"),
        native=field(form, "native"),
        valid_until=_read_date(field(form, "valid_until")),
        country=field(form, "country").upper(),
    )


def _read_date(typed: str) -> date | None:
    """A date from a date field, or None when it was left empty. Raises `DateUnreadable`."""
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise DateUnreadable(typed=typed[:20]) from None


def _add_page(
    request: Asked, kind: str, form: Form, refusal: QianbaoError | None = None
) -> Response[Any]:
    kind = kind if kind in ORDER else ORDER[0]
    return draw(
        "real_name_add.html",
        status=status_of(refusal),
        kind=kind,
        kinds=[(one, KIND_WORDS[one]) for one in ORDER],
        by_mrz=kind in FOREIGNERS,
        typed=forms.kept(form),
        marked=marked_lines(field(form, "mrz"), refusal),
        document_id=forms.own_id(request, "doc", form, "document_id", refusal),
        refusal=shown(refusal),
    )


def _source(source: str) -> Text:
    if source in SOURCES:
        return SOURCES[source]
    try:
        bank = get_bank(source.removeprefix("bank:"))
    except BankUnknown:
        return Text(source, source)
    return Text(bank.en, bank.zh)


SCREENS = Router(path="/", route_handlers=[real_name, add, submit])
