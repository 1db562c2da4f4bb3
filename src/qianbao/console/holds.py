"""Legal holds: entered, approved, and lifted after a page that says what will happen."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from qianbao.console.access import who
from qianbao.console.render import Asked, page
from qianbao.ids import new_id
from qianbao.rollouts import oversight
from qianbao.wallets.cases import open_cases_of
from qianbao.wallets.holds import LegalHoldUnknown, list_legal_holds


class HoldForm(msgspec.Struct):
    reference: str


HoldData = Annotated[HoldForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/wallets/{wallet_id:str}/legal-holds")
async def enter_hold(request: Asked, wallet_id: FromPath[str], data: HoldData) -> Redirect:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        await oversight.enter_hold(
            conn,
            wallet_id=wallet_id,
            legal_hold_id=new_id("leg", now),
            reference=data.reference,
            operator=who(request),
            now=now,
        )
    return _back_to(wallet_id)


@post("/wallets/{wallet_id:str}/legal-holds/{hold_id:str}/approval")
async def approve_hold(
    request: Asked, wallet_id: FromPath[str], hold_id: FromPath[str]
) -> Redirect:
    return await _step(request, "approve", wallet_id, hold_id)


@post("/wallets/{wallet_id:str}/legal-holds/{hold_id:str}/withdrawal")
async def withdraw_hold(
    request: Asked, wallet_id: FromPath[str], hold_id: FromPath[str]
) -> Redirect:
    return await _step(request, "withdraw", wallet_id, hold_id)


@get("/wallets/{wallet_id:str}/legal-holds/{hold_id:str}/lifting")
async def lifting_page(
    request: Asked, wallet_id: FromPath[str], hold_id: FromPath[str]
) -> Response[Any]:
    """What lifting does, before anybody proposes it or agrees to it."""
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        wallet = await oversight.look_at(conn, wallet_id=wallet_id, operator=who(request), now=now)
        holds = await list_legal_holds(conn, wallet_id)
        cases = await open_cases_of(conn, wallet_id)
    standing = [each for each in holds if each.approved_at and not each.lifted_at]
    hold = next((each for each in standing if each.legal_hold_id == hold_id), None)
    if hold is None:
        raise LegalHoldUnknown
    return page(
        request,
        "lifting.html",
        wallet=wallet,
        hold=hold,
        others=len(standing) - 1,
        case=next((each for each in cases if each.legal_hold_id == hold_id), None),
    )


@post("/wallets/{wallet_id:str}/legal-holds/{hold_id:str}/lifting/proposal")
async def propose_lift(
    request: Asked, wallet_id: FromPath[str], hold_id: FromPath[str]
) -> Redirect:
    return await _step(request, "propose_lift", wallet_id, hold_id)


@post("/wallets/{wallet_id:str}/legal-holds/{hold_id:str}/lifting/refusal")
async def keep_hold(request: Asked, wallet_id: FromPath[str], hold_id: FromPath[str]) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await oversight.keep_hold(
            conn,
            wallet_id=wallet_id,
            legal_hold_id=hold_id,
            operator=who(request),
            now=services.clock(),
        )
    return _back_to(wallet_id)


@post("/wallets/{wallet_id:str}/legal-holds/{hold_id:str}/lifting")
async def lift_hold(request: Asked, wallet_id: FromPath[str], hold_id: FromPath[str]) -> Redirect:
    return await _step(request, "lift", wallet_id, hold_id)


async def _step(request: Asked, step: oversight.HoldStep, wallet_id: str, hold_id: str) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await oversight.step_hold(
            conn,
            step,
            wallet_id=wallet_id,
            legal_hold_id=hold_id,
            operator=who(request),
            now=services.clock(),
        )
    return _back_to(wallet_id)


def _back_to(wallet_id: str) -> Redirect:
    return Redirect(f"/console/wallets/{wallet_id}#holds", status_code=303)


ROUTES = (
    enter_hold,
    approve_hold,
    withdraw_hold,
    lifting_page,
    propose_lift,
    keep_hold,
    lift_hold,
)
