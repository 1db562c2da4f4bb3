"""Real-name Authentication: the documents of the holder, and who has confirmed them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.response import Redirect

from qianbao.bank_names import bank_name
from qianbao.banks.cards import BankBehind, bank_was_shown, banks_behind
from qianbao.banks.directory import BankUnknown, get_bank
from qianbao.clock import local_date
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity.countries import country_name
from qianbao.identity.documents import Document, list_documents, show_document
from qianbao.identity.evidence import Evidence, list_evidence
from qianbao.identity.mrz import read_mrz
from qianbao.identity.mrz_checks import Correction
from qianbao.identity.mrz_layout import LAYOUTS
from qianbao.identity.numbers import KINDS
from qianbao.identity.photo import PHOTO_BYTES, PhotoTooLarge, photos_are_read, read_photo
from qianbao.identity.reading import FOREIGNERS, DocumentSubmission
from qianbao.names import display
from qianbao.wallets.profile import wallet
from qianbao.web import forms
from qianbao.web.drawing import draw
from qianbao.web.forms import Form, field
from qianbao.web.i18n import Text
from qianbao.web.identity_data import SEXES, given_in
from qianbao.web.marked import marked_lines
from qianbao.web.sealed import seal, unseal
from qianbao.web.standing import shown, status_of
from qianbao.web.visit import Asked, holder, of, services_of

ADD = "/me/pay/manage/real-name/add"
PASSPORT_LINE = LAYOUTS["TD3"].length
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


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a source said, and about which entry: its name and number's tail."""

    source: Text
    outcome: Text
    at: datetime
    entry: str
    differs: bool


class Answers(msgspec.Struct, frozen=True):
    """`present` are about the current entry, one a source; `differs`: one of them does. `named` are
    the sources that confirmed the holder under another name than the present document's and none
    under this one, each with that name."""

    present: tuple[Answer, ...]
    earlier: tuple[Answer, ...]
    differs: bool
    named: tuple[tuple[Text, str], ...]


class DateUnreadable(InvalidInput):
    code = "date_unreadable"
    en = "“{typed}” is not a date."
    zh = "“{typed}” 不是有效的日期。"
    next_en = "Write it like 2031-05-20."
    next_zh = "请按 2031-05-20 的格式填写。"


class DateMissing(InvalidInput):
    code = "date_missing"
    en = "No date was entered."
    zh = "未填写日期。"
    next_en = "Write it like 2031-05-20."
    next_zh = "请按 2031-05-20 的格式填写。"


@get("/me/pay/manage/real-name")
async def real_name(request: Asked) -> Response[Any]:
    """The current document, those before it, and the latest answer of each outside source."""
    wallet_id, today = holder(request), local_date(of(request).now)
    async with services_of(request).pool.connection() as conn:
        profile = await wallet(conn, wallet_id)
        documents = await list_documents(conn, wallet_id)
        evidence = await list_evidence(conn, wallet_id)
        behind = await banks_behind(conn, wallet_id)
    if documents and documents[0].superseded_at:  # set aside: there is none, as at the beginning
        documents = []
    current = documents[0] if documents else None
    return draw(
        "real_name.html",
        wallet=profile,
        current=current,
        expired=bool(current and current.valid_until and current.valid_until < today),
        earlier=_entries(documents[1:]),
        told=_told(request.query_params.get("updated", "")),
        name=display(documents[0].legal_name) if documents else "",
        country=_country(documents[0].country) if documents else None,
        sex=dict(SEXES[:2]).get(documents[0].sex or "") if documents else None,
        answers=_answers(documents, evidence) if documents else None,
        verified_as=_verified_as(documents),
        name_changed=any(one.name_change_id for one in documents),
        kinds=KIND_WORDS,
        behind=[_behind(one) for one in behind],
    )


@get("/me/pay/manage/real-name/updated")
async def updated_page() -> Redirect:
    """Where somebody lands who opens the address of the form below."""
    return Redirect("/me/pay/manage/real-name", status_code=303)


@post("/me/pay/manage/real-name/updated")
async def updated(request: Asked) -> Redirect:
    """The holder says that a bank has the present document now."""
    form, visit = await forms.read(request), of(request)
    async with services_of(request).pool.connection() as conn:
        await bank_was_shown(conn, holder(request), field(form, "bank"), visit.now)
    path = forms.address("/me/pay/manage/real-name", updated=field(form, "bank"))
    return Redirect(path, status_code=303)


@get("/me/pay/manage/real-name/add")
async def add(request: Asked) -> Response[Any]:
    """The form for a document, or for its renewal; with `read`, what a photo was read as in it."""
    kind = request.query_params.get("kind", "")
    read = unseal(request, request.query_params.get("read", ""), "photo")
    if read is None:
        return _add_page(request, kind, {})
    seen = msgspec.json.decode(read["corrections"], type=tuple[Correction, ...])
    try:
        document = read_mrz(read["mrz"], local_date(of(request).now))
    except QianbaoError as refusal:
        return _add_page(request, kind, read, refusal)
    return _add_page(request, kind, read, seen=seen + document.corrections)


@post("/me/pay/manage/real-name/add")
async def submit(request: Asked) -> Response[Any]:
    """Takes the document in; the registers are asked by a job."""
    form, services = await forms.read(request), services_of(request)
    try:
        await show_document(
            services.pool,
            services.keys,
            wallet_id=holder(request),
            document_id=field(form, "document_id"),
            submission=_submission(form),
            given=given_in(form),
            now=of(request).now,
        )
    except QianbaoError as refusal:
        return _add_page(request, field(form, "kind"), form, refusal)
    return Redirect("/me/pay/manage/real-name", status_code=303)


