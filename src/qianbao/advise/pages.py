"""The advisor's page: the form, the advice for what is in the address, and names at banks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Template

from qianbao.advise.asked import Answers, read_answers, situation
from qianbao.advise.known import Wallet, Words, wallets
from qianbao.banks.directory import Bank, all_banks, get_bank
from qianbao.clock import local_date
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity.mrz import read_mrz
from qianbao.names import LegalName, NameForm, forms, from_fields
from qianbao.policy.policies import Policy, load_pack
from qianbao.services import Services
from qianbao.settings import Settings
from qianbao.wallets.standing import Standing, judge

Asked = Request[Any, Any, Any]
NAME_LENGTH = 200
SHORT_CODE = 5


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
    standing = await _judge(_services(request), wallet, answers) if "wallet" in query else None
    return Template(
        template_name="advise.html",
        context={
            "answers": answers,
            "wallet": wallet,
            "wallet_choices": list(wallets().items()),
            "bank_choices": [(bank.code, _short(bank)) for bank in all_banks()],
            "standing": standing,
            "at_banks": _at_banks(name, (*answers.linked, *answers.others)) if name else (),
            "typed": {"mrz": "", "surname": "", "given": "", "native": ""} | (typed or {}),
            "refusal": refusal,
            "query": str(request.url.query),
        },
        status_code=refusal.status if refusal else 200,
    )


async def _judge(services: Services, wallet: Wallet, answers: Answers) -> Standing:
    """What the same decision and planner say that holders of this wallet are told by."""
    now = services.clock()
    async with services.pool.connection() as conn:
        own = await services.policies.current(conn)
    policies = in_force(wallet, own)
    return await asyncio.to_thread(_decided, policies, services.settings, answers, now)


def _decided(
    policies: tuple[Policy, ...], settings: Settings, answers: Answers, now: datetime
) -> Standing:
    return judge(policies, settings, situation(answers, now), now)


def in_force(wallet: Wallet, own: tuple[Policy, ...]) -> tuple[Policy, ...]:
    """The policies to advise by: this wallet's own with their dates; another wallet's as already in
    force for everybody, since that is what somebody who is locked out has met."""
    if not wallet.rules:
        return own
    return tuple(
        msgspec.structs.replace(policy, timeline=None, enforced_percent=100)
        for policy in load_pack()
        if policy.name in wallet.rules
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


def _short(bank: Bank) -> Words:
    """A bank on a button: by its letters, where people know it by them."""
    return Words(bank.code if len(bank.code) <= SHORT_CODE else bank.en, bank.zh)


def _services(request: Asked) -> Services:
    services: Services = request.app.state.services
    return services
