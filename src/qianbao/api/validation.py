"""What is wrong with a request's fields, in both languages: the words of msgspec, put plainly.

Here belongs the translation only; what a field must be is said by its struct.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar.exceptions import ValidationException

from qianbao.errors import InvalidInput

_MOST_FIELDS = 20
_TYPES = {
    "str": ("text", "文本"),
    "int": ("a whole number", "整数"),
    "float": ("a number", "数字"),
    "bool": ("true or false", "true 或 false"),
    "array": ("a list", "列表"),
    "object": ("an object", "对象"),
    "date": ("a date", "日期"),
    "datetime": ("a moment", "时间"),
    "null": ("null", "null"),
}
_PATTERNS = (
    (r"Expected `str` of length <= (\d+)", "has at most {} characters", "最多 {} 个字符"),
    (r"Expected `str` of length >= (\d+)", "has at least {} characters", "至少 {} 个字符"),
    (r"Expected `str` matching regex .*", "is not written as it must be", "格式不正确"),
    (r"Expected `(?:int|float)` <= (-?\d+)", "is at most {}", "最大为 {}"),
    (r"Expected `(?:int|float)` >= (-?\d+)", "is at least {}", "最小为 {}"),
    (r"Object missing required field `(\w+)`", "is missing", "缺少该字段"),
    (r"Object contains unknown field `([^`]*)`", "is not known here", "未知字段"),
    (r"Invalid enum value (.+)", "cannot be {}", "不能为 {}"),
    (r"Invalid RFC3339 encoded \w+", "is not a date or moment", "不是有效的日期或时间"),
)


class BadRequest(InvalidInput):
    code = "bad_request"
    status = 400
    en = "The request could not be read: {reason}."
    zh = "无法读取请求：{reason_zh}。"
    next_en = "Compare it with the API's description at /schema."
    next_zh = "请对照 /schema 的接口说明修改。"


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with one field; empty for the body as a whole."""

    field: str
    en: str
    zh: str


def bad_request(error: ValidationException) -> BadRequest:
    """Names every field that is wrong: in its sentence, and in `values.fields` for programs."""
    extra = error.extra if isinstance(error.extra, list) else []
    items = [item for item in extra if isinstance(item, dict)][:_MOST_FIELDS]
    faults = [_fault(item) for item in items]
    if not faults:
        reason = str(error.detail)[:200]
        return BadRequest(reason=reason, reason_zh=reason)
    return BadRequest(
        reason="; ".join(f"{fault.field} {fault.en}".strip() for fault in faults),
        reason_zh="；".join(f"{fault.field} {fault.zh}".strip() for fault in faults),
        fields=faults,
    )


def _fault(item: dict[str, Any]) -> Fault:
    field, message = str(item.get("key", "")), str(item.get("message", ""))[:200]
    field = "" if field == "data" else field
    for pattern, en, zh in _PATTERNS:
        found = re.fullmatch(pattern, message)
        if found is None:
            continue
        if "field" in pattern:
            field = ".".join(filter(None, [field, found.group(1)]))
        words = found.groups()
        return Fault(field, en.format(*words), zh.format(*words))
    found = re.fullmatch(r"Expected `([^`]+)`(?:, got `([^`]+)`)?", message)
    if found is None:
        return Fault(field, message, message)
    wanted = [_TYPES.get(kind, (kind, kind)) for kind in found.group(1).split(" | ")]
    en = " or ".join(kind[0] for kind in wanted)
    zh = "或".join(kind[1] for kind in wanted)
    return Fault(field, f"must be {en}", f"须为{zh}")