@get("/me/pay/manage/real-name/photo")
async def photo_page(request: Asked) -> Redirect:
    """Where somebody lands who opens the address of the form below."""
    return Redirect(forms.address(ADD, kind=request.query_params.get("kind", "")), status_code=303)


@post("/me/pay/manage/real-name/photo", request_max_body_size=forms.FILE_BODY_BYTES)
async def photo(request: Asked) -> Response[Any]:
    """Reads the lines from a photo and goes on to the form with them, to be compared with the
    document and sent."""
    kind = request.query_params.get("kind", "")
    try:
        content = await forms.read_file(request, "photo", most_bytes=PHOTO_BYTES)
        if content is None:
            raise PhotoTooLarge(most_megabytes=PHOTO_BYTES // 1_000_000)
        zone = await read_photo(content)
    except QianbaoError as refusal:
        return _add_page(request, kind, {}, refusal)
    kind = "passport" if len(zone.lines[0]) == PASSPORT_LINE else "permanent_residence"
    corrections = msgspec.json.encode(zone.corrections).decode()
    words = {"mrz": "\n".join(zone.lines), "corrections": corrections}
    after = forms.address(ADD, kind=kind, read=seal(request, words, "photo"))
    return Redirect(after, status_code=303)


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
    request: Asked,
    kind: str,
    form: Form,
    refusal: QianbaoError | None = None,
    *,
    seen: tuple[Correction, ...] | None = None,
) -> Response[Any]:
    """The form; with `seen`, after a photo was read: what of it was read otherwise than seen."""
    kind = kind if kind in ORDER else ORDER[0]
    return draw(
        "real_name_add.html",
        status=status_of(refusal),
        kind=kind,
        kinds=[(one, KIND_WORDS[one]) for one in ORDER],
        by_mrz=kind in FOREIGNERS,
        photos=photos_are_read(),
        seen=seen,
        typed=forms.kept(form),
        sexes=SEXES,
        marked=marked_lines(field(form, "mrz"), refusal),
        document_id=forms.own_id(request, "doc", form, "document_id", refusal),
        refusal=shown(refusal),
    )


def _country(code: str) -> Text:
    return Text(country_name(code, "en"), country_name(code, "zh"))


def _answers(documents: list[Document], evidence: list[Evidence]) -> Answers:
    """The latest answer of each source about the current entry; all others are earlier ones."""
    entries = {
        one.document_id: f"{display(one.legal_name)} •••• {one.number_tail}" for one in documents
    }
    present: dict[str, Answer] = {}
    earlier = []
    for one in evidence:
        answer = Answer(
            source=_source(one.source),
            outcome=OUTCOMES.get(one.outcome, Text(one.outcome, one.outcome)),
            at=one.at,
            entry=entries.get(one.document_id or "", ""),
            differs=one.outcome == "MISMATCH",
        )
        if one.document_id == documents[0].document_id and one.source not in present:
            present[one.source] = answer
        else:
            earlier.append(answer)
    differs = any(one.differs for one in present.values())
    named = _named_otherwise(documents, evidence)
    return Answers(tuple(present.values()), tuple(earlier), differs, named)


def _named_otherwise(
    documents: list[Document], evidence: list[Evidence]
) -> tuple[tuple[Text, str], ...]:
    """What was confirmed of an earlier document stands for the holder, whose next one was held
    against it; not for a name that it does not have."""
    names = {one.document_id: display(one.legal_name) for one in documents}
    present = names[documents[0].document_id]
    under: dict[str, list[str]] = {}
    for one in evidence:
        if one.outcome == "MATCH" and one.document_id in names:
            under.setdefault(one.source, []).append(names[one.document_id])
    return tuple(
        (_source(source), found[0]) for source, found in under.items() if present not in found
    )


def _verified_as(documents: list[Document]) -> str:
    """The name that banks confirmed, where it is not the present one."""
    confirmed = [display(one.legal_name) for one in documents if one.confirmed]
    present = display(documents[0].legal_name) if documents else ""
    return confirmed[0] if confirmed and present not in confirmed else ""


def _entries(documents: list[Document]) -> list[tuple[Document, str, int]]:
    """Earlier entries, those that read alike once: the latest, its name, and how often."""
    found: dict[tuple[str, str, str], tuple[Document, str, int]] = {}
    for one in documents:
        name = display(one.legal_name)
        key = (one.kind, one.number_tail, name)
        first, _, times = found.get(key, (one, name, 0))
        found[key] = (first, name, times + 1)
    return list(found.values())


def _told(bank: str) -> Text | None:
    """The bank that has just been said to be up to date."""
    try:
        return _source(get_bank(bank).code) if bank else None
    except BankUnknown:
        return None


def _source(source: str) -> Text:
    if source in SOURCES:
        return SOURCES[source]
    try:
        bank = get_bank(source.removeprefix("bank:"))
    except BankUnknown:
        return Text(source, source)
    return Text(bank.en, bank.zh)


def _behind(behind: BankBehind) -> tuple[str, Text, str]:
    name = Text(bank_name(behind.bank, "en"), bank_name(behind.bank, "zh"))
    return behind.bank, name, behind.number_tail


SCREENS = Router(
    path="/", route_handlers=[real_name, updated_page, updated, add, submit, photo_page, photo]
)
