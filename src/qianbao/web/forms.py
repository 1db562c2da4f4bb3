"""What was typed into a form, read once, bounded, and kept for showing the form again.

Here belongs reading; what a value means is the verb's to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import urlencode

from qianbao.errors import InvalidInput, QianbaoError
from qianbao.ids import new_id
from qianbao.web.visit import Asked, FormUnreadable, of

Form = Mapping[str, str]

BODY_BYTES = 64_000
"""The largest form that is read."""
NEVER_KEPT = frozenset({"pin", "code", "card_number"})
"""Fields that are asked again rather than sent back to the screen."""


class FieldTooLong(InvalidInput):
    code = "field_too_long"
    en = "One of the fields is longer than {most} characters."
    zh = "有一项内容超过 {most} 个字符。"
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
            raise FieldTooLong(most=longest)
        fields[name] = value.strip().replace("\x00", "")
    return fields


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


def address(path: str, **query: str) -> str:
    """A path with those of the query's values that are not empty."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path
