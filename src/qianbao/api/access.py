"""Who is asking: a holder's session, a merchant's key, an operator's session; and the caller's key.

Each door names in its signature whom it serves (`holder`, `merchant`, `operator`), so no route can
forget its permission; a house test checks that every route but the listed open ones names one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException
from litestar.params import HeaderParameter, QueryParameter

from qianbao.api.validation import BadRequest
from qianbao.client_address import client_address
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.payments.merchants import Merchant, merchant_by_key
from qianbao.rollouts.operators import Operator
from qianbao.rollouts.operators import find_session as find_operator
from qianbao.services import Services
from qianbao.wallets.sessions import Session, find_session

Asked = Request[Any, Any, Any]

_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_SURROGATE = re.compile("[\ud800-\udfff]")

Key = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        required=True,
        description="A fresh random key for each request; the same key repeats the same request.",
    ),
]

# Litestar checks its own bounds of a query, not msgspec's.
Limit = Annotated[
    int, QueryParameter(ge=1, le=200, description="How many at most; 50 unless said.")
]
After = Annotated[
    str | None,
    QueryParameter(
        max_length=4000,
        description="Where to go on: `next` of the page before, as it was given. Without it, from "
        "the beginning.",
    ),
]


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


def asked_from(request: Asked) -> str:
    """The network that asks; empty when that is not known."""
    peer = request.client.host if request.client else ""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return client_address(peer, forwarded, services(request).settings.proxies)


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


async def check_text(request: Asked) -> None:
    """Runs before every route. Raises `BadRequest` for a body that is no JSON or not there, and for
    text that PostgreSQL cannot hold; `ValidationException` for a member that only looks like its
    type."""
    body = (await request.body()).strip()
    data = request.route_handler.parsed_fn_signature.parameters.get("data")
    words = [request.scope["path"], *request.query_params.values()]
    wanted = None if data is None else data.annotation
    # JSON can hold such text only as an escape; nearly every body has none, and is what it should.
    plain = body and b"\\u" not in body and wanted is not None and _fits(body, wanted)
    sent = None if plain or not body else _read(body)
    if not body and data is not None and data.is_required:
        raise BadRequest(
            reason="it needs a body, a JSON object", reason_zh="需要 JSON 格式的请求体"
        )
    if any("\x00" in word or _SURROGATE.search(word) for word in [*words, *_texts(sent)]):
        raise BadRequest(
            reason="there is a character in it that is no text", reason_zh="含有无效字符"
        )
    if body and not plain and wanted is not None:
        _check_types(body, wanted, sent)


def _fits(body: bytes, wanted: Any) -> bool:
    try:
        msgspec.json.decode(body, type=wanted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _read(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = type(error).__name__
        raise BadRequest(
            reason=f"the body is not JSON ({why})", reason_zh=f"内容不是 JSON（{why}）"
        ) from None


def _check_types(body: bytes, wanted: Any, sent: Any) -> None:
    """Litestar reads a body as leniently as a query: "12" where a number belongs, 1 for true. What
    it refuses itself is left to it, for by then it knows who asks."""
    try:
        msgspec.json.decode(body, type=wanted)
    except msgspec.ValidationError as error:
        try:
            msgspec.convert(sent, wanted, strict=False)
        except msgspec.ValidationError:
            return
        message, _, place = str(error).partition(" - at `$")
        fault = {"key": place.strip(".`"), "message": message}
        raise ValidationException(message, extra=[fault]) from None


def _texts(sent: Any) -> Iterator[str]:
    """Every string in a JSON value, names of members included."""
    waiting = [sent]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case dict() as members:
                yield from members
                waiting += members.values()
            case list() as items:
                waiting += items


async def provide_holder(request: Asked) -> Session:
    """The holder whose session this is."""
    own = services(request)
    return await find_session(
        own.look_ups.find, token=bearer(request), now=own.now(), settings=own.settings
    )


async def provide_merchant(request: Asked) -> Merchant:
    """The merchant whose key this is."""
    return await merchant_by_key(services(request).look_ups.find, api_key=bearer(request))


async def provide_operator(request: Asked) -> Operator:
    """The operator whose session this is."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await find_operator(conn, token=bearer(request), now=own.now())


# A route's key is read after who asks is known: first comes who may not ask at all, and two things
# read at once would be two tasks of the event loop.


async def key_of_merchant(merchant: Merchant, idempotency_key: Key = "") -> str:
    """The merchant's key. Raises `IdempotencyKeyMissing`."""
    return check_key(idempotency_key)


async def key_of_holder(holder: Session, idempotency_key: Key = "") -> str:
    """The holder's key. Raises `IdempotencyKeyMissing`."""
    return check_key(idempotency_key)


async def key_of_anybody(idempotency_key: Key = "") -> str:
    """The caller's key. Raises `IdempotencyKeyMissing`."""
    return check_key(idempotency_key)


def check_key(idempotency_key: str) -> str:
    """The key itself. Raises `IdempotencyKeyMissing`."""
    if not _KEY.fullmatch(idempotency_key):
        raise IdempotencyKeyMissing()
    return idempotency_key
