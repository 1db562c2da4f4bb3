"""The phone a bank holds for its customer, in the one form in which it is compared."""

from __future__ import annotations

import unicodedata

import phonenumbers

from qianbao.errors import InvalidInput


class BankPhoneInvalid(InvalidInput):
    code = "bank_phone_invalid"
    en = "This is not a phone number."
    zh = "手机号有误。"
    next_en = "Enter the number your bank has for you, with + and the country's code if foreign."
    next_zh = "请填写您在银行预留的手机号；非内地号码请以 + 和国家代码开头。"


LONGEST = 40
_SIGNS = frozenset("+()./")
_KINDS = frozenset({"Nd", "Zs", "Pd", "Cf"})
"""Unicode's kinds of digits, spaces, dashes, and what copying from an address book brings along."""


def is_written_as_phone(typed: str) -> bool:
    """Whether nothing stands in it but what people write a number with. The parser takes the number
    out of whatever stands around it, and two numbers for the first."""
    return len(typed) <= LONGEST and all(
        letter in _SIGNS or unicodedata.category(letter) in _KINDS
        for letter in unicodedata.normalize("NFKC", typed)
    )


def read_phone(typed: str) -> str:
    """`+8613800138000` from whatever was typed; without a country's code it is a mainland
    number. Raises `BankPhoneInvalid`."""
    if not is_written_as_phone(typed):
        raise BankPhoneInvalid()
    try:
        number = phonenumbers.parse(typed, "CN")
    except phonenumbers.NumberParseException:
        raise BankPhoneInvalid() from None
    if not phonenumbers.is_possible_number(number):
        raise BankPhoneInvalid()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
