"""What was typed into a form, read once, bounded, and kept for showing the form again.

Here belongs reading; what a value means is the verb's to say.
"""

from __future__ import annotations

from collections.abc import Mapping

from qianbao.errors import InvalidInput
from qianbao.web.visit import Asked

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
    """The form's fields, stripped. Raises `FieldTooLong`; a file or a missing field is just not
    there (`field` gives "")."""
    fields = {}
    for name, value in (await request.form()).multi_items():
        if not isinstance(value, str):
            continue
        if len(value) > longest:
            raise FieldTooLong(most=longest)
        fields[name] = value.strip().replace("\x00", "")
    return fields


def field(form: Form, name: str) -> str:
    """What was typed into `name`, or ""."""
    return form.get(name, "")


def kept(form: Form) -> dict[str, str]:
    """What may be shown again: everything but PINs, codes and card numbers."""
    return {name: value for name, value in form.items() if name not in NEVER_KEPT}
