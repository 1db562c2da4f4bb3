"""Which banks there are, whose card a number is, and how each bank prints a name.

The data is `directory.yaml`, which an operator may correct. Whether a card exists is for its bank
to say; linking one belongs to `cards`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources

import msgspec
from stdnum import luhn

from qianbao.errors import InvalidInput, NotFound
from qianbao.names import NameProfile

_DIGITS = re.compile(r"[0-9]{15,19}")


class CardNumberInvalid(InvalidInput):
    code = "card_number_invalid"
    en = "This is not a card number: a digit is wrong, missing or too many."
    zh = "卡号有误：有数字填错、遗漏或多余。"
    next_en = "Check the number against the front of the card. Nothing was sent to a bank."
    next_zh = "请对照银行卡正面检查卡号。尚未向银行发送任何信息。"


class CardBankUnknown(InvalidInput):
    code = "card_bank_unknown"
    en = "This wallet does not know the bank of a card with this number."
    zh = "本钱包无法识别该卡号所属的银行。"
    next_en = "Check the first six digits, or use a debit card of one of the banks listed."
    next_zh = "请检查卡号前六位，或使用所列银行的借记卡。"


class BankUnknown(NotFound):
    code = "bank_unknown"
    en = "There is no bank “{bank}” in the directory."
    zh = "银行名录中没有“{bank}”。"
    next_en = "Choose one of the banks listed."
    next_zh = "请从所列银行中选择。"


class Bank(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bank. `bins` are "prefix/length of the whole number"; `name` is how it prints a
    foreigner's name, with how sure we are; the caution is shown beside it, empty when there is
    none."""

    code: str
    en: str
    zh: str
    bins: tuple[str, ...]
    name: NameProfile
    contradicted_by: str = ""
    caution_en: str = ""
    caution_zh: str = ""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cards_per_wallet: int


class Directory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limits: Limits
    banks: tuple[Bank, ...]


@cache
def directory() -> Directory:
    """The whole of `directory.yaml`. Raises `msgspec.ValidationError` when it is not sound."""
    text = resources.files("qianbao.banks").joinpath("directory.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Directory)


def all_banks() -> tuple[Bank, ...]:
    """Every bank, in the directory's order."""
    return directory().banks


def get_bank(code: str) -> Bank:
    """The bank with that code (`ICBC`). Raises `BankUnknown`."""
    for bank in all_banks():
        if bank.code == code:
            return bank
    raise BankUnknown(bank=code[:20])


def read_card_number(typed: str) -> str:
    """The 15 to 19 digits of a card number typed with spaces or hyphens. Raises
    `CardNumberInvalid`.

    Numbers that begin with 62 end in a check digit, so a wrong one is a slip. Older numbers need
    not have one (domain.md 2.4): those go to the bank as they are.
    """
    digits = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", typed[:64]))
    if not _DIGITS.fullmatch(digits):
        raise CardNumberInvalid()
    if digits.startswith("62") and not luhn.is_valid(digits):
        raise CardNumberInvalid()
    return digits


def find_bank(card_number: str) -> Bank:
    """The bank of a card: the longest prefix whose length equals the number's (domain.md 2.4).
    Raises `CardNumberInvalid` or `CardBankUnknown`."""
    digits = read_card_number(card_number)
    known = _by_prefix()
    for end in range(len(digits), 0, -1):
        bank = known.get((digits[:end], len(digits)))
        if bank is not None:
            return bank
    raise CardBankUnknown()


@cache
def _by_prefix() -> dict[tuple[str, int], Bank]:
    found = {}
    for bank in all_banks():
        for written in bank.bins:
            prefix, _, length = written.partition("/")
            found[prefix, int(length)] = bank
    return found
