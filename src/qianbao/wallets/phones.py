"""Phone numbers: what somebody typed, as the one form that is stored and compared."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from qianbao.banks.phones import is_written_as_phone
from qianbao.errors import InvalidInput

_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class PhoneInvalid(InvalidInput):
    code = "phone_invalid"
    en = "This is not a mobile phone number."
    zh = "这不是有效的手机号码。"
    next_en = "Write it with the country's code, like +49 151 23456789; +86 may be left out."
    next_zh = "请填写带国家或地区代码的号码，例如 +49 151 23456789；+86 可以省略。"


def read_phone(text: str, default_region: str = "CN") -> str:
    """`text` as E.164 (`+8613800138000`). Only numbers that can be mobiles pass: a code must reach
    them. Raises `PhoneInvalid`."""
    if not is_written_as_phone(text):
        raise PhoneInvalid
    try:
        number = phonenumbers.parse(text, default_region)
    except NumberParseException as error:
        raise PhoneInvalid from error
    mobile = phonenumbers.number_type(number) in _MOBILE  # UNKNOWN for a number that cannot be
    if not mobile or number.extension:
        raise PhoneInvalid
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def tail(phone: str) -> str:
    """The last four digits: all of a phone that is stored in the open."""
    return phone[-4:]
