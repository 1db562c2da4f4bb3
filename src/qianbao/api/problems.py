"""Errors as RFC 9457 problem documents. The one table of errors decides code and status."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotAuthorizedException, ValidationException
from psycopg_pool import PoolTimeout

from qianbao.api.validation import BadRequest, bad_request
from qianbao.errors import QianbaoError
from qianbao.leaving.close import ClosingBlocked
from qianbao.payments.errors import BlockedByPolicy, StepUpRequired
from qianbao.policy.asking import Factor

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


class NoSuchRoute(QianbaoError):
    code = "no_such_route"
    status = 404
    en = "There is nothing at this address."
    zh = "该地址没有内容。"
    next_en = "See /schema for what there is."
    next_zh = "请在 /schema 查看可用接口。"


class MethodUnsupported(QianbaoError):
    code = "method_unsupported"
    status = 405
    en = "This address does not answer to that method."
    zh = "该地址不支持此方法。"
    next_en = "See /schema for what it answers to."
    next_zh = "请在 /schema 查看支持的方法。"


class BodyTooLarge(QianbaoError):
    code = "body_too_large"
    status = 413
    en = "The request is larger than is taken here."
    zh = "请求内容过大。"
    next_en = "Send less at once."
    next_zh = "请减少内容后重新发送。"


class DatabaseAway(QianbaoError):
    code = "database_away"
    status = 503
    retry = True
    en = "The wallet cannot reach its database at the moment."
    zh = "钱包暂时无法连接数据库。"
    next_en = "Try again in a moment, with the same key."
    next_zh = "请稍后用同一个键重试。"


class Unexpected(QianbaoError):
    code = "unexpected"
    status = 500
    retry = True
    en = "Something went wrong on our side; it has been recorded."
    zh = "我们这边出了问题，已记录。"
    next_en = "Try again with the same key; if it stays, open a case."
    next_zh = "请用同一个键重试；如仍然出现，请提交工单。"


class StepUp(msgspec.Struct, frozen=True):
    """A request that waits for more proof, and how to bring it."""

    step_up_id: str
    factors: tuple[Factor, ...]
    send_code: str
    expires_at: datetime


class Problem(msgspec.Struct, omit_defaults=True):
    """Why nothing happened (RFC 9457): for programs, and in two languages for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    sentence: dict[str, str]
    next_step: dict[str, str]
    retry: bool
    values: dict[str, Any] = {}
    blockers: list[Any] | None = None
    ways_out: list[Any] | None = None
    asks: list[Any] | None = None
    step_up: StepUp | None = None


def problem(error: QianbaoError) -> Problem:
    """The document of one error."""
    found = unfilled(type(error))
    found.detail = error.sentence("en")
    found.sentence = {"en": error.sentence("en"), "zh": error.sentence("zh")}
    found.next_step = {"en": error.next_step("en"), "zh": error.next_step("zh")}
    found.values = error.detail
    if isinstance(error, BlockedByPolicy):
        found.blockers = list(error.decision.reasons)
        found.ways_out = list(error.ways_out)
        found.asks = list(error.decision.asks) or None
    if isinstance(error, StepUpRequired):
        found.asks = list(error.decision.asks)
        found.step_up = StepUp(
            error.step_up_id,
            error.decision.factors,
            f"/v1/step-ups/{error.step_up_id}/codes",
            error.expires_at,
        )
    if isinstance(error, ClosingBlocked):
        found.blockers = list(error.blockers)
    return found


def unfilled(error: type[QianbaoError]) -> Problem:
    """The document of an error whose words are not filled in."""
    return Problem(
        type=f"/errors/{error.code}",
        title=error.code.replace("_", " ").capitalize(),
        status=error.status,
        code=error.code,
        detail=error.en,
        sentence={"en": error.en, "zh": error.zh},
        next_step={"en": error.next_en, "zh": error.next_zh},
        retry=error.retry,
    )


def known(error: Exception) -> QianbaoError:
    """Whatever was raised, as an error of ours; what nobody foresaw is logged."""
    match error:
        case QianbaoError():
            return error
        case ValidationException():
            return bad_request(error)
        case HTTPException(status_code=404):
            return NoSuchRoute()
        case HTTPException(status_code=405):
            return MethodUnsupported()
        case HTTPException(status_code=413):
            return BodyTooLarge()
        case HTTPException() if error.status_code < 500:
            reason = str(error.detail)[:200]
            return BadRequest(reason=reason, reason_zh=reason)
        case PoolTimeout() | psycopg.OperationalError():
            return DatabaseAway()
    log.exception("unexpected", exc_info=error)
    return Unexpected()


def as_response(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Litestar's exception handler for the API."""
    found = problem(known(error))
    headers = {}
    left_seconds = found.values.get("left_seconds", 1 if found.status == 503 else None)
    if left_seconds is not None:
        headers["Retry-After"] = str(left_seconds)
    if found.status == 401 or isinstance(error, NotAuthorizedException):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(found, status_code=found.status, media_type=MEDIA_TYPE, headers=headers)
