"""The advisor's page: the form, the advice for what is in the address, and names at banks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Template

from qianbao.advise.answer import Answer, answer, in_force
from qianbao.advise.asked import Answers, read_answers
from qianbao.advise.known import Wallet, wallets
from qianbao.banks.directory import Bank, all_banks, get_bank
from qianbao.clock import local_date
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity.mrz import read_mrz
from qianbao.names import LegalName, NameForm, forms, from_fields
from qianbao.services import Services

Asked = Request[Any, Any, Any]
NAME_LENGTH = 200


class AdviceFormUnreadable(InvalidInput):
    code = "advice_form_unreadable"
    status = 400
    en = "This form could not be read."
    zh = "无法识别该表单。"
    next_en = "Open the page again and type the name once more."
    next_zh = "请重新打开页面并再次填写姓名。"


class AtBank(msgspec.Struct, frozen=True):
    """How one bank would print the name: its own form first, then others."""

    bank: Bank
    forms: tuple[NameForm, ...]


@get("/")
async def advice(request: Asked) -> Response[Any]:
    """The form, and below it the advice once it has been filled in."""
    return await _page(request)


@post("/")
async def advice_with_name(request: Asked) -> Response[Any]:
    """The same with the name, which comes in the body so that no address holds it."""
    form: dict[str, str] = {}
    try:
        form = await _read_form(request)
        name = _read_name(form, _services(request).clock())
    except QianbaoError as refusal:
        return await _page(request, typed=form, refusal=refusal)
    return await _page(request, typed=form, name=name)


async def _read_form(request: Asked) -> dict[str, str]:
    """What was typed, each field cut to what a name may need. Raises `AdviceFormUnreadable`."""
    try:
        items = (await request.form()).multi_items()
    except UnicodeDecodeError:
        raise AdviceFormUnreadable() from None
    return {key: value[:NAME_LENGTH].strip() for key, value in items if isinstance(value, str)}


async def _page(
    request: Asked,
    *,
    typed: dict[str, str] | None = None,
    name: LegalName | None = None,
    refusal: QianbaoError | None = None,
) -> Response[Any]:
    query = request.query_params.dict()
    answers = read_answers(query, tuple(wallets()))
    wallet = wallets()[answers.wallet]
    asked = "wallet" in query and not answers.refusals
    told = await _answer(_services(request), wallet, answers) if asked else None
    status = 422 if answers.refusals else 200
    return Template(
        template_name="advise.html",
        context={
            "answers": answers,
            "wallet": wallet,
            "wallet_choices": list(wallets().items()),
            "bank_choices": [(bank.code, bank.label) for bank in all_banks()],
            "told": told,
            "at_banks": _at_banks(name, (*answers.linked, *answers.others)) if name else (),
            "typed": {"mrz": "", "surname": "", "given": "", "native": ""} | (typed or {}),
            "refusal": refusal,
            "query": str(request.url.query),
        },
        status_code=refusal.status if refusal else status,
    )


async def _answer(services: Services, wallet: Wallet, answers: Answers) -> Answer:
    """What the same decision and planner say that holders of this wallet are told by."""
    now = services.clock()
    async with services.pool.connection() as conn:
        own = await services.policies.current(conn)
    # The search takes a while, and others must be served meanwhile.
    return await asyncio.to_thread(
        answer, in_force(wallet, own), services.settings, wallet, answers, now
    )


def _read_name(form: dict[str, str], now: datetime) -> LegalName:
    """The name from the machine-readable lines, or from what was typed. Raises what those raise."""
    if form.get("mrz"):
        return read_mrz(form["mrz"], local_date(now)).name
    return from_fields(form.get("surname", ""), form.get("given", ""), form.get("native", ""))


def _at_banks(name: LegalName, chosen: Sequence[str]) -> list[AtBank]:
    """The chosen banks, or all of which something is known."""
    banks = [get_bank(code) for code in dict.fromkeys(chosen)] or [
        bank for bank in all_banks() if bank.name.confidence != "assumed"
    ]
    return [AtBank(bank, forms(name, bank.name)) for bank in banks]


def _services(request: Asked) -> Services:
    services: Services = request.app.state.services
    return services
