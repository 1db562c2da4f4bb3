"""Cases: what holders wrote and nobody has answered yet."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from qianbao.console.access import who
from qianbao.console.render import Asked, page
from qianbao.rollouts import oversight
from qianbao.wallets.cases import list_open_cases


class AnswerForm(msgspec.Struct):
    answer: str


AnswerData = Annotated[AnswerForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/cases")
async def case_list(request: Asked) -> Response[Any]:
    async with request.app.state.services.pool.connection() as conn:
        cases = await list_open_cases(conn)
    return page(request, "cases.html", cases=cases)


@post("/cases/{wallet_id:str}/{case_id:str}/answer")
async def answer_case(
    request: Asked, wallet_id: FromPath[str], case_id: FromPath[str], data: AnswerData
) -> Redirect:
    services = request.app.state.services
    async with services.pool.connection() as conn:
        await oversight.answer_case(
            conn,
            wallet_id=wallet_id,
            case_id=case_id,
            answer=data.answer,
            operator=who(request),
            now=services.clock(),
        )
    return Redirect("/console/cases", status_code=303)
