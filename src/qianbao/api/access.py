"""Who is asking: a holder's session, a merchant's key, an operator's session; and the caller's key.

Each door names in its signature whom it serves (`holder`, `merchant`, `operator`), so no route can
forget its permission; a house test checks that every route but the listed open ones names one.
"""

from __future__ import annotations

import re
from typing import Any

from litestar import Request

from qianbao.errors import InvalidInput, QianbaoError
from qianbao.payments.merchants import Merchant, merchant_by_key
from qianbao.rollouts.operators import Operator
from qianbao.rollouts.operators import find_session as find_operator
from qianbao.services import Services
from qianbao.wallets.sessions import Session, find_session

Asked = Request[Any, Any, Any]

_KEY = re.compile(r"^[\x21-\x7e]{1,128}$")


class TokenMissing(QianbaoError):
    code = "token_missing"
    status = 401
    en = "This needs a token: Authorization: Bearer …"
    zh = "需要提供令牌：Authorization: Bearer …"
    next_en = "Sign in, and send the token you are given."
    next_zh = "请先登录，并附上获得的令牌。"


class IdempotencyKeyMissing(InvalidInput):
    code = "idempotency_key_missing"
    status = 400
    en = "This request needs an Idempotency-Key header of 1 to 128 visible ASCII characters."
    zh = "该请求需要 Idempotency-Key 头，长度 1 至 128 个可见 ASCII 字符。"
    next_en = "Send a fresh random key; to repeat the request, send the same key."
    next_zh = "请附上新的随机键；重复同一请求时使用相同的键。"


def services(request: Asked) -> Services:
    """The process's services."""
    found: Services = request.app.state.services
    return found


def bearer(request: Asked) -> str:
    """The token of the request. Raises `TokenMissing`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissing()
    return token.strip()[:200]


async def provide_holder(request: Asked) -> Session:
    """The holder whose session this is."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await find_session(conn, token=bearer(request), now=own.now(), settings=own.settings)


async def provide_merchant(request: Asked) -> Merchant:
    """The merchant whose key this is."""
    async with services(request).pool.connection() as conn:
        return await merchant_by_key(conn, api_key=bearer(request))


async def provide_operator(request: Asked) -> Operator:
    """The operator whose session this is."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await find_operator(conn, token=bearer(request), now=own.now())


async def provide_key(request: Asked) -> str:
    """The caller's key. Raises `IdempotencyKeyMissing`."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.match(key):
        raise IdempotencyKeyMissing()
    return key
