"""Exemptions of one wallet: proposed with a reason, approved by another operator, withdrawn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated

import msgspec
from litestar import post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from qianbao.console.access import who
from qianbao.console.render import Asked
from qianbao.ids import new_id
from qianbao.rollouts import exemptions


class ExemptionForm(msgspec.Struct):
    policy: str
    until: date
    reason: str


ExemptionData = Annotated[ExemptionForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/wallets/{wallet_id:str}/exemptions")
async def propose_exemption(
    request: Asked, wallet_id: FromPath[str], data: ExemptionData
) -> Redirect:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        await exemptions.propose(
            conn,
            wallet_id=wallet_id,
            exemption_id=new_id("exm", now),
            policy=data.policy,
            until=data.until,
            reason=data.reason,
            operator=who(request),
            now=now,
        )
    return _back_to(wallet_id)


@post("/wallets/{wallet_id:str}/exemptions/{exemption_id:str}/approval")
async def approve_exemption(
    request: Asked, wallet_id: FromPath[str], exemption_id: FromPath[str]
) -> Redirect:
    return await _settle(request, exemptions.approve, wallet_id, exemption_id)


@post("/wallets/{wallet_id:str}/exemptions/{exemption_id:str}/withdrawal")
async def withdraw_exemption(
    request: Asked, wallet_id: FromPath[str], exemption_id: FromPath[str]
) -> Redirect:
    return await _settle(request, exemptions.withdraw, wallet_id, exemption_id)


async def _settle(
    request: Asked, verb: Callable[..., Awaitable[object]], wallet_id: str, exemption_id: str
) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await verb(
            conn,
            wallet_id=wallet_id,
            exemption_id=exemption_id,
            operator=who(request),
            now=services.clock(),
        )
    return _back_to(wallet_id)


def _back_to(wallet_id: str) -> Redirect:
    return Redirect(f"/console/wallets/{wallet_id}#exemptions", status_code=303)


ROUTES = (propose_exemption, approve_exemption, withdraw_exemption)
