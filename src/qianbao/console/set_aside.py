"""Setting aside the document of a wallet that no bank has confirmed."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from qianbao.console.access import who
from qianbao.console.render import Asked
from qianbao.ids import new_id
from qianbao.rollouts.set_aside import set_aside


class SetAsideForm(msgspec.Struct):
    reason: str


SetAsideData = Annotated[SetAsideForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/wallets/{wallet_id:str}/document/set-aside")
async def set_document_aside(
    request: Asked, wallet_id: FromPath[str], data: SetAsideData
) -> Redirect:
    services = request.app.state.services
    now = services.clock()
    async with services.pool.connection() as conn:
        await set_aside(
            conn,
            wallet_id=wallet_id,
            request_id=new_id("req", now),
            reason=data.reason,
            operator=who(request),
            now=now,
        )
    return Redirect(f"/console/wallets/{wallet_id}#documents", status_code=303)


ROUTES = (set_document_aside,)
