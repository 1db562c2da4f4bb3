"""Changes of name of one wallet: proposed with what was seen, approved by another, withdrawn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import msgspec
from litestar import post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from qianbao.console.access import who
from qianbao.console.render import Asked
from qianbao.ids import new_id
from qianbao.rollouts import name_changes


class NameChangeForm(msgspec.Struct):
    reason: str


NameChangeData = Annotated[NameChangeForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/wallets/{wallet_id:str}/name-changes")
async def propose_name_change(
    request: Asked, wallet_id: FromPath[str], data: NameChangeData
) -> Redirect:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        await name_changes.propose(
            conn,
            wallet_id=wallet_id,
            name_change_id=new_id("chn", now),
            reason=data.reason,
            operator=who(request),
            now=now,
        )
    return _back_to(wallet_id)


@post("/wallets/{wallet_id:str}/name-changes/{name_change_id:str}/approval")
async def approve_name_change(
    request: Asked, wallet_id: FromPath[str], name_change_id: FromPath[str]
) -> Redirect:
    settings = request.app.state.services.settings
    approve = partial(name_changes.approve, days=settings.name_change_days)
    return await _settle(request, approve, wallet_id, name_change_id)


@post("/wallets/{wallet_id:str}/name-changes/{name_change_id:str}/withdrawal")
async def withdraw_name_change(
    request: Asked, wallet_id: FromPath[str], name_change_id: FromPath[str]
) -> Redirect:
    return await _settle(request, name_changes.withdraw, wallet_id, name_change_id)


async def _settle(
    request: Asked, verb: Callable[..., Awaitable[object]], wallet_id: str, name_change_id: str
) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await verb(
            conn,
            wallet_id=wallet_id,
            name_change_id=name_change_id,
            operator=who(request),
            now=services.clock(),
        )
    return _back_to(wallet_id)


def _back_to(wallet_id: str) -> Redirect:
    return Redirect(f"/console/wallets/{wallet_id}#name-changes", status_code=303)


ROUTES = (propose_name_change, approve_name_change, withdraw_name_change)
