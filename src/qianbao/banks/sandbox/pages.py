"""The sandbox's screens: the phones, the bank counter, the faults. No money and no rules."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from qianbao import kept_page
from qianbao.banks import directory
from qianbao.banks.phones import BankPhoneInvalid, read_phone
from qianbao.banks.sandbox import customers, faults, messages, newcomers
from qianbao.banks.sandbox.protocol import Optional, Short
from qianbao.banks.sandbox.words import word
from qianbao.clock import OPERATOR_ZONE, local_date
from qianbao.errors import InvalidInput, Language, QianbaoError
from qianbao.keyring import KeyRing
from qianbao.money import show

COOKIE = "sandbox_language"
REFRESH_SECONDS = 3
KINDS = ("passport", "resident_id", "permanent_residence", "residence_permit", "travel_permit")
LONGEST_NAME = 100
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_OTHER: dict[Language, Language] = {"en": "zh", "zh": "en"}
PageRequest = Request[Any, Any, State]

_templates = Environment(
    loader=PackageLoader("qianbao.banks.sandbox"), autoescape=True, undefined=StrictUndefined
)


class FormOfCustomer(msgspec.Struct, frozen=True):
    printed_name: str = ""
    document_kind: str = ""
    document_number: str = ""
    phone: str = ""


class FormOfNewcomer(msgspec.Struct, frozen=True):
    surname: Optional = ""
    given: Optional = ""
    phone: Optional = ""
    bank: Optional = "ICBC"
    document_number: Optional = ""


class FormOfPage(msgspec.Struct, frozen=True):
    page: str


class FormOfFault(msgspec.Struct, frozen=True):
    bank: Short
    fault: Optional = ""


class RecordIncomplete(InvalidInput):
    code = "sandbox_record_incomplete"
    en = "A bank's record has a printed name, a kind of document, its number, and a phone."
    zh = "银行资料须包含登记姓名、证件种类、证件号码和手机号。"
    next_en = "Fill in all of them; the name has at most {most} letters."
    next_zh = "请全部填写，姓名最多 {most} 个字符。"


def is_page(request: PageRequest) -> bool:
    """Whether a person is looking, rather than a program."""
    return "text/html" in request.headers.get("accept", "")


def problem(request: PageRequest, error: QianbaoError) -> Response[Any]:
    """The page that says what is wrong."""
    return _page(request, "problem.html", refusal=error)


@get("/")
async def index(request: PageRequest, state: State) -> Response[str]:
    async with state.pool.connection() as conn:
        phones = await messages.phones(conn)
    return _page(request, "index.html", phones=phones)


@get("/phone")
async def phone_index(request: PageRequest, state: State, number: str = "") -> Response[Any]:
    refusal: QianbaoError | None = None
    if number:
        try:
            return Redirect(f"/phone/{quote(read_phone(number), safe='')}", status_code=303)
        except BankPhoneInvalid as error:
            refusal = error
    async with state.pool.connection() as conn:
        phones = await messages.phones(conn)
    return _page(request, "phones.html", phones=phones, number=number[:40], refusal=refusal)


@get("/phone/{number:str}")
async def phone(request: PageRequest, number: str, state: State) -> Response[str]:
    e164 = read_phone(number)
    async with state.pool.connection() as conn:
        arrived = await messages.messages(conn, e164)
    return _page(request, "phone.html", number=e164, arrived=arrived, refresh=REFRESH_SECONDS)


@get("/counter")
async def counter(
    request: PageRequest, state: State, bank: str = "", find: str = ""
) -> Response[str]:
    found: list[customers.Customer] = []
    refusal: QianbaoError | None = None
    if bank:
        try:
            directory.get_bank(bank)
            async with state.pool.connection() as conn:
                found = await customers.find(conn, bank, **_sought(find))
        except directory.BankUnknown as error:
            refusal = error
    return _page(
        request,
        "counter.html",
        banks=directory.all_banks(),
        bank=bank,
        find=find[:40],
        found=found,
        searched=bool(bank) and refusal is None,
        refusal=refusal,
    )


def _sought(find: str) -> dict[str, str]:
    """A card number or a phone, whichever was typed; nothing finds everybody."""
    if not find.strip():
        return {}
    digits = "".join(character for character in find if character.isdigit())
    try:
        return {"phone": read_phone(find), "card_number": digits}
    except BankPhoneInvalid:
        return {"card_number": digits or "-"}


@get("/counter/{bank:str}/{customer_id:str}")
async def customer(
    request: PageRequest, bank: str, customer_id: str, state: State, done: bool = False
) -> Response[str]:
    return await _customer(request, state, bank, customer_id, done=done)


async def _customer(
    request: PageRequest,
    state: State,
    bank: str,
    customer_id: str,
    *,
    done: bool = False,
    typed: FormOfCustomer | None = None,
    refusal: QianbaoError | None = None,
) -> Response[Any]:
    async with state.pool.connection() as conn:
        found = await customers.get(conn, bank, customer_id)
        cards = await customers.cards_of(conn, found)
    return _page(
        request,
        "customer.html",
        bank=directory.get_bank(bank),
        customer=found,
        cards=cards,
        done=done,
        typed=typed or found,
        kinds=KINDS,
        refusal=refusal,
    )


@post("/counter/{bank:str}/{customer_id:str}")
async def correct(
    request: PageRequest,
    bank: str,
    customer_id: str,
    data: Annotated[FormOfCustomer, Body(media_type=RequestEncodingType.URL_ENCODED)],
    state: State,
) -> Response[Any]:
    try:
        _check_complete(data)
        async with state.pool.connection() as conn:
            found = await customers.get(conn, bank, customer_id)
            await customers.correct(
                conn,
                found,
                printed_name=data.printed_name,
                document_kind=data.document_kind,
                document_number=data.document_number,
                phone=read_phone(data.phone),
            )
    except InvalidInput as refusal:
        return await _customer(request, state, bank, customer_id, typed=data, refusal=refusal)
    return Redirect(
        f"/counter/{quote(bank, safe='')}/{quote(customer_id, safe='')}?done=true", status_code=303
    )


def _check_complete(data: FormOfCustomer) -> None:
    """Raises `RecordIncomplete`."""
    name = data.printed_name.strip()
    given = name and data.document_number.strip() and data.phone.strip()
    if not given or len(name) > LONGEST_NAME or data.document_kind not in KINDS:
        raise RecordIncomplete(most=LONGEST_NAME)


@get("/newcomer")
async def newcomer(request: PageRequest) -> Response[str]:
    return _newcomer(request, FormOfNewcomer())


def _newcomer(
    request: PageRequest,
    typed: FormOfNewcomer,
    made: newcomers.Newcomer | None = None,
    refusal: QianbaoError | None = None,
) -> Response[Any]:
    banks = directory.all_banks()
    return _page(request, "newcomer.html", banks=banks, made=made, typed=typed, refusal=refusal)


@post("/newcomer", status_code=200)
async def welcome_newcomer(
    request: PageRequest,
    data: Annotated[FormOfNewcomer, Body(media_type=RequestEncodingType.URL_ENCODED)],
    state: State,
) -> Response[str]:
    try:
        async with state.pool.connection() as conn:
            made = await newcomers.welcome(
                conn,
                surname=data.surname,
                given=data.given,
                document_number=data.document_number,
                phone=read_phone(data.phone),
                bank=data.bank,
                today=local_date(state.clock()),
            )
    except QianbaoError as refusal:
        return _newcomer(request, data, refusal=refusal)
    return _newcomer(request, data, made)


@get("/faults")
async def fault_page(request: PageRequest, state: State) -> Response[str]:
    async with state.pool.connection() as conn:
        present = await faults.all_faults(conn)
    return _page(
        request,
        "faults.html",
        banks=directory.all_banks(),
        present=present,
        choices=("", *faults.FAULTS),
    )


@post("/faults")
async def set_fault(
    data: Annotated[FormOfFault, Body(media_type=RequestEncodingType.URL_ENCODED)], state: State
) -> Redirect:
    wanted = next((one for one in faults.FAULTS if one == data.fault), None)
    async with state.pool.connection() as conn:
        await faults.set_fault(conn, data.bank, wanted)
    return Redirect("/faults", status_code=303)


@get("/language")
async def start_again() -> Redirect:
    """Opened by its address: there is no page to show."""
    return Redirect("/", status_code=303)


@post("/language", status_code=200)
async def switch_language(
    request: PageRequest,
    data: Annotated[FormOfPage, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """The page that answered a form, in the language that `?lang=` names."""
    language = _language(request)
    text = kept_page.in_language(_keys(request), data.page, language=language, reader="")
    return _html(request, text)


def _language(request: PageRequest) -> Language:
    asked = request.query_params.get("lang") or request.cookies.get(COOKIE)
    if asked not in ("en", "zh"):
        asked = request.headers.get("accept-language", "")[:2]
    return "zh" if asked == "zh" else "en"


def _parameters(request: PageRequest) -> dict[str, str]:
    return {key: str(value) for key, value in request.query_params.items()}


def _page(
    request: PageRequest, template: str, *, refusal: QianbaoError | None = None, **values: Any
) -> Response[Any]:
    def draw(language: Language, kept: str) -> str:
        return _templates.get_template(template).render(
            t=lambda key: word(key, language),
            language=language,
            kept=kept,
            switch="?" + urlencode(_parameters(request) | {"lang": _OTHER[language]}),
            other=_OTHER[language],
            name=lambda bank: bank.zh if language == "zh" else bank.en,
            sender=lambda code: _sender(code, language),
            codes=lambda text: list(dict.fromkeys(_CODE.findall(text))),
            refusal=refusal,
            show=show,
            local=lambda moment: moment.astimezone(OPERATOR_ZONE).strftime("%Y-%m-%d %H:%M:%S"),
            **values,
        )

    answers_form = request.method not in ("GET", "HEAD")
    kept = kept_page.sealed(_keys(request), draw, reader="") if answers_form else ""
    return _html(request, draw(_language(request), kept), refusal.status if refusal else 200)


def _html(request: PageRequest, text: str, status: int = 200) -> Response[Any]:
    page: Response[Any] = Response(
        text, media_type="text/html", headers={"Cache-Control": "no-store"}, status_code=status
    )
    if request.query_params.get("lang") in ("en", "zh"):
        page.set_cookie(COOKIE, _language(request), samesite="lax", httponly=True)
    return page


def _keys(request: PageRequest) -> KeyRing:
    keys: KeyRing = request.app.state.page_keys
    return keys


def _sender(code: str, language: Language) -> str:
    """Who sent a text, as people call them: a bank by its name."""
    known = {bank.code: bank for bank in directory.all_banks()}
    return known[code].label[language] if code in known else code


HANDLERS = [
    index, phone_index, phone, counter, customer, correct, newcomer, welcome_newcomer, fault_page,
    set_fault, start_again, switch_language,
]  # fmt: skip
