"""What was typed into a form, read once, bounded, and kept for showing the form again.

Here belongs reading; what a value means is the verb's to say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import urlencode

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from qianbao.errors import InvalidInput, QianbaoError
from qianbao.ids import new_id
from qianbao.web.i18n import Text
from qianbao.web.visit import Asked, FormUnreadable, of

Form = Mapping[str, str]

_TAIL = re.compile(r"[0-9]{4}", re.ASCII)

BODY_BYTES = 64_000
"""The largest form that is read."""
FILE_BODY_BYTES = 200_000_000
"""The largest form with a file that is taken in, so as to be told what is wrong with it; beyond
this the line is cut."""
FILE_PARTS = 8
NEVER_KEPT = frozenset({"pin", "pin_again", "new_pin", "new_pin_again", "code", "card_number"})
"""Fields that are asked again rather than sent back to the screen."""

FIELD_WORDS = {
    "occupation": Text("Occupation", "职业"),
    "address": Text("Address", "住址"),
    "amount": Text("Amount", "金额"),
    "body": Text("What happened", "情况说明"),
    "card_number": Text("Card number", "卡号"),
    "code": Text("Code from the text message", "短信验证码"),
    "code_text": Text("Address or numbers of the code", "二维码的网址或编号"),
    "day": Text("Date", "日期"),
    "document_number": Text("Document number", "证件号码"),
    "given": Text("Given names", "名"),
    "mrz": Text("Machine-readable lines", "机读码"),
    "name_typed": Text("Exactly as the bank prints it", "银行登记的写法"),
    "native": Text("Name in Chinese", "中文姓名"),
    "new_pin": Text("New payment PIN", "新支付密码"),
    "new_pin_again": Text("New payment PIN, again", "再次输入新支付密码"),
    "note": Text("Note", "备注"),
    "photo": Text("Photo of the page", "证件资料页照片"),
    "number": Text("Document number", "证件号码"),
    "phone": Text("Phone number", "手机号"),
    "pin": Text("Payment PIN", "支付密码"),
    "pin_again": Text("Payment PIN, again", "再次输入支付密码"),
    "reason": Text("Why you are leaving", "离开的原因"),
    "subject": Text("Subject", "主题"),
    "surname": Text("Surname", "姓"),
    "valid_until": Text("Valid until", "有效期至"),
}
"""What the fields that people fill in are called; a test holds it against the templates."""


class FieldTooLong(InvalidInput):
    code = "field_too_long"
    en = "“{field_en}” has {length} characters; it can have {most}."
    zh = "“{field_zh}”有 {length} 个字符，最多 {most} 个。"
    next_en = "Shorten it and send the form again."
    next_zh = "请缩短后重新提交。"


async def read(request: Asked, *, longest: int = 200) -> Form:
    """The form's fields, stripped. Raises `FieldTooLong` or `FormUnreadable`; a file or a missing
    field is just not there (`field` gives "")."""
    fields = {}
    try:
        items = (await request.form()).multi_items()
    except UnicodeDecodeError:
        raise FormUnreadable() from None
    for name, value in items:
        if not isinstance(value, str):
            continue
        if len(value) > longest:
            words = FIELD_WORDS.get(name, Text(name[:40], name[:40]))
            raise FieldTooLong(
                field_en=words.en, field_zh=words.zh, length=len(value), most=longest
            )
        fields[name] = value.strip().replace("\x00", "")
    return fields


async def read_file(request: Asked, name: str, *, most_bytes: int) -> bytes | None:
    """The file sent as `name`; b"" when none was chosen, None when it is larger than `most_bytes`.
    It is taken in whole before anything is answered, a browser that is still sending would not see
    the answer; kept in memory alone, and of what is too large nothing. Raises `FormUnreadable`."""
    boundary = request.content_type[1].get("boundary", "")
    parts: list[bytes] = []
    size, wanted = 0, False
    try:
        with PushMultipartParser(boundary, max_segment_count=FILE_PARTS) as parser:
            async for chunk in request.stream():
                for part in parser.parse(chunk):
                    if isinstance(part, MultipartSegment):
                        wanted = part.name == name
                    elif part and wanted:
                        size += len(part)
                        if size <= most_bytes:
                            parts.append(bytes(part))
                        else:
                            parts.clear()
    except (MultipartError, ValueError):
        raise FormUnreadable() from None
    return b"".join(parts) if size <= most_bytes else None


def field(form: Form, name: str) -> str:
    """What was typed into `name`, or ""."""
    return form.get(name, "")


def kept(form: Form) -> Mapping[str, str]:
    """What may be shown again: everything but PINs, codes and card numbers. A field that was not
    sent is empty."""
    again = {name: value for name, value in form.items() if name not in NEVER_KEPT}
    return defaultdict(str, again)


def own_id(request: Asked, prefix: str, form: Form, name: str, refusal: QianbaoError | None) -> str:
    """The hidden id that makes a form do its thing once. A fresh one each time the form is shown;
    the same one again when the same request may yet succeed (a bank's silence, a lost answer)."""
    if refusal is not None and refusal.retry and field(form, name):
        return field(form, name)
    return new_id(prefix, of(request).now)


def tail_of(form: Form) -> str:
    """The phone's last four digits, as a page hands them on for show."""
    tail = form.get("tail", "")
    return tail if _TAIL.fullmatch(tail) else ""


def address(path: str, **query: str) -> str:
    """A path with those of the query's values that are not empty."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path
